/// A terminal as far as the panel and emerge use it: cells, a scroll region, saved cursor, scrollback. What it does not
/// know it counts, so that a test sees it.
struct ScreenModel {
    private(set) var columns: Int
    private(set) var rows: Int
    private(set) var scrollback: [String] = []
    private(set) var unknown: [String] = []
    private(set) var isCursorHidden = false
    private var cells: [[Character]]
    private var row = 0
    private var column = 0
    private var saved = (row: 0, column: 0)
    private var top = 0
    private var bottom: Int

    init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
        bottom = rows - 1
        cells = Array(repeating: Array(repeating: " ", count: columns), count: rows)
    }

    /// The lines on the screen, without blanks at their ends.
    var lines: [String] { cells.map(Self.text) }
    var cursor: (row: Int, column: Int) { (row, column) }
    /// The scroll region, first and last row, from 0.
    var region: ClosedRange<Int> { top...bottom }

    private static func text(_ cells: [Character]) -> String {
        var end = cells.count
        while end > 0, cells[end - 1] == " " { end -= 1 }
        return String(cells[..<end])
    }

    mutating func feed(_ bytes: some Sequence<UInt8>) {
        var text = Array(String(decoding: Array(bytes), as: UTF8.self).unicodeScalars)[...]
        while let scalar = text.popFirst() {
            switch scalar {
            case "\u{1B}": escape(&text)
            case "\r": column = 0
            case "\n": index()
            case "\u{8}": column = max(0, min(column, columns - 1) - 1)
            case "\u{7}", "\u{F}": break
            default: put(Character(scalar))
            }
        }
    }

    /// Another size, as tmux does it: rows go away below the cursor first, then above; what the width cuts off is lost.
    mutating func resize(columns: Int, rows: Int) {
        self.columns = columns
        cells = cells.map { Array(($0 + Array(repeating: " ", count: max(0, columns - $0.count))).prefix(columns)) }
        while cells.count > rows {
            if row < cells.count - 1 {
                cells.removeLast()
            } else {
                scrollback.append(Self.text(cells.removeFirst()))
                row -= 1
            }
        }
        while cells.count < rows {
            if let line = scrollback.popLast() {
                cells.insert(Array((Array(line) + Array(repeating: " ", count: columns)).prefix(columns)), at: 0)
                row += 1
            } else {
                cells.append(Array(repeating: " ", count: columns))
            }
        }
        self.rows = rows
        column = min(column, columns - 1)
        (top, bottom) = (0, rows - 1)
    }

    private mutating func put(_ character: Character) {
        if column >= columns {
            column = 0
            index()
        }
        cells[row][column] = character
        column += 1
    }

    private mutating func index() {
        guard row == bottom else {
            row = min(row + 1, rows - 1)
            return
        }
        let line = cells.remove(at: top)
        if top == 0 { scrollback.append(Self.text(line)) }
        cells.insert(Array(repeating: " ", count: columns), at: bottom)
    }

    private mutating func escape(_ text: inout ArraySlice<Unicode.Scalar>) {
        guard let kind = text.popFirst() else { return }
        switch kind {
        case "7": saved = (row, column)
        case "8": (row, column) = (min(saved.row, rows - 1), min(saved.column, columns))
        case "D": index()
        case "c":
            cells = cells.map { $0.map { _ in " " } }
            (row, column, top, bottom) = (0, 0, 0, rows - 1)
        case "(": text = text.dropFirst()
        case "]": while let next = text.popFirst(), next != "\u{7}" {}
        case "[":
            var parameters = ""
            while let next = text.popFirst() {
                if (0x40...0x7E).contains(next.value) { return control(parameters, Character(next)) }
                parameters.unicodeScalars.append(next)
            }
        default: unknown.append("ESC \(kind)")
        }
    }

    private mutating func control(_ parameters: String, _ final: Character) {
        let numbers = parameters.split(separator: ";", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
        let first = max(1, numbers.first ?? 1)
        switch final {
        case "m": break
        case "A": row = max(row >= top ? top : 0, row - first)
        case "C": column = min(columns - 1, column + first)
        case "H":
            row = min(first, rows) - 1
            column = min(max(1, numbers.count > 1 ? numbers[1] : 1), columns) - 1
        case "K": for column in min(column, columns)..<columns { cells[row][column] = " " }
        case "J":
            if numbers.first == 2 { cells = cells.map { $0.map { _ in " " } } }
            for column in min(column, columns)..<columns { cells[row][column] = " " }
            for row in (row + 1)..<max(row + 1, rows) { cells[row] = cells[row].map { _ in " " } }
        case "r":
            top = first - 1
            bottom = (numbers.count > 1 && numbers[1] > 0 ? min(numbers[1], rows) : rows) - 1
            (row, column) = (0, 0)
        case "h", "l":
            if parameters == "?25" { isCursorHidden = final == "l" }
            if !["?25", "?2026", "?1049"].contains(parameters) { unknown.append(parameters + String(final)) }
        default: unknown.append(parameters + String(final))
        }
    }
}
