public import DependencyGraph
public import TerminalDrawing

extension Frame {
    /// One line that explains the signs and lines of this picture; nil if it shows none, or the line would be too wide.
    ///
    /// - Parameters:
    ///   - graph: the graph that the frame was drawn of.
    ///   - glyphs: the characters that it was drawn with.
    ///   - width: the most columns.
    public func legend(of graph: PackageGraph, glyphs: GlyphSet, width: Int) -> String? {
        guard form != .summary, form != .nothing else { return nil }
        let shown = Set(nodes.filter(graph.nodes.indices.contains).map { graph.nodes[$0].state })
        let states: [(PackageState, String)] = [
            (.building, "builds"), (.merging, "built"), (.done, "merged"), (.failed, "failed"),
            (.waiting, "waits"), (.installed, "installed"),
        ]
        let kinds: [(EdgeKind, String)] = [
            (.build, "to build"), (.run, "to run"), (.post, "later"), (.maybe, "maybe"),
        ]
        let drawn = Set(edges.map(\.kind))
        let words =
            states.filter { shown.contains($0.0) }.map { "\(sign($0.0, ascii: glyphs == .ascii)) \($0.1)" }
            + kinds.filter { drawn.contains($0.0) }.map { kind, word in
                "\(glyphs.glyph(.horizontal, kind.lineStyle))\(glyphs.arrow(.south, kind.head)) \(word)"
            }
        let line = words.joined(separator: "  ")
        return line.isEmpty || DisplayWidth.columns(of: line) > width ? nil : line
    }
}
