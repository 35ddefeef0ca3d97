/// Reads a Unicode picture back: which named items there are and which of them lines join.
///
/// It knows only what the glyphs say, not how the picture was made.
struct PictureReader {
    /// An edge between items that are known by their names.
    struct Edge: Hashable {
        var dependency: String
        var dependent: String
        /// `b` to build, `r` to run, `p` after, `m` maybe.
        var kind: Character
    }

    /// An edge between items, as indices of `names`: `+2 more` may stand in a picture twice.
    struct Link: Hashable {
        var dependency: Int
        var dependent: Int
        var kind: Character
    }

    struct Unreadable: Error { var reason: String }

    private struct Item {
        var name: String
        var rows: ClosedRange<Int>
        var columns: ClosedRange<Int>
        var isBox: Bool
    }

    private let cells: [[Unicode.Scalar]]
    private var items: [Item] = []
    private static let north = 1, east = 2, south = 4, west = 8
    private static let masks: [Unicode.Scalar: Int] = [
        "╵": 1, "╶": 2, "└": 3, "╷": 4, "│": 5, "┌": 6, "├": 7, "╴": 8, "┘": 9, "─": 10, "┴": 11, "┐": 12, "┤": 13,
        "┬": 14, "┼": 15, "╎": 5, "╌": 10, "┊": 5, "┈": 10, "▼": 5, "▲": 5, "▽": 5, "△": 5, "▿": 5, "▵": 5, "?": 5,
    ]
    private static let down: [Unicode.Scalar: Character] = ["▼": "b", "▽": "r", "▿": "p", "?": "m"]
    private static let up: [Unicode.Scalar: Character] = ["▲": "b", "△": "r", "▵": "p", "?": "m"]

    private let mayRepeat: Bool

    /// - Parameter mayRepeat: whether a line may touch its own label twice, which says nothing new.
    init(_ lines: [String], mayRepeat: Bool = false) throws {
        self.mayRepeat = mayRepeat
        cells = lines.map { Array($0.unicodeScalars) }
        for (row, cells) in cells.enumerated() {
            var column = 0
            while column < cells.count {
                if let item = item(row, column) {
                    items.append(item)
                    column = item.columns.upperBound
                }
                column += 1
            }
        }
    }

    var names: [String] { items.map(\.name) }

    private static let signs = Array("✔▶▷·✘○+(".unicodeScalars)

    private func text(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        return String(text)
    }

    /// Whether no two items share a cell.
    var areApart: Bool {
        items.indices.allSatisfy { one in
            items[(one + 1)...].allSatisfy {
                !items[one].rows.overlaps($0.rows) || !items[one].columns.overlaps($0.columns)
            }
        }
    }

    /// An item whose text starts after the character at this place: `[✔ a]`, `│ ✔ a │`, `┃ ✔ a  1:24 ┃`, `┃✔ a┃`, `(3)`.
    private func item(_ row: Int, _ column: Int) -> Item? {
        let line = cells[row]
        let first = line[column]
        if first == "(", let end = line[column...].firstIndex(of: ")") {
            return Item(
                name: text(line[column...end]), rows: row...row, columns: column...end, isBox: false)
        }
        guard (first == "│" || first == "┃" || first == "["), column + 1 < line.count else { return nil }
        let isBox = first != "[" && line[column + 1] == " "
        let start = column + (isBox ? 2 : 1)
        guard start < line.count, Self.signs.contains(line[start]) else { return nil }
        guard let end = line[start...].firstIndex(of: first == "[" ? "]" : first) else { return nil }
        var text = line[start..<(isBox ? end - 1 : end)]
        if let note = text.indices.dropLast().first(where: { text[$0] == " " && text[$0 + 1] == " " }) {
            text = text[..<note]
        }
        let name = line[start] == "+" || line[start] == "(" ? self.text(text) : self.text(text.dropFirst(2))
        return Item(
            name: name, rows: isBox ? (row - 1)...(row + 1) : row...row, columns: column...end, isBox: isBox)
    }

    private func cell(_ row: Int, _ column: Int) -> Unicode.Scalar {
        cells.indices.contains(row) && cells[row].indices.contains(column) ? cells[row][column] : " "
    }

