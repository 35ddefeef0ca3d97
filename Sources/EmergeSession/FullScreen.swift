public import Posix

/// Lines that fill a terminal's alternate screen; only what changed is drawn.
public struct FullScreen: Sendable {
    private var shown: [String] = []
    private var size: TerminalSize?

    /// A screen that is not there yet.
    public init() {}

    /// Shows these lines, with colours, if any, that end in the same line; what is too much is left out.
    public mutating func show(_ lines: [String], size: TerminalSize) -> [UInt8] {
        var text = self.size == nil ? "\u{1B}[?1049h\u{1B}[?25l" : ""
        if self.size != size {
            shown = Array(repeating: "", count: size.rows)
            text += "\u{1B}[0m\u{1B}[2J"
            self.size = size
        }
        let wanted = Array(lines.prefix(size.rows)) + Array(repeating: "", count: max(0, size.rows - lines.count))
        for (row, line) in wanted.enumerated() where shown[row] != line {
            text += "\u{1B}[\(row + 1);1H\(line)"
            if PinnedPanel.columns(of: line) < size.columns { text += "\u{1B}[K" }
        }
        shown = wanted
        return text.isEmpty ? [] : Array("\u{1B}[?2026h\(text)\u{1B}[?2026l".utf8)
    }

    /// Gives the terminal back as it was.
    public mutating func close() -> [UInt8] {
        guard size != nil else { return [] }
        size = nil
        return Array("\u{1B}[0m\u{1B}[?25h\u{1B}[?1049l".utf8)
    }
}
