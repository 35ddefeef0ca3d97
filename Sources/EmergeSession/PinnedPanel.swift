public import Posix
import TerminalDrawing

/// A panel in the last rows of a terminal, below the output of a program that scrolls in the rows above it.
///
/// A value: it takes what the program wrote and what the panel is to show, and gives the bytes for the terminal. The
/// program's part is the terminal's scroll region (DECSTBM) from the first row on, so that its lines go to the scrollback
/// as ever. Where the program's cursor is need not be known: the panel is drawn between saving and restoring it. The
/// panel grows with what it shows and does not shrink again; it is never more than half of the terminal.
public struct PinnedPanel: Sendable {
    /// The whole terminal.
    public private(set) var size: TerminalSize
    /// The rows of the panel; 0 when it is not there.
    public private(set) var rows = 0

    private var filter: OutputFilter
    private var shown: [String] = []
    private var isAlternate = false

    /// A panel of no rows yet.
    public init(size: TerminalSize) {
        self.size = size
        filter = OutputFilter(rows: size.rows)
    }

    /// The most rows that the panel can have now.
    public var mostRows: Int {
        guard !isAlternate, size.rows >= 6, size.columns >= 8 else { return 0 }
        return size.rows < 12 ? 1 : size.rows / 2
    }

    /// The size of the program's part.
    public var programSize: TerminalSize { TerminalSize(columns: size.columns, rows: size.rows - rows) }

    /// Whether the panel can be drawn now: not within a sequence of the program's.
    public var canShow: Bool { filter.isAtRest && !filter.hasSavedCursor }

    /// What the program wrote, for the terminal.
    public mutating func output(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        filter.rows = size.rows - rows
        var result: [UInt8] = []
        for piece in filter.filter(bytes) {
            switch piece {
            case .bytes(let bytes): result += bytes
            case .erased: result += repaint()
            case .reset: result += pin(rows)
            case .alternate(true):
                result += unpin()
                isAlternate = true
            case .alternate(false):
                // The next frame pins it again.
                isAlternate = false
            }
            filter.rows = size.rows - rows
        }
        return result
    }

    /// Shows these lines: each at most as wide as the terminal; with colours, if any, that end in the same line.
    public mutating func show(_ lines: [String]) -> [UInt8] {
        let lines = Array(lines.prefix(mostRows))
        var result: [UInt8] = []
        let wanted = min(max(rows, lines.count), mostRows)
        if wanted != rows { result += pin(wanted) }
        let padded = lines + Array(repeating: "", count: max(0, rows - lines.count))
        let changed = padded.indices.filter { $0 >= shown.count || shown[$0] != padded[$0] }
        shown = padded
        return changed.isEmpty ? result : result + draw(changed)
    }

    /// The terminal has another size now; the panel is drawn anew with what it showed until the next frame.
    public mutating func resize(_ size: TerminalSize) -> [UInt8] {
        guard size != self.size else { return [] }
        self.size = size
        guard rows > 0 else { return [] }
        let wanted = min(rows, mostRows)
        shown = shown.map { _ in "" }
        return wanted > 0 ? pin(wanted) : unpin()
    }

    /// Takes the panel away; the cursor is then at the beginning of a line.
    public mutating func close() -> [UInt8] {
        guard rows > 0 else { return filter.isAtLineStart ? [] : Array("\r\n".utf8) }
        var result = unpin()
        result += "\u{1B}[0m".utf8
        if !filter.isAtLineStart { result += "\r\n".utf8 }
        if filter.isCursorHidden { result += "\u{1B}[?25h".utf8 }
        return result
    }

    /// Makes room below the cursor, wherever that is, and the rest the scroll region. Index (ESC D) moves the cursor down
    /// or scrolls, in the same column, and so many rows up again is the same line.
    private mutating func pin(_ wanted: Int) -> [UInt8] {
        rows = wanted
        shown = []
        var text = "\u{1B}7\u{1B}[r\u{1B}8\u{1B}[0m\u{1B}[J"
        text += String(repeating: "\u{1B}D", count: wanted) + "\u{1B}[\(wanted)A"
        text += "\u{1B}7\u{1B}[1;\(size.rows - wanted)r\u{1B}8"
        return Array(text.utf8) + filter.attributes
    }

    private mutating func unpin() -> [UInt8] {
        guard rows > 0 else { return [] }
        rows = 0
        shown = []
        return Array("\u{1B}7\u{1B}[r\u{1B}8\u{1B}[0m\u{1B}[J".utf8) + filter.attributes
    }

    private func repaint() -> [UInt8] { shown.isEmpty ? [] : draw(Array(shown.indices)) }

    /// Draws these rows at once (synchronized update, ignored where it is not known).
    private func draw(_ indices: [Int]) -> [UInt8] {
        var text = "\u{1B}[?2026h\u{1B}[?25l\u{1B}7\u{1B}[0m\u{1B}(B\u{0F}"
        for index in indices {
            text += "\u{1B}[\(size.rows - rows + index + 1);1H" + shown[index]
            if Self.columns(of: shown[index]) < size.columns { text += "\u{1B}[K" }
        }
        text += "\u{1B}8" + (filter.isCursorHidden ? "" : "\u{1B}[?25h") + "\u{1B}[?2026l"
        return Array(text.utf8)
    }

    /// The columns of a line without its colours.
    static func columns(of line: String) -> Int {
        guard line.utf8.contains(0x1B) else { return DisplayWidth.columns(of: line) }
        var plain = String.UnicodeScalarView()
        var isInside = false
        for scalar in line.unicodeScalars {
            if scalar == "\u{1B}" {
                isInside = true
            } else if isInside {
                if scalar != "[", (0x40...0x7E).contains(scalar.value) { isInside = false }
            } else {
                plain.append(scalar)
            }
        }
        return DisplayWidth.columns(of: String(plain))
    }
}
