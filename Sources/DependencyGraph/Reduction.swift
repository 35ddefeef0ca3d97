/// Removes every edge that a longer path of edges at least as strong implies.
///
/// An edge of another kind says something that the path does not, so it stays. Cycles are safe: an edge is removed
/// one at a time, and only while another path is still there.
func reduceTransitively(_ part: inout Neighbourhood) {
    let count = part.items.count
    var outgoing = [[(target: Int, strength: Int)]](repeating: [], count: count)
    func strength(_ edge: Neighbourhood.Edge) -> Int { edge.maybe ? 0 : edge.kinds.strength }
    part.edges.sort { ($0.dependent, $0.dependency) < ($1.dependent, $1.dependency) }
    for edge in part.edges { outgoing[edge.dependent].append((edge.dependency, strength(edge))) }

    func isImplied(_ edge: Neighbourhood.Edge) -> Bool {
        let needed = strength(edge)
        var seen = [Bool](repeating: false, count: count)
        seen[edge.dependent] = true
        var stack = [edge.dependent]
        while let node = stack.popLast() {
            for next in outgoing[node] where next.strength >= needed {
                if node == edge.dependent, next.target == edge.dependency { continue }
                if next.target == edge.dependency { return true }
                if !seen[next.target] {
                    seen[next.target] = true
                    stack.append(next.target)
                }
            }
        }
        return false
    }
    part.edges.removeAll { edge in
        guard outgoing[edge.dependent].count > 1, isImplied(edge) else { return false }
        outgoing[edge.dependent].removeAll { $0.target == edge.dependency }
        return true
    }
}
