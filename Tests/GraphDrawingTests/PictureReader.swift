/// Reads a Unicode picture back: which named items there are and which of them lines join.
///
/// It knows only what the glyphs say, not how the picture was made.
struct PictureReader {
    struct Edge: Hashable {
        var dependency: String
        var dependent: String
    }

    struct Unreadable: Error { var reason: String }

    private struct Item {
        var name: String
        var rows: ClosedRange<Int>
        var columns: ClosedRange<Int>
        var isBox: Bool
    }

    private let cells: [[Character]]
    private var items: [Item] = []
    private static let north = 1, east = 2, south = 4, west = 8
    private static let masks: [Character: Int] = [
        "╵": 1, "╶": 2, "└": 3, "╷": 4, "│": 5, "┌": 6, "├": 7, "╴": 8, "┘": 9, "─": 10, "┴": 11, "┐": 12, "┤": 13,
        "┬": 14, "┼": 15, "╎": 5, "╌": 10, "▼": 5, "▲": 5,
    ]

    init(_ lines: [String]) throws {
        cells = lines.map(Array.init)
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

    /// An item whose text starts after the character at this place: `[✔ a]`, `│ ✔ a │`, `┃ ✔ a ┃`.
    private func item(_ row: Int, _ column: Int) -> Item? {
        let line = cells[row]
        let isBox = line[column] == "│" || line[column] == "┃"
        guard isBox || line[column] == "[" else { return nil }
        let start = column + (isBox ? 2 : 1)
        guard start < line.count, "✔▶▷·✘○+".contains(line[start]) else { return nil }
        let close = isBox ? line[column] : "]"
        guard let end = line[start...].firstIndex(of: close) else { return nil }
        let text = String(line[start..<(isBox ? end - 1 : end)])
        let name = text.hasPrefix("+") ? text : String(text.dropFirst(2))
        return Item(
            name: name, rows: isBox ? (row - 1)...(row + 1) : row...row, columns: column...end, isBox: isBox)
    }

    private func cell(_ row: Int, _ column: Int) -> Character {
        cells.indices.contains(row) && cells[row].indices.contains(column) ? cells[row][column] : " "
    }

    private func itemIndex(_ row: Int, _ column: Int) -> Int? {
        items.firstIndex { $0.rows.contains(row) && $0.columns.contains(column) }
    }

    /// Every edge of the picture; fails where a line ends in nothing or two lines cannot be told apart.
    func edges() throws -> Set<Edge> {
        var result: Set<Edge> = []
        for item in items {
            for column in item.columns {
                let row = item.rows.upperBound
                let mark = cell(row, column)
                let isPort =
                    item.isBox
                    ? "┬┯▲".contains(mark)
                    : (Self.masks[cell(row + 1, column)] ?? 0) & Self.north != 0 && itemIndex(row + 1, column) == nil
                guard isPort else { continue }
                let upward = (item.isBox ? mark : cell(row + 1, column)) == "▲"
                for (target, downward) in try reached(row + 1, column) {
                    let lower = items[target].name
                    if upward && downward { throw Unreadable(reason: "two arrows on one line of \(item.name)") }
                    result.insert(
                        upward
                            ? Edge(dependency: lower, dependent: item.name)
                            : Edge(dependency: item.name, dependent: lower))
                }
            }
        }
        return result
    }

    /// Follows a line that enters a cell from above down to all items whose upper side it ends at.
    private func reached(_ row: Int, _ column: Int) throws -> [(item: Int, arrow: Bool)] {
        struct Step: Hashable { var row: Int, column: Int, from: Int }
        var seen: Set<Step> = []
        var steps = [Step(row: row, column: column, from: Self.north)]
        var found: [(Int, Bool)] = []
        var last: [Int: Character] = [:]
        while let step = steps.popLast() {
            guard seen.insert(step).inserted else { continue }
            if let target = itemIndex(step.row, step.column) {
                let item = items[target]
                guard step.from == Self.north, step.row == item.rows.lowerBound else {
                    throw Unreadable(reason: "a line runs into the side of \(item.name)")
                }
                let mark = item.isBox ? cell(step.row, step.column) : last[step.column] ?? " "
                if item.isBox, !"▼┴┷".contains(mark) { throw Unreadable(reason: "no port on \(item.name)") }
                found.append((target, mark == "▼"))
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
            last[step.column] = glyph
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
