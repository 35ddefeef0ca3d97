import DependencyGraph

/// Random graphs that are the same in every run.
struct RandomGraphs {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 2_862_933_555_777_941_757 &+ 3_037_000_493 }

    mutating func next(below limit: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % limit
    }

    /// A graph of `count` packages with about `degree` dependencies each.
    mutating func graph(count: Int, degree: Int, cyclic: Bool) -> PackageGraph {
        let kinds: [DependencyKinds] = [[.depend, .rdepend], .rdepend, .bdepend, .pdepend, [.bdepend, .idepend]]
        var graph = PackageGraph()
        for index in 0..<count {
            let state = PackageState.allCases[next(below: PackageState.allCases.count)]
            graph.nodes.append(
                PackageNode(
                    cpv: "cat-\(next(below: 3))/pkg\(index)-\(next(below: 4))", root: "/", repository: "example",
                    state: state, type: state == .installed ? .installed : .ebuild))
            guard index > 0 || cyclic else { continue }
            for _ in 0..<next(below: degree * 2 + 1) {
                graph.edges.append(
                    DependencyEdge(
                        from: index, to: next(below: cyclic ? count : index), kinds: kinds[next(below: kinds.count)],
                        maybe: next(below: 8) == 0))
            }
        }
        return graph
    }
}
