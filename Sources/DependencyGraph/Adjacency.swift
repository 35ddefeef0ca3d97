/// The neighbours of every node, in both directions, with parallel edges joined and self-loops left out.
struct Adjacency: Sendable {
    struct Link: Sendable {
        var node: Int
        var kinds: DependencyKinds
        var maybe: Bool

        mutating func join(_ edge: DependencyEdge) {
            // What is certain for one of them is certain; an alternative adds no kind to it.
            if maybe == edge.maybe { kinds.formUnion(edge.kinds) } else if maybe { kinds = edge.kinds }
            maybe = maybe && edge.maybe
        }
    }

    var dependencies: [[Link]]
    var dependents: [[Link]]

    init(_ graph: PackageGraph) {
        let empty = [[Link]](repeating: [], count: graph.nodes.count)
        dependencies = empty
        dependents = empty
        for edge in graph.edges where edge.from != edge.to {
            guard graph.nodes.indices.contains(edge.from), graph.nodes.indices.contains(edge.to) else { continue }
            // A package has few dependencies, but can have thousands of dependents: parallel edges are looked for among
            // the former.
            if let same = dependencies[edge.from].firstIndex(where: { $0.node == edge.to }) {
                dependencies[edge.from][same].join(edge)
                if let other = dependents[edge.to].lastIndex(where: { $0.node == edge.from }) {
                    dependents[edge.to][other].join(edge)
                }
            } else {
                dependencies[edge.from].append(Link(node: edge.to, kinds: edge.kinds, maybe: edge.maybe))
                dependents[edge.to].append(Link(node: edge.from, kinds: edge.kinds, maybe: edge.maybe))
            }
        }
    }
}
