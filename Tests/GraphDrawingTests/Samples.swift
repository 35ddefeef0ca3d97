import DependencyGraph

/// Random graphs that are the same in every run.
struct Samples {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 2_862_933_555_777_941_757 &+ 3_037_000_493 }

    mutating func next(below limit: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % limit
    }

    /// Packages `cat-N/pkgM-V`, each with about `degree` dependencies; PDEPEND may close cycles.
    mutating func graph(count: Int, degree: Int) -> PackageGraph {
        let kinds: [DependencyKinds] = [[.depend, .rdepend], .rdepend, .bdepend, [.depend, .rdepend]]
        var graph = PackageGraph()
        for index in 0..<count {
            graph.nodes.append(
                PackageNode(
                    cpv: "cat-\(next(below: 3))/pkg\(index)-\(next(below: 4))", repository: "example",
                    state: [.waiting, .building, .done][next(below: 3)]))
            guard index > 0 else { continue }
            for _ in 0..<(1 + next(below: degree * 2)) {
                graph.edges.append(
                    DependencyEdge(
                        from: index, to: next(below: index), kinds: kinds[next(below: kinds.count)],
                        maybe: next(below: 12) == 0))
            }
            if next(below: 6) == 0 {
                graph.edges.append(DependencyEdge(from: next(below: index), to: index, kinds: .pdepend))
            }
        }
        return graph
    }

    /// A merge list of the shape that real ones have: a few packages that a third of all need, some that are installed, and
    /// long chains; PDEPEND may close cycles.
    mutating func mergeList(count: Int) -> PackageGraph {
        let kinds: [DependencyKinds] = [[.depend, .rdepend], .rdepend, .bdepend, [.bdepend, .depend]]
        var graph = PackageGraph()
        for index in 0..<count {
            let isInstalled = index > 4 && next(below: 4) == 0
            graph.nodes.append(
                PackageNode(
                    cpv: "\(["dev-libs", "media-libs", "sys-apps"][next(below: 3)])/pkg\(index)-\(next(below: 10))",
                    repository: "example", state: isInstalled ? .installed : .waiting,
                    type: isInstalled ? .installed : .ebuild))
            guard index > 0, !isInstalled else { continue }
            var targets: Set<Int> = []
            for hub in 0..<min(index, 4) where next(below: 3) == 0 { targets.insert(hub) }
            for _ in 0..<(1 + next(below: 4)) { targets.insert(index - 1 - next(below: min(index, 25))) }
            for target in targets.sorted() {
                graph.edges.append(
                    DependencyEdge(
                        from: index, to: target, kinds: kinds[next(below: kinds.count)], maybe: next(below: 30) == 0))
            }
            if next(below: 12) == 0 {
                graph.edges.append(DependencyEdge(from: next(below: index), to: index, kinds: .pdepend))
            }
        }
        // What is installed depends on nothing that is known.
        graph.edges.removeAll { graph.nodes[$0.from].type == .installed }
        return graph
    }
}
