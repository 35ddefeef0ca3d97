/// The neighbours of every node, in both directions, with parallel edges joined and self-loops left out.
struct Adjacency: Sendable {
    struct Link: Sendable {
        var node: Int
        var kinds: DependencyKinds
        var maybe: Bool
    }

    var dependencies: [[Link]]
    var dependents: [[Link]]

    init(_ graph: PackageGraph) {
        let empty = [[Link]](repeating: [], count: graph.nodes.count)
        dependencies = empty
        dependents = empty
        for edge in graph.edges where edge.from != edge.to {
            guard graph.nodes.indices.contains(edge.from), graph.nodes.indices.contains(edge.to) else { continue }
            Adjacency.add(edge.to, edge, to: &dependencies[edge.from])
            Adjacency.add(edge.from, edge, to: &dependents[edge.to])
        }
    }

    private static func add(_ node: Int, _ edge: DependencyEdge, to links: inout [Link]) {
        // Parallel edges are rare and stand together when they come from Portage: look at the last one first.
        if let same = links.lastIndex(where: { $0.node == node }) {
            links[same].kinds.formUnion(edge.kinds)
            links[same].maybe = links[same].maybe && edge.maybe
        } else {
            links.append(Link(node: node, kinds: edge.kinds, maybe: edge.maybe))
        }
    }
}
