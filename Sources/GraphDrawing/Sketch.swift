import DependencyGraph
import TerminalDrawing

/// A picture as shapes in cells: what the terminal's text and the svg are both drawn from.
struct Sketch: Sendable {
    /// A box or a label in brackets, with its text.
    struct Tile: Sendable {
        var x: Int
        var y: Int
        /// With its frame.
        var width: Int
        /// 3 for a box, 1 for a label.
        var height: Int
        var isHeavy: Bool
        /// `▶ name`
        var text: String
        /// What stands after the text, in the box.
        var note: String = ""
        var role: PictureRole
        var frameRole: PictureRole
        /// `(3)` needs no brackets of its own.
        var isBare = false
    }

    /// A straight line.
    struct Segment: Sendable {
        var isVertical: Bool
        /// The column of a vertical line, the row of a horizontal one.
        var at: Int
        var from: Int
        var to: Int
        var net: Int
        var kind: EdgeKind
    }

    /// Where a line meets a box or a label.
    struct Mark: Sendable {
        var x: Int
        var y: Int
        /// The side on which the line leaves; for an arrow, where it points.
        var side: LineMask
        /// Nil where a line only begins.
        var arrow: EdgeKind?
        var isHeavy: Bool
        var role: PictureRole
    }

    /// A piece of text outside of tiles.
    struct Text: Sendable {
        var x: Int
        var y: Int
        var text: String
        var role: PictureRole
    }

    var width: Int
    var height: Int
    var tiles: [Tile] = []
    var segments: [Segment] = []
    var marks: [Mark] = []
    var texts: [Text] = []

    /// Whether it says how far a package is.
    var showsProgress = false

    /// The picture as cells.
    func canvas(_ glyphs: GlyphSet) -> CellCanvas {
        var canvas = CellCanvas(width: width, height: height, glyphs: glyphs)
        for tile in tiles { draw(tile, in: &canvas) }
        for segment in segments {
            if segment.isVertical {
                canvas.vertical(
                    x: segment.at, from: segment.from, to: segment.to, net: segment.net, style: segment.kind.lineStyle,
                    attribute: segment.kind.role.rawValue)
            } else {
                canvas.horizontal(
                    y: segment.at, from: segment.from, to: segment.to, net: segment.net, style: segment.kind.lineStyle,
                    attribute: segment.kind.role.rawValue)
            }
        }
        for mark in marks {
            let scalar =
                mark.arrow.map { glyphs.arrow(mark.side, $0.head) }
                ?? glyphs.port(onHeavy: mark.isHeavy, side: mark.side)
            canvas.put(scalar, x: mark.x, y: mark.y, attribute: mark.role.rawValue)
        }
        for text in texts { canvas.text(text.text, x: text.x, y: text.y, attribute: text.role.rawValue) }
        return canvas
    }

    private func draw(_ tile: Tile, in canvas: inout CellCanvas) {
        let (frame, role) = (tile.frameRole.rawValue, tile.role.rawValue)
        var start = tile.x + 1
        if tile.height == 3 {
            canvas.box(
                x: tile.x, y: tile.y, width: tile.width, height: 3, style: tile.isHeavy ? .heavy : .light,
                attribute: frame)
            start += 1
        } else if tile.isBare {
            start -= 1
        } else {
            let bar = canvas.glyphs.glyph(.vertical, .heavy)
            canvas.put(tile.isHeavy ? bar : "[", x: tile.x, y: tile.y, attribute: frame)
            canvas.put(tile.isHeavy ? bar : "]", x: tile.x + tile.width - 1, y: tile.y, attribute: frame)
        }
        let row = tile.y + tile.height / 2
        canvas.text(tile.text, x: start, y: row, attribute: role)
        guard !tile.note.isEmpty else { return }
        canvas.text(
            tile.note, x: start + DisplayWidth.columns(of: tile.text) + 2, y: row,
            attribute: PictureRole.note.rawValue)
    }
}

extension EdgeKind {
    /// How its line is drawn.
    var lineStyle: LineStyle {
        switch self {
        case .build: .light
        case .run: .dashed
        case .post, .maybe: .dotted
        }
    }

    /// How its line ends.
    var head: ArrowHead {
        switch self {
        case .build: .filled
        case .run: .hollow
        case .post: .small
        case .maybe: .question
        }
    }

    /// What its line is.
    var role: PictureRole {
        switch self {
        case .build: .buildLine
        case .run: .runLine
        case .post: .postLine
        case .maybe: .maybeLine
        }
    }
}

extension PictureRole {
    /// A package of this state.
    static func of(_ state: PackageState, isCurrent: Bool) -> PictureRole {
        switch state {
        case .waiting: isCurrent ? .currentWaiting : .waiting
        case .building: isCurrent ? .currentBuilding : .building
        case .merging: isCurrent ? .currentMerging : .merging
        case .done: isCurrent ? .currentDone : .done
        case .failed: isCurrent ? .currentFailed : .failed
        case .installed: isCurrent ? .currentInstalled : .installed
        }
    }
}
