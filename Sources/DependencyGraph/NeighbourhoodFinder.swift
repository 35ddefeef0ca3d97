/// Finds neighbourhoods in one graph; made once, asked for several budgets.
public struct NeighbourhoodFinder: Sendable {
    private let current: [Int]
    private let dependencies: [[Int]]
    private let dependents: [[Int]]
    private let adjacency: Adjacency
    private let installed: [Bool]
    private let isWaiting: [Bool]

    /// Ranks what `current` (indices of nodes) needs and what needs it.
    ///
    /// A merge-list member comes before an installed package, a build-time dependency before a run-time one
    /// before PDEPEND, one of the `preferred` before another, a package that waits for less before one that waits for
    /// more; then the name decides. Installed packages count only as direct neighbours.
    /// - Parameter distance: how far budgets will go.
    public init(_ graph: PackageGraph, current: Set<Int>, preferred: Set<Int> = [], distance: Int = 3) {
        let adjacency = Adjacency(graph)
        isWaiting = graph.nodes.map { $0.state == .waiting && $0.type != .installed }
        let installed = graph.nodes.map { $0.type == .installed || $0.state == .installed }
        self.adjacency = adjacency
        self.installed = installed
        self.current = current.filter(graph.nodes.indices.contains).sorted()
        var taken = Set(self.current)
        dependencies = Self.rings(graph, self.current, installed, &taken, preferred, distance) {
            adjacency.dependencies($0)
        }
        let isWaiting = isWaiting
        dependents = Self.rings(
            graph, self.current, installed, &taken, preferred, distance,
            waitsFor: { adjacency.dependencies($0).count { isWaiting[$0.node] } }
        ) { adjacency.dependents($0) }
    }

    /// The direct neighbours, the most important first, as indices of nodes.
    public var directNeighbours: (dependencies: [Int], dependents: [Int]) {
        (dependencies.first ?? [], dependents.first ?? [])
    }

    /// Packages of the merge list that wait and need one of these directly, and are none of them.
    public func waiting(for nodes: [Int]) -> Set<Int> {
        Set(nodes.flatMap { adjacency.dependents($0).map(\.node) }.filter { isWaiting[$0] }).subtracting(nodes)
    }

    /// Whether a current package needs a node, as far as the finder looks.
    public func isNeeded(_ node: Int) -> Bool { dependencies.contains { $0.contains(node) } }

    /// The greatest distance at which there is anything.
    public var greatestDistance: Int { max(dependencies.count, dependents.count) }

    /// The neighbourhood for `budget`, reduced: an edge that a path of edges at least as strong implies is left out.
    ///
    /// Packages in `hidden` are counted as left out.
    public func neighbourhood(_ budget: NeighbourhoodBudget, hidden: Set<Int> = []) -> Neighbourhood {
        var result = Neighbourhood(items: [], edges: [])
        var itemOf: [Int: Int] = [:]
        var outermost: ArraySlice<Int> = []
        var rests: [(nodes: ArraySlice<Int>, nearer: ArraySlice<Int>, isDependency: Bool)] = []
        func show(_ nodes: ArraySlice<Int>, isCurrent: Bool) {
            for node in nodes {
                itemOf[node] = result.items.count
                result.items.append(.init(content: .package(node), isCurrent: isCurrent))
            }
        }
        show(current[...], isCurrent: true)
        for (rings, isDependency) in [(dependencies, true), (dependents, false)] {
            var nearer = current[...]
            for (distance, all) in rings.prefix(max(0, budget.distance)).enumerated() {
                // What is only next to packages that are left out would hang in the air.
                var near: Set<Int> = []
                for node in nearer {
                    for link in isDependency ? adjacency.dependencies(node) : adjacency.dependents(node) {
                        near.insert(link.node)
                    }
                }
                let all = distance == 0 ? all : all.filter(near.contains)
                let ring = hidden.isEmpty ? all : all.filter { !hidden.contains($0) } + all.filter(hidden.contains)
                let most = hidden.isEmpty ? ring.count : ring.count { !hidden.contains($0) }
                let limit = max(0, distance == 0 ? budget.near : budget.far)
                // A rest of one would take the room of the package itself.
                let shown = ring.prefix(min(most, limit > 0 && ring.count == limit + 1 ? limit + 1 : limit))
                show(shown, isCurrent: false)
                let rest = ring.dropFirst(shown.count)
                if !rest.isEmpty { rests.append((rest, nearer, isDependency)) }
                nearer = shown
                let isLast = distance + 1 == min(rings.count, budget.distance)
                if budget.followsChains, !isDependency, isLast {
                    outermost = shown
                }
            }
        }
        for chain in chains(from: outermost, shown: itemOf, hidden: hidden) { show(chain[...], isCurrent: false) }
        for node in itemOf.keys.sorted() {
            guard let item = itemOf[node] else { continue }
            for link in adjacency.dependencies(node) {
                guard let other = itemOf[link.node] else { continue }
                result.edges.append(.init(dependent: item, dependency: other, kinds: link.kinds, maybe: link.maybe))
            }
        }
        reduceTransitively(&result)
        for rest in rests { addRest(rest.nodes, rest.nearer, isDependency: rest.isDependency, itemOf, &result) }
        if budget.followsChains { collapseChains(&result, isWaiting: isWaiting) }
        result.edges.sort { ($0.dependency, $0.dependent) < ($1.dependency, $1.dependent) }
        return result
    }

