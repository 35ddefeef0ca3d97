/// The neighbours of every node, in both directions, with parallel edges joined and self-loops left out.
struct Adjacency: Sendable {
    struct Link: Sendable {
        var node: Int
        var kinds: DependencyKinds
        var maybe: Bool

        mutating func join(_ kinds: DependencyKinds, maybe: Bool) {
            // What is certain for one of them is certain; an alternative adds no kind to it.
            if self.maybe == maybe { self.kinds.formUnion(kinds) } else if self.maybe { self.kinds = kinds }
            self.maybe = self.maybe && maybe
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
        // Edges by the node that depends.
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
        // Where the last link to a node is: when it is one of the same dependent, an edge is parallel to it.
        var places = [Int](repeating: -1, count: count)
        for node in nodes {
            let first = above.links.count
            for index in order[starts[node]..<starts[node + 1]] {
                let edge = graph.edges[index]
                guard edge.to != node, nodes.contains(edge.to) else { continue }
                if places[edge.to] >= first {
                    above.links[places[edge.to]].join(edge.kinds, maybe: edge.maybe)
                } else {
                    places[edge.to] = above.links.count
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
