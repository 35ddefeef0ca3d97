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

    /// The links of all nodes, one after the other, and where those of each begin.
    private struct Lists {
        var links: [Link] = []
        var starts: [Int]

        subscript(node: Int) -> ArraySlice<Link> { links[starts[node]..<starts[node + 1]] }
    }

    private var above: Lists
    private var below: Lists

    init(_ graph: PackageGraph) {
        let count = graph.nodes.count
        let nodes = 0..<count
        // Edges by the node that depends; a package has few dependencies, so parallel ones are soon found among them.
        var starts = [Int](repeating: 0, count: count + 1)
        for edge in graph.edges where nodes.contains(edge.from) { starts[edge.from + 1] += 1 }
        for node in nodes { starts[node + 1] += starts[node] }
        var order = [Int](repeating: 0, count: starts[count])
        var next = starts
        for (index, edge) in graph.edges.enumerated() where nodes.contains(edge.from) {
            order[next[edge.from]] = index
            next[edge.from] += 1
        }
        above = Lists(starts: [0])
        above.links.reserveCapacity(order.count)
        var dependents = [Int](repeating: 0, count: count + 1)
        for node in nodes {
            let first = above.links.count
            for index in order[starts[node]..<starts[node + 1]] {
                let edge = graph.edges[index]
                guard edge.to != node, nodes.contains(edge.to) else { continue }
                if let same = above.links[first...].firstIndex(where: { $0.node == edge.to }) {
                    above.links[same].join(edge)
                } else {
                    above.links.append(Link(node: edge.to, kinds: edge.kinds, maybe: edge.maybe))
                    dependents[edge.to + 1] += 1
                }
            }
            above.starts.append(above.links.count)
        }
        for node in nodes { dependents[node + 1] += dependents[node] }
        below = Lists(
            links: [Link](repeating: Link(node: 0, kinds: [], maybe: false), count: above.links.count),
            starts: dependents)
        next = dependents
        for node in nodes {
            for link in above[node] {
                below.links[next[link.node]] = Link(node: node, kinds: link.kinds, maybe: link.maybe)
                next[link.node] += 1
            }
        }
    }

    /// What a node depends on.
    func dependencies(_ node: Int) -> ArraySlice<Link> { above[node] }

    /// What depends on a node.
    func dependents(_ node: Int) -> ArraySlice<Link> { below[node] }
}
