/// Says which edges to draw against their direction so that no cycle is left.
///
/// In every strongly connected part the softest edge is taken out until the rest has no cycle; an edge that was
/// taken out is reversed when it runs against a topological order of the rest.
/// - Returns: one entry for each edge of `part`.
func edgesToReverse(_ part: Neighbourhood) -> [Bool] {
    var removed = [Bool](repeating: false, count: part.edges.count)
    while true {
        let components = stronglyConnected(part, without: removed)
        var softest: (index: Int, key: (Int, Int))?
        for (index, edge) in part.edges.enumerated() where !removed[index] {
            guard components[edge.dependent] == components[edge.dependency] else { continue }
            // Among equals the edge that runs against the order of importance goes.
            let key = (edge.maybe ? 0 : edge.kinds.strength, edge.dependency < edge.dependent ? 1 : 0)
            if softest.map({ key < $0.key }) ?? true { softest = (index, key) }
        }
        guard let found = softest else {
            // Components are numbered dependencies first, which is a topological order now.
            return part.edges.map { components[$0.dependency] > components[$0.dependent] }
        }
        removed[found.index] = true
    }
}

/// The number of the strongly connected component of each item, dependencies before dependents
/// (Tarjan, "Depth-first search and linear graph algorithms", 1972; with an explicit stack).
private func stronglyConnected(_ part: Neighbourhood, without removed: [Bool]) -> [Int] {
    let count = part.items.count
    var outgoing = [[Int]](repeating: [], count: count)
    for (index, edge) in part.edges.enumerated() where !removed[index] {
        outgoing[edge.dependent].append(edge.dependency)
    }
    var order = [Int](repeating: -1, count: count)
    var low = [Int](repeating: 0, count: count)
    var component = [Int](repeating: -1, count: count)
    var stack: [Int] = []
    var (clock, components) = (0, 0)
    for start in 0..<count where order[start] < 0 {
        var frames = [(node: start, next: 0)]
        while let (node, next) = frames.last {
            if next == 0 {
                (order[node], low[node]) = (clock, clock)
                clock += 1
                stack.append(node)
            }
            if next < outgoing[node].count {
                frames[frames.count - 1].next += 1
                let target = outgoing[node][next]
                if order[target] < 0 {
                    frames.append((target, 0))
                } else if component[target] < 0 {
                    low[node] = min(low[node], order[target])
                }
                continue
            }
            frames.removeLast()
            if let parent = frames.last?.node { low[parent] = min(low[parent], low[node]) }
            guard low[node] == order[node] else { continue }
            while let member = stack.popLast() {
                component[member] = components
                if member == node { break }
            }
            components += 1
        }
    }
    return component
}
