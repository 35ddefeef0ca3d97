/// Writes a picture of ASCII with the characters of Unicode, by what stands in its cells alone, so that one reader reads
/// both.
///
/// A `+` is joined with every line and every label that touches it; a horizontal line that meets a vertical one goes on
/// behind it.
struct AsciiPicture {
    private let cells: [[Character]]
    private var result: [[Character]]
    /// Which cells belong to boxes and labels, and which of those let a line in.
    private var isTile: [[Bool]]
    private var isPort: [[Bool]]
    private var isLanes = false

    private static let signs: [Character: Character] = [
        ".": "·", ">": "▶", "*": "✔", "!": "✘", "o": "○", "@": "◆", "+": "+", "(": "(",
    ]
    private static let lines: [Character: Character] = ["|": "│", ":": "╎", ";": "┊", "-": "─", ".": "╌", "~": "┈"]
    private static let verticals: [Character: Character] = ["|": "│", ":": "╎", ";": "┊", " ": " "]
    private static let heads: [Character: Character] = [
        "V": "▼", "v": "▽", ",": "▿", "A": "▲", "^": "△", "'": "▵", "?": "?",
    ]
    // By north 1, east 2, south 4, west 8.
    private static let joints = Array(" ╵╶└╷│┌├╴┘─┴┐┤┬┼")

    /// The lines of boxes and labels.
    static func picture(_ lines: [String]) -> [String] {
        var picture = AsciiPicture(lines)
        for row in picture.cells.indices {
            for column in picture.cells[row].indices where !picture.isTile[row][column] { picture.tile(row, column) }
        }
        for row in picture.cells.indices {
            for column in picture.cells[row].indices where !picture.isTile[row][column] { picture.line(row, column) }
        }
        return picture.result.map { String($0) }
    }

    /// The lines of lanes: rows with names, and rows with lines only.
    static func lanes(_ lines: [String]) -> [String] {
        var picture = AsciiPicture(lines)
        picture.isLanes = true
        for row in picture.cells.indices {
            let hasName = picture.cells[row].contains { $0.isLetter || $0.isNumber }
            for column in picture.cells[row].indices {
                let cell = picture.cells[row][column]
                if hasName, let sign = signs[cell] {
                    picture.result[row][column] = sign
                    // Other lanes may be between the sign and the name.
                    for column in (column + 1)..<picture.cells[row].count {
                        guard let line = verticals[picture.cells[row][column]] else { break }
                        picture.result[row][column] = line
                    }
                    break
                }
                picture.line(row, column)
            }
        }
        return picture.result.map { String($0) }
    }

    /// What stands when there is no picture.
    static func words(_ lines: [String]) -> [String] {
        lines.map { $0.replacing("->", with: "→").replacing("..", with: "…") }
    }

    private init(_ lines: [String]) {
        cells = lines.map(Array.init)
        result = cells
        let none = cells.map { $0.map { _ in false } }
        (isTile, isPort) = (none, none)
    }

    private func cell(_ row: Int, _ column: Int) -> Character {
        cells.indices.contains(row) && cells[row].indices.contains(column) ? cells[row][column] : " "
    }

    /// A box or a label that begins here, or whose left side is here.
    private mutating func tile(_ row: Int, _ column: Int) {
        let first = cell(row, column)
        if first == "(", let end = cells[row][column...].firstIndex(of: ")") {
            take(row...row, column...end)
            return
        }
        guard "[#|".contains(first) else { return }
        let isBox = first != "[" && cell(row, column + 1) == " "
        let start = column + (isBox ? 2 : 1)
        guard start < cells[row].count, let sign = Self.signs[cell(row, start)],
            let end = cells[row][start...].firstIndex(of: first == "[" ? "]" : first)
        else { return }
        // A sign stands before a name, a plus and a bracket before a number: corners are no signs.
        guard "+(".contains(cell(row, start)) ? cell(row, start + 1).isNumber : cell(row, start + 1) == " " else {
            return
        }
        guard !isBox || hasCorners(row, column, end, isHeavy: first == "#"), isBox || first != "|" else { return }
        take(isBox ? (row - 1)...(row + 1) : row...row, column...end)
        result[row][start] = sign
        guard first != "[" else { return }
        let isHeavy = first == "#"
        (result[row][column], result[row][end]) = isHeavy ? ("┃", "┃") : ("│", "│")
        guard isBox else { return }
        for (side, isUpper) in [(row - 1, true), (row + 1, false)] { border(side, column...end, isUpper, isHeavy) }
    }

