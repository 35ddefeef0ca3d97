import Testing

@testable import DependencyGraph

@Suite struct CrossingTests {
    /// Two layers, the first `upper` items above the others.
    private func layered(_ upper: Int, _ lower: Int, _ pairs: [(Int, Int)]) -> LayeredGraph {
        let items = (0..<(upper + lower)).map { Neighbourhood.Item(content: .package($0), isCurrent: $0 < upper) }
        let edges = pairs.map {
            Neighbourhood.Edge(dependent: upper + $0.1, dependency: $0.0, kinds: .depend, maybe: false)
        }
        return LayeredGraph(
            Neighbourhood(items: items, edges: edges), widths: items.map { _ in 1 }, available: 80, gap: 1)
    }

    @Test(
        "complete two-layer graphs: K3,3 has 9 crossings, K4,4 has 36, K5,6 has 150",
        arguments: [
            (3, 3, 9), (4, 4, 36), (5, 6, 150),
        ])
    func complete(_ upper: Int, _ lower: Int, _ least: Int) {
        let pairs = (0..<upper).flatMap { one in (0..<lower).map { (one, $0) } }
        var graph = layered(upper, lower, pairs)
        #expect(graph.minimiseCrossings() == least)
    }

    @Test("no order of two layers is better: 500 random graphs") func bruteForce() {
        var random = RandomGraphs(seed: 44)
        var crossed = 0
        for _ in 0..<500 {
            let (upper, lower) = (2 + random.next(below: 3), 2 + random.next(below: 4))
            var pairs: [(Int, Int)] = []
            for one in 0..<upper {
                for other in 0..<lower where random.next(below: 5) < 3 { pairs.append((one, other)) }
            }
            // An item without a line would not be in the second layer.
            for other in 0..<lower where !pairs.contains(where: { $0.1 == other }) { pairs.append((0, other)) }
            var graph = layered(upper, lower, pairs)
            let found = graph.minimiseCrossings()
            let best = leastCrossings(upper, lower, pairs)
            if found != best { Issue.record("\(found) instead of \(best): \(pairs)") }
            #expect(counted(graph, upper, pairs) == found)
            if best > 0 { crossed += 1 }
        }
        #expect(crossed > 100)
    }

    /// Crossings of the order that a graph has, counted anew.
    private func counted(_ graph: LayeredGraph, _ upper: Int, _ pairs: [(Int, Int)]) -> Int {
        var place: [Int: Int] = [:]
        for layer in graph.layers { for (index, slot) in layer.enumerated() { place[slot] = index } }
        let ends = pairs.map { (place[$0.0] ?? 0, place[upper + $0.1] ?? 0) }
        return ends.indices.reduce(0) { sum, one in
            sum + ends[..<one].count { ($0.0 - ends[one].0) * ($0.1 - ends[one].1) < 0 }
        }
    }

    /// The fewest crossings of all orders of both layers.
    private func leastCrossings(_ upper: Int, _ lower: Int, _ pairs: [(Int, Int)]) -> Int {
        let lowerOrders = permutations(lower)
        var least = Int.max
        for order in permutations(upper) {
            // crossings[a * lower + b]: of the lines to a and b when a stands left.
            var crossings = [Int](repeating: 0, count: lower * lower)
            for one in pairs {
                for other in pairs where order[one.0] > order[other.0] { crossings[one.1 * lower + other.1] += 1 }
            }
            for other in lowerOrders {
                var sum = 0
                for a in 0..<lower { for b in 0..<lower where other[a] < other[b] { sum += crossings[a * lower + b] } }
                least = min(least, sum)
            }
        }
        return least
    }

    private func permutations(_ count: Int) -> [[Int]] {
        guard count > 0 else { return [[]] }
        return permutations(count - 1).flatMap { rest in
            (0...rest.count).map { rest[..<$0] + [count - 1] + rest[$0...] }.map(Array.init)
        }
    }
}
