public import DependencyGraph
public import TerminalDrawing

/// The size of a picture in a terminal.
public struct PictureSize: Sendable, Hashable {
    /// Columns.
    public var width: Int
    /// Lines.
    public var height: Int

    /// Makes a size; less than 1 counts as 1.
    public init(width: Int, height: Int) {
        self.width = max(1, width)
        self.height = max(1, height)
    }
}

/// Draws what the current packages need (above) and what needs them (below) as lines of plain text.
///
/// Of the ways to draw it the first one that fits is taken: full boxes and names, shorter names, labels instead of
/// boxes, fewer packages, lanes, one line. What is left out at a distance that is shown stands as `+N more`. No line is
/// wider than `size` says, there are never more lines, and there is no escape sequence in them. Equal input gives equal
/// output.
/// - Parameters:
///   - graph: all packages; nodes of the merge list in merge order.
///   - current: indices of the packages that the picture is about; at least one for a picture.
///   - size: the most columns and lines.
///   - style: which characters may be used.
///   - title: the first line; nil writes `3 of 9  dev-libs/a-1.0  needs 2, unblocks 4`; empty leaves it out.
/// - Returns: the lines without line ends; none when no current package is in the graph.
public func drawGraph(
    _ graph: PackageGraph, current: Set<Int>, size: PictureSize, style: GlyphSet = .unicode, title: String? = nil
) -> [String] {
    let request = FrameRequest(
        graph: graph, current: current.sorted(), size: size, glyphs: style, title: title)
    return Composer(request, isLive: false).frame().lines
}
