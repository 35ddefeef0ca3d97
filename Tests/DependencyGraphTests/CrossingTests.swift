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

    @Test(
        "no order of two layers of six, seven and eight is better",
        arguments: [(6, 6, 24), (7, 7, 10), (6, 8, 10), (8, 8, 3)])
    func wideLayers(_ upper: Int, _ lower: Int, _ graphs: Int) async {
        var random = RandomGraphs(seed: UInt64(upper * 10 + lower))
        for _ in 0..<graphs {
            await Task.yield()
            let pairs = randomPairs(upper, lower, &random)
            var graph = layered(upper, lower, pairs)
            let found = graph.minimiseCrossings()
            let best = leastCrossingsOfWide(upper, lower, pairs)
            if found != best { Issue.record("\(found) instead of \(best): \(pairs)") }
            #expect(counted(graph, upper, pairs) == found)
        }
    }

    @Test("no order of one layer of up to eight against a fixed one is better") func oneLayer() {
        var random = RandomGraphs(seed: 68)
        for count in [2, 3, 4, 5, 6, 6, 6, 7, 7, 7, 8, 8] {
            let ends = (0..<count).map { _ in
                (0..<8).filter { _ in random.next(below: 3) == 0 }
            }
            let order = orderWithFewCrossings(ends, places: [])
            #expect(order.sorted() == Array(0..<count))
            let costs = costs(ends)
            let found = order.indices.reduce(0) { sum, index in
                order[(index + 1)...].reduce(sum) { $0 + costs[order[index] * count + $1] }
            }
            #expect(found == leastCost(count, costs), "\(ends)")
        }
    }

    /// Pairs of two layers, of which about a third are joined; each of the lower one is.
    private func randomPairs(_ upper: Int, _ lower: Int, _ random: inout RandomGraphs) -> [(Int, Int)] {
        var pairs: [(Int, Int)] = []
        for one in 0..<upper {
            for other in 0..<lower where random.next(below: 3) == 0 { pairs.append((one, other)) }
        }
        for other in 0..<lower where !pairs.contains(where: { $0.1 == other }) {
            pairs.append((random.next(below: upper), other))
        }
        return pairs
    }

    /// `costs[a * count + b]`: how many lines cross when `a` stands left of `b`.
    private func costs(_ ends: [[Int]]) -> [Int] {
        ends.flatMap { one in
            ends.map { other in one.reduce(0) { sum, end in sum + other.count { $0 < end } } }
        }
    }

    /// The least cost of all orders, one after the other.
    private func leastCost(_ count: Int, _ costs: [Int]) -> Int {
        var least = Int.max
        func extend(_ left: [Int], _ cost: Int) {
            if left.isEmpty { least = min(least, cost) }
            for next in left {
                let rest = left.filter { $0 != next }
                extend(rest, rest.reduce(cost) { $0 + costs[next * count + $1] })
            }
        }
        extend(Array(0..<count), 0)
        return least
    }

    /// The fewest crossings of all orders of the upper layer, each with the best order of the lower one: the least over
    /// sets of what stands left, from the empty set on.
    private func leastCrossingsOfWide(_ upper: Int, _ lower: Int, _ pairs: [(Int, Int)]) -> Int {
        var joins = [Int](repeating: 0, count: upper)
        for pair in pairs { joins[pair.0] |= 1 << pair.1 }
        var least = Int.max
        // costs[a * lower + b]: of the lines so far when a stands left of b; counts[b]: how many of them lead to b.
        func extend(_ left: [Int], _ first: Int?, _ costs: [Int], _ counts: [Int]) {
            guard !left.isEmpty else {
                var best = [Int](repeating: Int.max, count: 1 << lower)
                best[0] = 0
                for set in 0..<(1 << lower) {
                    for next in 0..<lower where set & (1 << next) == 0 {
                        var cost = best[set]
                        for other in 0..<lower where set & (1 << other) != 0 { cost += costs[other * lower + next] }
                        best[set | 1 << next] = min(best[set | 1 << next], cost)
                    }
                }
                least = min(least, best[(1 << lower) - 1])
                return
            }
            // No order is better than each pair at its best.
            var bound = 0
            for one in 0..<lower {
                for other in 0..<one { bound += min(costs[one * lower + other], costs[other * lower + one]) }
            }
            guard bound < least else { return }
            for next in left {
                // An order and its mirror image have as many crossings.
                if left.count == 1, let first, next < first { continue }
                var (costs, counts) = (costs, counts)
                for one in 0..<lower where joins[next] & (1 << one) != 0 {
                    for other in 0..<lower where other != one { costs[one * lower + other] += counts[other] }
                }
                for one in 0..<lower where joins[next] & (1 << one) != 0 { counts[one] += 1 }
                extend(left.filter { $0 != next }, first ?? next, costs, counts)
            }
        }
        extend(Array(0..<upper), nil, [Int](repeating: 0, count: lower * lower), [Int](repeating: 0, count: lower))
        return least
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