    /// Adds one item for `nodes`, with an edge to every shown package of the ring before that one of them is next to.
    private func addRest(
        _ nodes: ArraySlice<Int>, _ nearer: ArraySlice<Int>, isDependency: Bool, _ itemOf: [Int: Int],
        _ result: inout Neighbourhood
    ) {
        let hidden = Set(nodes)
        let item = result.items.count
        var edges: [Neighbourhood.Edge] = []
        for node in nearer {
            guard let other = itemOf[node] else { continue }
            let links = isDependency ? adjacency.dependencies(node) : adjacency.dependents(node)
            let found = links.filter { hidden.contains($0.node) }
            guard !found.isEmpty else { continue }
            // What is certain for one of them is certain, and alternatives add no kind to it.
            let certain = found.filter { !$0.maybe }
            edges.append(
                .init(
                    dependent: isDependency ? other : item, dependency: isDependency ? item : other,
                    kinds: (certain.isEmpty ? found : certain).reduce(into: []) { $0.formUnion($1.kinds) },
                    maybe: certain.isEmpty))
        }
        guard !edges.isEmpty else { return }
        let allInstalled = nodes.allSatisfy { installed[$0] }
        result.items.append(.init(content: .more(count: nodes.count, installed: allInstalled), isCurrent: false))
        result.edges += edges
    }

    private static func rings(
        _ graph: PackageGraph, _ start: [Int], _ installed: [Bool], _ taken: inout Set<Int>, _ preferred: Set<Int>,
        _ distance: Int, waitsFor: (Int) -> Int = { _ in 0 }, _ neighbours: (Int) -> ArraySlice<Adjacency.Link>
    ) -> [[Int]] {
        var rings: [[Int]] = []
        var frontier = start
        while !frontier.isEmpty, rings.count < distance {
            var strengths: [Int: Int] = [:]
            for node in frontier {
                for link in neighbours(node) where !taken.contains(link.node) {
                    if !rings.isEmpty, installed[link.node] { continue }
                    let strength = link.maybe ? 0 : link.kinds.strength
                    strengths[link.node] = max(strengths[link.node] ?? 0, strength)
                }
            }
            frontier = strengths.map { node, strength in
                Candidate(
                    isInstalled: installed[node], strength: strength, isPreferred: preferred.contains(node),
                    waitsFor: waitsFor(node), name: graph.nodes[node].cpv, node: node)
            }.sorted().map(\.node)
            taken.formUnion(frontier)
            if !frontier.isEmpty { rings.append(frontier) }
            frontier.removeAll { installed[$0] }
        }
        return rings
    }

    /// The chains that lead on from `start`, in which every package has one dependent that waits.
    private func chains(from start: ArraySlice<Int>, shown: [Int: Int], hidden: Set<Int>) -> [[Int]] {
        var taken: Set<Int> = []
        var chains: [[Int]] = []
        for node in start {
            var chain: [Int] = []
            var last = node
            while chain.count < 200 {
                let next = adjacency.dependents(last).filter { isWaiting[$0.node] }
                guard next.count == 1, let only = next.first?.node, shown[only] == nil, !hidden.contains(only),
                    taken.insert(only).inserted
                else { break }
                chain.append(only)
                last = only
            }
            // Two at least are collapsed, and the end is shown.
            if chain.count >= 3 { chains.append(chain) }
        }
        return chains
    }

    private struct Candidate: Comparable {
        var isInstalled: Bool
        var strength: Int
        var isPreferred: Bool
        var waitsFor: Int
        var name: String
        var node: Int

        static func < (left: Candidate, right: Candidate) -> Bool {
            if left.isInstalled != right.isInstalled { return right.isInstalled }
            if left.strength != right.strength { return left.strength > right.strength }
            if left.isPreferred != right.isPreferred { return left.isPreferred }
            if left.waitsFor != right.waitsFor { return left.waitsFor < right.waitsFor }
            return (left.name, left.node) < (right.name, right.node)
        }
    }
}
