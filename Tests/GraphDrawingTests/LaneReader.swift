/// Reads lanes back: which named items there are and which of them lanes join, by glyphs alone. Kinds are not read: a
/// lane that several lines join has that of the one that binds most.
struct LaneReader {
    /// From a dependency to what needs it, as indices of `names`.
    struct Link: Hashable {
        var dependency: Int
        var dependent: Int
    }

    struct Unreadable: Error { var reason: String }

    private(set) var names: [String] = []
    private(set) var links: Set<Link> = []

    private static let signs: Set<Character> = ["✔", "▶", "▷", "·", "✘", "○", "◆", "+", ":"]
    private static let verticals: Set<Character> = ["│", "╎", "┊"]
    private static let south: Set<Character> = ["┌", "┬", "┐", "├", "┼", "┤"]
    private static let north: Set<Character> = ["└", "┴", "┘", "├", "┼", "┤"]

    init(_ lines: [String]) throws {
        // The items whose lines run in a lane, by its column.
        var sources: [Int: Set<Int>] = [:]
        var last = 0
        for line in lines {
            let cells = Array(line)
            // A lane ends where nothing is.
            for column in sources.keys
            where !cells.indices.contains(column) || [" ", "─", "╌", "┈"].contains(cells[column]) {
                sources[column] = nil
            }
            if let sign = cells.firstIndex(where: Self.signs.contains) {
                for source in sources[sign] ?? [] { links.insert(Link(dependency: source, dependent: names.count)) }
                sources[sign] = [names.count]
                last = sign
                try names.append(Self.name(cells, after: sign))
                try check(cells.prefix(sign), sources)
                continue
            }
            guard !names.isEmpty else { throw Unreadable(reason: "a lane comes from nothing") }
            let item = names.count - 1
            for (column, glyph) in cells.enumerated() where column % 2 == 0 && !Self.verticals.contains(glyph) {
                guard Self.north.contains(glyph) || Self.south.contains(glyph) else { continue }
                if column == last {
                    sources[column] = Self.south.contains(glyph) ? [item] : nil
                } else {
                    sources[column, default: []].insert(item)
                    if !Self.north.contains(glyph) { sources[column] = [item] }
                    guard Self.south.contains(glyph) else { throw Unreadable(reason: "a line goes up") }
                }
            }
        }
    }

    /// Every lane left of an item is one that something runs in.
    private func check(_ cells: ArraySlice<Character>, _ sources: [Int: Set<Int>]) throws {
        for (column, glyph) in cells.enumerated() where Self.verticals.contains(glyph) {
            guard column % 2 == 0, sources[column]?.isEmpty == false else {
                throw Unreadable(reason: "a lane comes from nothing")
            }
        }
    }

    /// What stands behind the lanes, up to the note.
    private static func name(_ cells: [Character], after sign: Int) throws -> String {
        guard let start = cells[(sign + 1)...].firstIndex(where: { $0 != " " && !verticals.contains($0) }) else {
            throw Unreadable(reason: "a sign without a name")
        }
        let end = cells[start...].indices.dropLast().first { cells[$0] == " " && cells[$0 + 1] == " " }
        return String(cells[start..<(end ?? cells.count)])
    }
}
