import DependencyGraph

/// Graphs to draw, the same in every run.
enum DrawingGraphs {
    /// `count` packages in merge order, each with up to `degree` dependencies on earlier ones; the first is needed by a
    /// third of the others, as a C library is.
    static func random(_ count: Int, degree: UInt64, seed: UInt64) -> PackageGraph {
        var generator = SplitMix64(state: seed)
        let kinds: [DependencyKinds] = [[.depend, .rdepend], .rdepend, .bdepend, [.depend, .rdepend]]
        var graph = PackageGraph()
        for index in 0..<count {
            graph.nodes.append(
                PackageNode(
                    cpv: "dev-libs/pkg\(index)-\(1 + generator.next() % 9).\(generator.next() % 30)",
                    repository: "example", state: index < count / 2 ? .done : .waiting))
            guard index > 0 else { continue }
            var targets: Set<Int> = generator.next() % 3 == 0 ? [0] : []
            for _ in 0..<(1 + generator.next() % degree) { targets.insert(Int(generator.next() % UInt64(index))) }
            for target in targets.sorted() {
                graph.edges.append(
                    DependencyEdge(from: index, to: target, kinds: kinds[Int(generator.next() % 4)]))
            }
        }
        return graph
    }

    /// A diamond with long edges.
    static let desktop = PackageGraph(
        nodes: [
            "x11-libs/libdrm-2.4", "media-libs/mesa-25.1", "dev-qt/qtbase-6.8", "kde-frameworks/kconfig-6.1",
            "kde-frameworks/kcoreaddons-6.1", "kde-plasma/kwin-6.1",
        ].map { PackageNode(cpv: $0) },
        edges: [(1, 0), (2, 1), (2, 0), (3, 2), (4, 2), (5, 3), (5, 4), (5, 2)].map {
            DependencyEdge(from: $0.0, to: $0.1, kinds: [.depend, .rdepend])
        })

    /// What the pictures of several programs are compared on.
    static let compared: [(name: String, graph: PackageGraph, current: Int)] = [
        ("diamond, 6 packages", desktop, 2),
        ("random, 12 packages", random(12, degree: 2, seed: 12), 6),
        ("random, 20 packages", random(20, degree: 2, seed: 20), 10),
        ("random, 30 packages", random(30, degree: 2, seed: 30), 15),
    ]
}
