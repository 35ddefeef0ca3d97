public import DependencyGraph
import TerminalDrawing

/// The whole graph in the language of Graphviz, dependencies above.
///
/// Kinds are styles of lines: solid to build, dashed to run, dotted for PDEPEND, dotted with a question mark where one of
/// several alternatives is not known. Current packages have bold frames, installed ones none.
public func dotText(_ graph: PackageGraph, current: [Int] = []) -> String {
    let isCurrent = Set(current)
    var text = "digraph packages {\n  node [shape=box, fontname=\"monospace\"];\n"
    for (index, node) in graph.nodes.enumerated() {
        var label = node.cpv
        if node.root != "/" { label += " (" + node.root + ")" }
        var styles: [String] = []
        if isCurrent.contains(index) { styles.append("bold") }
        switch node.state {
        case .done: styles.append("filled\", fillcolor=\"palegreen")
        case .building, .merging: styles.append("filled\", fillcolor=\"khaki")
        case .failed: styles.append("filled\", fillcolor=\"salmon")
        case .waiting, .installed: break
        }
        text += "  n\(index) [label=\"\(escaped(label))\""
        if !styles.isEmpty { text += ", style=\"\(styles.joined(separator: ","))\"" }
        if node.state == .installed { text += ", shape=plaintext" }
        text += "];\n"
    }
    for edge in graph.edges
    where graph.nodes.indices.contains(edge.from) && graph.nodes.indices.contains(edge.to) {
        text += "  n\(edge.to) -> n\(edge.from)"
        switch EdgeKind(edge.kinds, maybe: edge.maybe) {
        case .build: break
        case .run: text += " [style=dashed, arrowhead=empty]"
        case .post: text += " [style=dotted, arrowhead=empty]"
        case .maybe: text += " [style=dotted, label=\"?\"]"
        }
        text += ";\n"
    }
    return text + "}\n"
}

private func escaped(_ text: String) -> String {
    var out = ""
    for scalar in DisplayWidth.printable(text).unicodeScalars {
        if scalar == "\"" || scalar == "\\" { out += "\\" }
        out.unicodeScalars.append(scalar)
    }
    return out
}
