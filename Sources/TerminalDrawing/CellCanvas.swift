/// A grid of cells to draw lines, boxes and text on; everything outside of it is clipped.
///
/// Lines carry the number of their net. Where lines of one net meet they join; where lines of two nets cross, the
/// vertical one is drawn through and the horizontal one has a gap, so that a crossing never looks like a junction.
public struct CellCanvas: Sendable {
    /// How a cell is shown; views with colour give their own numbers a meaning.
    public typealias Attribute = UInt8

    private struct Line: Sendable {
        var mask: LineMask = []
        var net: Int32 = -1
        var style: LineStyle = .light
        var attribute: Attribute = 0

        mutating func add(_ mask: LineMask, net: Int, _ style: LineStyle, _ attribute: Attribute) {
            self.mask.formUnion(mask)
            self.net = Int32(truncatingIfNeeded: net)
            self.style = style
            self.attribute = attribute
        }
    }

    private struct Cell: Sendable {
        var vertical = Line()
        var horizontal = Line()
        /// What covers the lines.
        var text: Unicode.Scalar?
        /// The right half of a wide character.
        var isCovered = false
        var attribute: Attribute = 0
    }

    /// Columns.
    public let width: Int
    /// Rows.
    public let height: Int
    /// The characters lines are drawn with.
    public let glyphs: GlyphSet
    private var cells: [Cell]
    /// Scalars without width that follow the text of a cell.
    private var marks: [Int: [Unicode.Scalar]] = [:]

    /// An empty canvas.
    public init(width: Int, height: Int, glyphs: GlyphSet) {
        self.width = max(0, width)
        self.height = max(0, height)
        self.glyphs = glyphs
        cells = Array(repeating: Cell(), count: self.width * self.height)
    }

    /// Draws a vertical line from the middle of row `from` to the middle of row `to`, which is not above it.
    public mutating func vertical(
        x: Int, from: Int, to: Int, net: Int, style: LineStyle = .light, attribute: Attribute = 0
    ) {
        guard x >= 0, x < width, from <= to else { return }
        for y in max(0, from)..<max(max(0, from), min(height, to + 1)) {
            var mask: LineMask = []
            if y > from { mask.insert(.north) }
            if y < to { mask.insert(.south) }
            cells[y * width + x].vertical.add(mask, net: net, style, attribute)
        }
    }

    /// Draws a horizontal line from the middle of column `from` to the middle of column `to`, which is not left of it.
    public mutating func horizontal(
        y: Int, from: Int, to: Int, net: Int, style: LineStyle = .light, attribute: Attribute = 0
    ) {
        guard y >= 0, y < height, from <= to else { return }
        for x in max(0, from)..<max(max(0, from), min(width, to + 1)) {
            var mask: LineMask = []
            if x > from { mask.insert(.west) }
            if x < to { mask.insert(.east) }
            cells[y * width + x].horizontal.add(mask, net: net, style, attribute)
        }
    }

    /// Draws a box; `width` and `height` are at least 2.
    public mutating func box(
        x: Int, y: Int, width: Int, height: Int, style: LineStyle = .light, attribute: Attribute = 0
    ) {
        let (right, bottom) = (x + width - 1, y + height - 1)
        guard right > x, bottom > y else { return }
        put(glyphs.glyph([.east, .south], style), x: x, y: y, attribute: attribute)
        put(glyphs.glyph([.west, .south], style), x: right, y: y, attribute: attribute)
        put(glyphs.glyph([.east, .north], style), x: x, y: bottom, attribute: attribute)
        put(glyphs.glyph([.west, .north], style), x: right, y: bottom, attribute: attribute)
        for column in (x + 1)..<max(x + 1, right) {
            put(glyphs.glyph(.horizontal, style), x: column, y: y, attribute: attribute)
            put(glyphs.glyph(.horizontal, style), x: column, y: bottom, attribute: attribute)
        }
        for row in (y + 1)..<max(y + 1, bottom) {
            put(glyphs.glyph(.vertical, style), x: x, y: row, attribute: attribute)
            put(glyphs.glyph(.vertical, style), x: right, y: row, attribute: attribute)
        }
    }

    /// Puts one character of one column over whatever is drawn there.
    public mutating func put(_ scalar: Unicode.Scalar, x: Int, y: Int, attribute: Attribute = 0) {
        guard x >= 0, x < width, y >= 0, y < height else { return }
        let index = y * width + x
        // Half of a wide character cannot stay.
        if cells[index].isCovered {
            cells[index].isCovered = false
            cells[index - 1].text = " "
        }
        if x + 1 < width, cells[index + 1].isCovered {
            cells[index + 1].isCovered = false
            cells[index + 1].text = " "
        }
        cells[index].text = scalar
        cells[index].attribute = attribute
    }

    /// Writes text from column `x` on.
    public mutating func text(_ text: String, x: Int, y: Int, attribute: Attribute = 0) {
        guard y >= 0, y < height else { return }
        var column = x
        for scalar in text.unicodeScalars {
            let columns = DisplayWidth.columns(of: scalar)
            if columns == 0 {
                if column > x, column <= width { marks[y * width + column - 1, default: []].append(scalar) }
                continue
            }
            guard column >= 0, column + columns <= width else { return }
            put(scalar, x: column, y: y, attribute: attribute)
            if columns == 2 {
                cells[y * width + column + 1].isCovered = true
                cells[y * width + column + 1].attribute = attribute
            }
            column += columns
        }
    }

    /// The attribute of a cell; 0 outside of the canvas.
    public func attribute(x: Int, y: Int) -> Attribute {
        x >= 0 && x < width && y >= 0 && y < height ? cells[y * width + x].attribute : 0
    }

    /// The rows as text, without spaces at their ends.
    public var lines: [String] { rows.map { $0.map(\.text).joined() } }

    /// The rows in pieces of one attribute each, without spaces at their ends; spaces belong to the piece before them.
    public var rows: [[TextRun]] {
        (0..<height).map { y in
            var row: [TextRun] = []
            var text = String.UnicodeScalarView()
            var attribute: Attribute = 0
            var pendingSpaces = 0
            for x in 0..<width {
                let cell = cells[y * width + x]
                if cell.isCovered { continue }
                let (scalar, own) = cell.text.map { ($0, cell.attribute) } ?? lineGlyph(cell)
                if scalar == " " {
                    pendingSpaces += 1
                    continue
                }
                for _ in 0..<pendingSpaces { text.append(" ") }
                pendingSpaces = 0
                if own != attribute {
                    if !text.isEmpty { row.append(TextRun(String(text), attribute)) }
                    text = String.UnicodeScalarView()
                    attribute = own
                }
                text.append(scalar)
                if !marks.isEmpty, let after = marks[y * width + x] { text.append(contentsOf: after) }
            }
            if !text.isEmpty { row.append(TextRun(String(text), attribute)) }
            return row
        }
    }

    private func lineGlyph(_ cell: Cell) -> (Unicode.Scalar, Attribute) {
        let (vertical, horizontal) = (cell.vertical, cell.horizontal)
        if vertical.mask.isEmpty { return (glyphs.glyph(horizontal.mask, horizontal.style), horizontal.attribute) }
        if horizontal.mask.isEmpty || vertical.net != horizontal.net {
            return (glyphs.glyph(vertical.mask, vertical.style), vertical.attribute)
        }
        return (glyphs.glyph(vertical.mask.union(horizontal.mask), horizontal.style), horizontal.attribute)
    }
}