    private func hasCorners(_ row: Int, _ left: Int, _ right: Int, isHeavy: Bool) -> Bool {
        [(row - 1, left), (row - 1, right), (row + 1, left), (row + 1, right)].allSatisfy {
            cell($0.0, $0.1) == (isHeavy ? "#" : "+")
        }
    }

    private mutating func take(_ rows: ClosedRange<Int>, _ columns: ClosedRange<Int>) {
        for row in rows {
            for column in columns {
                isTile[row][column] = true
                // A label has no border: whatever touches it is joined.
                if rows.count == 1, column > columns.lowerBound, column < columns.upperBound || cell(row, column) == ")"
                {
                    isPort[row][column] = true
                }
            }
        }
    }

    /// One side of a box; between spaces stands a note.
    private mutating func border(_ row: Int, _ columns: ClosedRange<Int>, _ isUpper: Bool, _ isHeavy: Bool) {
        let line = cells[row]
        let spaces = columns.filter { line[$0] == " " }
        for column in columns {
            if let first = spaces.first, let last = spaces.last, (first...last).contains(column) { continue }
            let isCorner = column == columns.lowerBound || column == columns.upperBound
            let glyph: Character?
            switch line[column] {
            case _ where isCorner:
                let corners = Array(isHeavy ? "┏┓┗┛" : "┌┐└┘")
                glyph = corners[(isUpper ? 0 : 2) + (column == columns.lowerBound ? 0 : 1)]
            case "-": glyph = "─"
            case "=": glyph = "━"
            case "+": glyph = isUpper ? (isHeavy ? "┷" : "┴") : (isHeavy ? "┯" : "┬")
            default: glyph = Self.heads[line[column]]
            }
            if let glyph { result[row][column] = glyph }
            isPort[row][column] = !isCorner && line[column] != "-" && line[column] != "="
        }
    }

    private mutating func line(_ row: Int, _ column: Int) {
        let cell = cells[row][column]
        if cell == "+" {
            result[row][column] = joint(row, column)
        } else if let glyph = Self.lines[cell] ?? Self.heads[cell] {
            result[row][column] = glyph
        }
    }

    private func joint(_ row: Int, _ column: Int) -> Character {
        var mask = 0
        if isJoined(row - 1, column) { mask |= 1 }
        if isJoined(row + 1, column) { mask |= 4 }
        if leads(row, column, by: 1) { mask |= 2 }
        if leads(row, column, by: -1) { mask |= 8 }
        return Self.joints[mask]
    }

    /// Whether what stands above or below a `+` is joined with it.
    private func isJoined(_ row: Int, _ column: Int) -> Bool {
        guard cells.indices.contains(row), cells[row].indices.contains(column) else { return false }
        if isTile[row][column] { return isPort[row][column] }
        let cell = cells[row][column]
        return isLanes ? cell != " " : "+|:;".contains(cell) || Self.heads[cell] != nil
    }

    /// Whether a `+` is joined with what stands beside it, be it behind vertical lines.
    private func leads(_ row: Int, _ column: Int, by step: Int) -> Bool {
        var column = column + step
        while "|:;".contains(cell(row, column)), !isTile[row][column] { column += step }
        return "+-.~".contains(cell(row, column)) && !isTile[row][column]
    }
}