    private func itemIndex(_ row: Int, _ column: Int) -> Int? {
        items.firstIndex { $0.rows.contains(row) && $0.columns.contains(column) }
    }

    /// Every edge of the picture, by names.
    func edges() throws -> Set<Edge> {
        Set(
            try links().map {
                Edge(dependency: items[$0.dependency].name, dependent: items[$0.dependent].name, kind: $0.kind)
            })
    }

    /// Every edge of the picture; fails where a line ends in nothing or two lines cannot be told apart.
    func links() throws -> Set<Link> {
        var result: Set<Link> = []
        for (index, item) in items.enumerated() {
            for column in item.columns {
                let row = item.rows.upperBound
                let mark = item.isBox ? cell(row, column) : cell(row + 1, column)
                let isPort =
                    item.isBox
                    ? mark == "┬" || mark == "┯" || Self.up[mark] != nil
                    : (Self.masks[mark] ?? 0) & Self.north != 0 && itemIndex(row + 1, column) == nil
                guard isPort else { continue }
                // Right above a label a question mark is the head of a line that comes down.
                let isHead = !item.isBox && mark == "?" && itemIndex(row + 2, column) != nil
                let upward = isHead ? nil : Self.up[mark]
                for (target, downward) in try reached(row + 1, column, from: (row + 1, column, upward)) {
                    if upward != nil && downward != nil {
                        throw Unreadable(reason: "two arrows on one line of \(item.name)")
                    }
                    let link =
                        upward.map { Link(dependency: target, dependent: index, kind: $0) }
                        ?? Link(dependency: index, dependent: target, kind: downward ?? "b")
                    guard result.insert(link).inserted || mayRepeat else { throw Unreadable(reason: "\(link) twice") }
                }
            }
        }
        return result
    }

    /// Follows a line that enters a cell from above down to all items whose upper side it ends at.
    private func reached(
        _ row: Int, _ column: Int, from start: (row: Int, column: Int, arrow: Character?)
    ) throws -> [(item: Int, arrow: Character?)] {
        struct Step: Hashable { var row: Int, column: Int, from: Int }
        var seen: Set<Step> = []
        var steps = [Step(row: row, column: column, from: Self.north)]
        var found: [(Int, Character?)] = []
        while let step = steps.popLast() {
            guard seen.insert(step).inserted else { continue }
            if let target = itemIndex(step.row, step.column) {
                let item = items[target]
                guard step.from == Self.north, step.row == item.rows.lowerBound else {
                    throw Unreadable(reason: "a line runs into the side of \(item.name)")
                }
                // A label's arrow is right above it; one at the start is not this end's.
                let isStart = step.row - 1 == start.row && step.column == start.column && start.arrow != nil
                let mark = item.isBox ? cell(step.row, step.column) : isStart ? " " : cell(step.row - 1, step.column)
                if item.isBox, mark != "┴", mark != "┷", Self.down[mark] == nil {
                    throw Unreadable(reason: "no port on \(item.name)")
                }
                found.append((target, Self.down[mark]))
                continue
            }
            let glyph = cell(step.row, step.column)
            guard let mask = Self.masks[glyph] else {
                throw Unreadable(reason: "a line ends at row \(step.row), column \(step.column): '\(glyph)'")
            }
            if mask & step.from == 0 {
                // A crossing: horizontal lines go on behind vertical ones.
                guard step.from == Self.west || step.from == Self.east, mask == 5 else {
                    throw Unreadable(reason: "a line meets '\(glyph)' at row \(step.row), column \(step.column)")
                }
                let ahead = step.from == Self.west ? 1 : -1
                steps.append(Step(row: step.row, column: step.column + ahead, from: step.from))
                continue
            }
            if mask & Self.south != 0 { steps.append(Step(row: step.row + 1, column: step.column, from: Self.north)) }
            // Every line leads down: one that comes in from above is another upper end.
            if mask & Self.east != 0, step.from != Self.east {
                steps.append(Step(row: step.row, column: step.column + 1, from: Self.west))
            }
            if mask & Self.west != 0, step.from != Self.west {
                steps.append(Step(row: step.row, column: step.column - 1, from: Self.east))
            }
        }
        return found
    }
}
