import DependencyGraph
import TerminalDrawing

extension Frame {
    /// The picture as a document of its own, drawn from the same layout as the text.
    ///
    /// A cell is 9 by 18 units. Text is stretched to its columns, so that every font fits; colours follow the reader's
    /// light or dark scheme. Lanes and summaries have no shapes: their rows become text.
    public func svg() -> String {
        let columns = rows.map { $0.reduce(0) { $0 + DisplayWidth.columns(of: $1.text) } }.max() ?? 0
        let top = sketch == nil || title.isEmpty ? 0 : 1
        var svg = SVGWriter(columns: max(columns, sketch.map(\.usedWidth) ?? 0), rows: rows.count)
        if let sketch {
            if top == 1 { svg.text(title, x: 0, y: 0, role: .title) }
            svg.add(sketch, below: top)
        } else {
            for (y, row) in rows.enumerated() {
                var x = 0
                for run in row {
                    svg.text(run.text, x: x, y: y, role: PictureRole(rawValue: run.attribute) ?? .plain)
                    x += DisplayWidth.columns(of: run.text)
                }
            }
        }
        return svg.document
    }
}

extension Sketch {
    /// Columns that anything is drawn in.
    var usedWidth: Int {
        max(tiles.map { $0.x + $0.width }.max() ?? 0, segments.map { $0.isVertical ? $0.at + 1 : $0.to + 1 }.max() ?? 0)
    }
}

/// Writes shapes of cells as svg; all numbers are halves of a unit at most, so no format is needed.
struct SVGWriter {
    private var body = ""
    private let columns: Int
    private let rows: Int
    static let cellWidth = 9
    static let cellHeight = 18

