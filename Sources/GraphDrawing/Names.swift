import DependencyGraph
import PackageModel
import TerminalDrawing

/// How much of a package's name is written.
struct NameStyle: Hashable {
    /// Leave the version out where category and name are unique.
    var dropsVersion = false
    /// Leave the category out where the name is unique.
    var dropsCategory = false
    /// The most columns of a name; the middle is left out.
    var limit = Int.max

    /// From all of it to very little.
    static let all: [NameStyle] = [
        NameStyle(),
        NameStyle(dropsVersion: true),
        NameStyle(dropsVersion: true, dropsCategory: true),
        NameStyle(dropsVersion: true, dropsCategory: true, limit: 14),
        NameStyle(dropsVersion: true, dropsCategory: true, limit: 8),
    ]
}

/// Names for the nodes of one graph that are to be drawn.
struct Names {
    private let graph: PackageGraph
    private let ascii: Bool
    private let parsed: [Int: CPV]
    private var spelledNames: [String: Int] = [:]
    private var spelledPackages: [String: Int] = [:]
    private let mainRoot: String?

    /// Names are unique among `nodes`.
    init(_ graph: PackageGraph, nodes: [Int], current: [Int], ascii: Bool) {
        self.graph = graph
        self.ascii = ascii
        var parsed: [Int: CPV] = [:]
        for node in nodes {
            guard let cpv = CPV(graph.nodes[node].cpv) else { continue }
            parsed[node] = cpv
            spelledNames[cpv.name, default: 0] += 1
            spelledPackages[cpv.categoryAndName, default: 0] += 1
        }
        self.parsed = parsed
        mainRoot = current.first.map { graph.nodes[$0].root }
    }

    /// The name of a node; the root is added when it is not the one of the current package.
    func name(_ node: Int, _ style: NameStyle) -> String {
        var text = graph.nodes[node].cpv
        if let cpv = parsed[node] {
            let unique = spelledPackages[cpv.categoryAndName] == 1
            let dropsCategory = style.dropsCategory && spelledNames[cpv.name] == 1
            text = dropsCategory ? cpv.name : cpv.categoryAndName
            if !(style.dropsVersion && unique) { text += "-" + cpv.version.description }
        }
        if let mainRoot, graph.nodes[node].root != mainRoot { text += " (" + graph.nodes[node].root + ")" }
        let printable = DisplayWidth.printable(text, ascii: ascii)
        return DisplayWidth.shortened(printable, to: style.limit, ellipsis: ascii ? ".." : "…")
    }
}

/// The sign of a state.
func sign(_ state: PackageState, ascii: Bool) -> String {
    switch state {
    case .waiting: ascii ? "." : "·"
    case .building: ascii ? ">" : "▶"
    case .merging: ascii ? ">" : "▷"
    case .done: ascii ? "*" : "✔"
    case .failed: ascii ? "!" : "✘"
    case .installed: ascii ? "o" : "○"
    }
}
