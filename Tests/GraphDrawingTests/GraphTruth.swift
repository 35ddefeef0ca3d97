import DependencyGraph

/// What the lines of a picture must say, out of the graph alone.
///
/// Parallel edges are one; what is certain for one of them is certain.
struct GraphTruth {
    /// From the package that depends to the one that it depends on.
    struct Pair: Hashable {
        var from: Int
        var to: Int
    }

    private let graph: PackageGraph
    private let kinds: [Pair: Character]
    private static let strengths: [Character: Int] = ["b": 3, "r": 2, "p": 1, "m": 0]

    init(_ graph: PackageGraph) {
        self.graph = graph
        var edges: [Pair: [DependencyEdge]] = [:]
        for edge in graph.edges where edge.from != edge.to {
            edges[Pair(from: edge.from, to: edge.to), default: []].append(edge)
        }
        kinds = edges.mapValues(LeftOut.kind)
    }

    /// The kind of the dependency of one package on another; nil when there is none.
    func kind(_ pair: Pair) -> Character? { kinds[pair] }

    /// The dependencies between these packages that neither are lines nor follow from a path of lines that bind at least as
    /// much as they do.
    func lost(among shown: Set<Int>, lines: Set<Pair>) -> [Pair] {
        let below = Dictionary(grouping: lines, by: \.from)
        return kinds.keys.filter { pair in
            guard shown.contains(pair.from), shown.contains(pair.to), !lines.contains(pair) else { return false }
            let least = strength(pair)
            var seen: Set = [pair.from]
            var stack = [pair.from]
            while let node = stack.popLast() {
                for line in below[node] ?? [] where strength(line) >= least && seen.insert(line.to).inserted {
                    if line.to == pair.to { return false }
                    stack.append(line.to)
                }
            }
            return true
        }
    }

    private func strength(_ pair: Pair) -> Int { kinds[pair].flatMap { Self.strengths[$0] } ?? -1 }

    /// All ways from `upper` down to `lower` over `count` waiting packages outside of `shown`, each of which needs the one
    /// before; nil for an end that may be any package.
    func chains(_ count: Int, from upper: Int?, to lower: Int?, outside shown: Set<Int>) -> [[Int]] {
        // What one of them needs beside the one before, or what needs it beside the next, a path must imply.
        let (above, below) = (upper.map { reached($0, upwards: true) }, lower.map { reached($0, upwards: false) })
        let members = graph.nodes.indices.filter { node in
            graph.nodes[node].state == .waiting && graph.nodes[node].type != .installed && !shown.contains(node)
                && kinds.keys.allSatisfy { pair in
                    if pair.from == node, shown.contains(pair.to) { return above?.contains(pair.to) ?? true }
                    if pair.to == node, shown.contains(pair.from) { return below?.contains(pair.from) ?? true }
                    return true
                }
        }
        var found: [[Int]] = []
        func extend(_ chain: [Int]) {
            guard found.count < 1000 else { return }
            if chain.count == count {
                if let lower, let last = chain.last, kinds[Pair(from: lower, to: last)] == nil { return }
                found.append(chain)
                return
            }
            let next = chain.last ?? upper
            for node in members where !chain.contains(node) {
                if let next, kinds[Pair(from: node, to: next)] == nil { continue }
                extend(chain + [node])
            }
        }
        extend([])
        return found
    }

    /// A package, and all that it needs, or that needs it.
    private func reached(_ start: Int, upwards: Bool) -> Set<Int> {
        var seen: Set = [start]
        var stack = [start]
        while let node = stack.popLast() {
            for pair in kinds.keys where node == (upwards ? pair.from : pair.to) {
                let next = upwards ? pair.to : pair.from
                if seen.insert(next).inserted { stack.append(next) }
            }
        }
        return seen
    }
}
