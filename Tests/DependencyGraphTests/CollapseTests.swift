@testable import DependencyGraph
import Testing

/// What is drawn as one item, and which edge of a cycle is turned round.
@Suite struct CollapseTests {
    private static let budget = NeighbourhoodBudget(distance: 2, near: 12, far: 4, followsChains: true)

    private func part(
        _ count: Int, _ edges: [(Int, Int, DependencyKinds)], current: Set<Int> = [0], done: Set<Int> = []
    ) -> Neighbourhood {
        let graph = PackageGraph(
            nodes: (0..<count).map { PackageNode(cpv: "c/p\($0)-1", state: done.contains($0) ? .done : .waiting) },
            edges: edges.map { DependencyEdge(from: $0.0, to: $0.1, kinds: $0.2) })
        return NeighbourhoodFinder(graph, current: current).neighbourhood(Self.budget)
    }

    private func name(_ item: Neighbourhood.Item) -> String {
        switch item.content {
        case .package(let node): "p\(node)"
        case .chain(let nodes): "(" + nodes.map { "p\($0)" }.joined(separator: " ") + ")"
        case .more(let count, _): "+\(count)"
        }
    }

    /// `p1 > p0` for an edge of p1 to what it depends on.
    private func edges(_ part: Neighbourhood) -> Set<String> {
        Set(part.edges.map { "\(name(part.items[$0.dependent])) > \(name(part.items[$0.dependency]))" })
    }

    private func reversed(_ part: Neighbourhood) -> Set<String> {
        Set(
            zip(part.edges, edgesToReverse(part)).filter(\.1).map { edge, _ in
                "\(name(part.items[edge.dependent])) > \(name(part.items[edge.dependency]))"
            })
    }

    // MARK: - Chains

    @Test("what only waits for the one before is one item, with its number, up to the last") func chain() {
        let part = part(7, (1..<7).map { ($0, $0 - 1, .depend) })
        #expect(edges(part) == ["p1 > p0", "(p2 p3 p4 p5) > p1", "p6 > (p2 p3 p4 p5)"])
        #expect(part.packages.sorted() == [0, 1, 6])
    }

    @Test("one that waits alone stays, and so does what branches, is merged, or is next to the current one")
    func noChain() {
        // p2 alone between p1 and p3, which three need.
        let branch = part(
            7, [(1, 0, .depend), (2, 1, .depend), (3, 2, .depend), (4, 3, .depend), (5, 3, .depend), (6, 3, .depend)])
        #expect(edges(branch) == ["p1 > p0", "p2 > p1"])
        // A merged one is no part of a chain.
        let merged = part(6, (1..<6).map { ($0, $0 - 1, .depend) }, done: [3])
        #expect(edges(merged) == ["p1 > p0", "p2 > p1"])
        // All that is above the current one is next to it, or next to that.
        let above = part(4, (1..<4).map { ($0, $0 - 1, .depend) }, current: [3])
        #expect(edges(above) == ["p3 > p2", "p2 > p1"])
    }

    @Test("two chains from one package are two items, and keep the kinds of their ends") func twoChains() throws {
        let part = part(
            11,
            [(1, 0, .depend)] + [(2, 1, .rdepend), (3, 2, .depend), (4, 3, .depend), (5, 4, .pdepend)]
                + [(6, 1, .depend), (7, 6, .depend), (8, 7, .depend), (9, 8, .depend), (10, 9, .rdepend)])
        #expect(
            edges(part) == [
                "p1 > p0", "(p2 p3 p4) > p1", "p5 > (p2 p3 p4)", "(p6 p7 p8 p9) > p1", "p10 > (p6 p7 p8 p9)",
            ])
        func kinds(_ text: String) -> DependencyKinds? {
            part.edges.first { "\(name(part.items[$0.dependent])) > \(name(part.items[$0.dependency]))" == text }?.kinds
        }
        #expect(kinds("(p2 p3 p4) > p1") == .rdepend)
        #expect(kinds("p5 > (p2 p3 p4)") == .pdepend)
        #expect(kinds("p10 > (p6 p7 p8 p9)") == .rdepend)
    }

    // MARK: - Cycles

    @Test("of a cycle the softest edge is turned round, and no other") func cycles() {
        #expect(reversed(part(2, [(1, 0, .depend), (0, 1, .pdepend)])) == ["p0 > p1"])
        #expect(reversed(part(3, [(1, 0, .depend), (2, 1, .rdepend), (0, 2, .pdepend)])) == ["p0 > p2"])
        #expect(reversed(part(3, [(1, 0, .rdepend), (2, 1, .depend), (0, 2, .depend)])) == ["p1 > p0"])
        #expect(reversed(part(3, [(1, 0, .depend), (2, 1, .depend), (2, 0, .depend)])).isEmpty)
        // Of equals one only.
        #expect(reversed(part(2, [(1, 0, .rdepend), (0, 1, .rdepend)])).count == 1)
    }

    @Test("an alternative that is not known is softer than PDEPEND") func maybe() {
        let graph = PackageGraph(
            nodes: (0..<3).map { PackageNode(cpv: "c/p\($0)-1") },
            edges: [
                DependencyEdge(from: 1, to: 0, kinds: .depend, maybe: true),
                DependencyEdge(from: 2, to: 1, kinds: .pdepend), DependencyEdge(from: 0, to: 2, kinds: .depend),
            ])
        let part = NeighbourhoodFinder(graph, current: [0]).neighbourhood(Self.budget)
        #expect(reversed(part) == ["p1 > p0"])
    }

    @Test("every cycle loses one edge, and only edges of cycles are turned") func severalCycles() {
        let part = part(
            6,
            [
                (1, 0, .depend), (0, 1, .pdepend), (3, 2, .rdepend), (2, 3, .pdepend), (4, 1, .depend), (4, 3, .depend),
                (5, 4, .depend),
            ], current: [0, 2])
        #expect(reversed(part) == ["p0 > p1", "p2 > p3"])
    }
}
