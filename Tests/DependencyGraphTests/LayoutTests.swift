@testable import DependencyGraph
import Testing

@Suite struct LayoutTests {
    private func graph(_ count: Int, _ edges: [(Int, Int, DependencyKinds)]) -> PackageGraph {
        PackageGraph(
            nodes: (0..<count).map { PackageNode(cpv: "c/p\($0)-1") },
            edges: edges.map { DependencyEdge(from: $0.0, to: $0.1, kinds: $0.2) })
    }

    private func packages(_ part: Neighbourhood) -> Set<Int> {
        Set(part.items.compactMap { if case .package(let node) = $0.content { node } else { nil } })
    }

    @Test("what is left out is counted exactly") func restIsExact() {
        var edges: [(Int, Int, DependencyKinds)] = (1...60).map { (0, $0, .depend) }
        edges += (61...260).map { ($0, 0, .rdepend) }
        let finder = NeighbourhoodFinder(graph(261, edges), current: [0])
        for near in 0...15 {
            let part = finder.neighbourhood(NeighbourhoodBudget(distance: 1, near: near, far: 0))
            let hidden = part.items.reduce(0) { if case .more(let count, _) = $1.content { $0 + count } else { $0 } }
            #expect(packages(part).count + hidden == 261)
            #expect(packages(part).count == 1 + 2 * near)
        }
        #expect(finder.directCounts.dependencies == 60)
        #expect(finder.directCounts.dependents == 200)
    }

    @Test func restOfOneIsShown() {
        let part = NeighbourhoodFinder(graph(4, [(0, 1, .depend), (0, 2, .depend), (0, 3, .depend)]), current: [0])
            .neighbourhood(NeighbourhoodBudget(distance: 1, near: 2, far: 0))
        #expect(packages(part) == [0, 1, 2, 3])
    }

    @Test("merge list before installed, build before run before post, then the name") func order() {
        var graph = graph(6, [(0, 1, .pdepend), (0, 2, .rdepend), (0, 3, .depend), (0, 4, .bdepend), (0, 5, .depend)])
        graph.nodes[4].type = .installed
        #expect(NeighbourhoodFinder(graph, current: [0]).directNeighbours().dependencies == [3, 5, 2, 1, 4])
    }

    @Test("an edge that a path implies goes, unless it says something stronger") func reduction() {
        let budget = NeighbourhoodBudget(distance: 2, near: 9, far: 9)
        let weak = NeighbourhoodFinder(graph(3, [(2, 1, .rdepend), (1, 0, .rdepend), (2, 0, .rdepend)]), current: [1])
        #expect(weak.neighbourhood(budget).edges.count == 2)
        let strong = NeighbourhoodFinder(
            graph(3, [(2, 1, .rdepend), (1, 0, .rdepend), (2, 0, .bdepend)]), current: [1])
        #expect(strong.neighbourhood(budget).edges.count == 3)
    }

    @Test("every link goes one layer down, cycles or not, and nothing overlaps") func layersHold() async throws {
        var random = RandomGraphs(seed: 11)
        for round in 0..<rounds(120) {
            await Task.yield()
            let graph = random.graph(count: 2 + random.next(below: 24), degree: 2, cyclic: round % 2 == 0)
            let current: Set = [random.next(below: graph.nodes.count), random.next(below: graph.nodes.count)]
            let part = NeighbourhoodFinder(graph, current: current)
                .neighbourhood(NeighbourhoodBudget(distance: 3, near: 8, far: 5))
            let widths = part.items.map { _ in 3 + random.next(below: 20) }
            var layered = LayeredGraph(part, widths: widths, available: 70, gap: 2)
            layered.minimiseCrossings()
            for link in layered.links {
                #expect(layered.slots[link.lower].layer == layered.slots[link.upper].layer + 1)
            }
            #expect(layered.layers.flatMap { $0 }.sorted() == Array(layered.slots.indices))
            guard let columns = layered.columns(available: 70, gap: 2) else { continue }
            for layer in layered.layers {
                var free = 0
                for slot in layer {
                    let left = columns[slot] - (layered.slots[slot].width - 1) / 2
                    #expect(left >= free)
                    free = left + layered.slots[slot].width + 2
                }
                #expect(free - 2 <= 70)
            }
        }
    }

    @Test("the order of one layer is the cheapest of all") func exactOrder() throws {
        var random = RandomGraphs(seed: 21)
        for round in 0..<60 {
            let count = round < 50 ? 1 + round % 5 : 6 + round % 3
            let costs = (0..<64).map { _ in random.next(below: 10) }
            let order = try #require(cheapestOrder(count: count) { costs[$0 * 8 + $1] })
            func cost(_ order: [Int]) -> Int {
                order.indices.reduce(0) { sum, index in
                    order[(index + 1)...].reduce(sum) { $0 + costs[order[index] * 8 + $1] }
                }
            }
            var least = Int.max
            func permute(_ left: [Int], _ cost: Int) {
                if left.isEmpty { least = min(least, cost) }
                for next in left {
                    let rest = left.filter { $0 != next }
                    permute(rest, rest.reduce(cost) { $0 + costs[next * 8 + $1] })
                }
            }
            permute(Array(0..<count), 0)
            #expect(order.sorted() == Array(0..<count))
            #expect(cost(order) == least)
        }
        #expect(cheapestOrder(count: 2) { _, _ in Int.max } == nil)
    }
}