    init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
    }

    var document: String {
        let (width, height) = ((columns + 2) * Self.cellWidth, (rows + 1) * Self.cellHeight)
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(height)" width="\(width)" height="\(height)">
            <style>
            svg { --ink: #222; --soft: #8a8a8a; --paper: #fff; --green: #1a7f37; --amber: #9a6700; --red: #cf222e;
              --blue: #0969da; --violet: #8250df; --cyan: #1b7c83; background: var(--paper) }
            @media (prefers-color-scheme: dark) { svg { --ink: #e6e6e6; --soft: #8b8b8b; --paper: #16181d;
              --green: #3fb950; --amber: #e3b341; --red: #f85149; --blue: #58a6ff; --violet: #bc8cff; --cyan: #39c5cf } }
            text { font: 14px ui-monospace, monospace; fill: var(--ink); white-space: pre }
            rect { fill: var(--paper); stroke: var(--soft) }
            path { fill: none; stroke: var(--ink); stroke-width: 1.5 }
            .title, .current { font-weight: bold }
            .note { fill: var(--soft) }
            .done { fill: var(--green) } .building { fill: var(--amber) } .failed { fill: var(--red) }
            .merging { fill: var(--cyan) } .installed { fill: var(--soft) }
            rect.current { fill: var(--paper); stroke: var(--ink); stroke-width: 3 }
            rect.building { stroke: var(--amber) } rect.failed { stroke: var(--red) } rect.merging { stroke: var(--cyan) }
            .run { stroke: var(--blue); stroke-dasharray: 6 4 } .post { stroke: var(--violet); stroke-dasharray: 2 4 }
            .maybe { stroke: var(--soft); stroke-dasharray: 2 4 }
            .head { stroke-dasharray: none } .head.build { fill: var(--ink) } .head.run, .head.post { fill: var(--paper) }
            </style>
            \(body)</svg>

            """
    }

    mutating func text(_ text: String, x: Int, y: Int, role: PictureRole) {
        let width = DisplayWidth.columns(of: text) * Self.cellWidth
        guard width > 0 else { return }
        body +=
            "<text xml:space=\"preserve\" class=\"\(role.cssClass)\" x=\"\((x + 1) * Self.cellWidth)\" y=\"\(y * Self.cellHeight + 23)\" "
        body += "textLength=\"\(width)\" lengthAdjust=\"spacingAndGlyphs\">\(Self.escaped(text))</text>\n"
    }

    mutating func add(_ sketch: Sketch, below top: Int) {
        for segment in sketch.segments { add(segment, sketch, top) }
        for tile in sketch.tiles { add(tile, top) }
        for mark in sketch.marks { add(mark, top) }
        for text in sketch.texts { self.text(text.text, x: text.x, y: text.y + top, role: text.role) }
    }

    /// The middle of a cell.
    private func middle(_ x: Int, _ y: Int) -> (x: Int, y: Int) {
        ((x + 1) * Self.cellWidth + Self.cellWidth / 2, y * Self.cellHeight + Self.cellHeight)
    }

    private mutating func add(_ segment: Sketch.Segment, _ sketch: Sketch, _ top: Int) {
        let kind = "\(segment.kind)"
        if segment.isVertical {
            let (from, to) = (middle(segment.at, segment.from + top), middle(segment.at, segment.to + top))
            if from != to { body += "<path class=\"\(kind)\" d=\"M\(from.x) \(from.y)V\(to.y)\"/>\n" }
            return
        }
        // A crossing is a gap, as in the text.
        let crossed = sketch.segments.filter {
            $0.isVertical && $0.net != segment.net && $0.at > segment.from && $0.at < segment.to
                && $0.from < segment.at && $0.to > segment.at
        }
        var path = "M\(middle(segment.from, 0).x) \(middle(0, segment.at + top).y)"
        for column in Set(crossed.map(\.at)).sorted() {
            let x = middle(column, 0).x
            path += "H\(x - 4)M\(x + 4) \(middle(0, segment.at + top).y)"
        }
        body += "<path class=\"\(kind)\" d=\"\(path)H\(middle(segment.to, 0).x)\"/>\n"
    }

    private mutating func add(_ tile: Sketch.Tile, _ top: Int) {
        let isBox = tile.height == 3
        let (left, upper) = middle(tile.x, tile.y + top)
        let (right, lower) = middle(tile.x + tile.width - 1, tile.y + tile.height - 1 + top)
        if !tile.isBare || isBox {
            let inset = isBox ? 0 : 8
            let classes = tile.isHeavy ? tile.role.cssClass : "tile"
            body += "<rect class=\"\(classes)\" x=\"\(left)\" y=\"\(upper - inset)\" width=\"\(right - left)\" "
            body += "height=\"\(lower - upper + 2 * inset)\" rx=\"\(isBox ? 4 : 8)\"/>\n"
        }
        let start = tile.x + (isBox ? 2 : tile.isBare ? 0 : 1)
        text(tile.text, x: start, y: tile.y + tile.height / 2 + top, role: tile.role)
        let note = start + DisplayWidth.columns(of: tile.text) + 2
        text(tile.note, x: note, y: tile.y + tile.height / 2 + top, role: .note)
    }

    private mutating func add(_ mark: Sketch.Mark, _ top: Int) {
        guard let kind = mark.arrow else { return }
        let (x, y) = middle(mark.x, mark.y + top)
        guard kind != .maybe else {
            text("?", x: mark.x, y: mark.y + top, role: .note)
            return
        }
        // The tip touches the frame of a box.
        let size = kind == .post ? 3 : 5
        let back = mark.side == .south ? -2 * size : 2 * size
        body += "<path class=\"head \(kind)\" d=\"M\(x) \(y)l\(-size) \(back)h\(2 * size)z\"/>\n"
    }

    /// Text that no reader of XML can take for anything else.
    static func escaped(_ text: String) -> String {
        var out = ""
        for character in DisplayWidth.printable(text).unicodeScalars {
            switch character {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            default: out.unicodeScalars.append(character)
            }
        }
        return out
    }
}

extension PictureRole {
    /// The classes of the style sheet that a role has.
    fileprivate var cssClass: String {
        switch self {
        case .plain, .frame, .waiting, .buildLine, .runLine, .postLine, .maybeLine: "plain"
        case .title: "title"
        case .note: "note"
        case .building: "building"
        case .merging: "merging"
        case .done: "done"
        case .failed: "failed"
        case .installed: "installed"
        case .currentWaiting: "current"
        case .currentBuilding: "current building"
        case .currentMerging: "current merging"
        case .currentDone: "current done"
        case .currentFailed: "current failed"
        case .currentInstalled: "current installed"
        }
    }
}
