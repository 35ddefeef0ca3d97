import DependencyGraph
import GraphDrawing
import TerminalDrawing

/// One line that explains the signs of a picture.
enum GraphLegend {
    /// The line, without what the picture does not have; nil if nothing is to be explained, or it would not fit.
    static func line(of graph: PackageGraph, _ frame: Frame, _ glyphs: GlyphSet, width: Int) -> String? {
        let text = frame.lines.joined()
        let signs: [(unicode: String, ascii: String, meaning: String)] = [
            ("▶", ">", "now"), ("✔", "*", "merged"), ("✘", "!", "failed"), ("·", ".", "waiting"),
            ("○", "o", "installed"),
        ]
        var words =
            glyphs == .ascii ? [] : signs.filter { text.contains($0.unicode) }.map { "\($0.unicode) \($0.meaning)" }
        let lines: [(kind: EdgeKind, unicode: String, ascii: String, meaning: String)] = [
            (.build, "─", "--", "to build"), (.run, "╌", "..", "to run"), (.post, "┈", "~~", "later"),
            (.maybe, "?", "?", "perhaps"),
        ]
        let kinds = Set(frame.edges.map(\.kind))
        words += lines.filter { kinds.contains($0.kind) }
            .map { "\(glyphs == .ascii ? $0.ascii : $0.unicode) \($0.meaning)" }
        let line = words.joined(separator: "  ")
        return line.isEmpty || DisplayWidth.columns(of: line) > width ? nil : line
    }
}
