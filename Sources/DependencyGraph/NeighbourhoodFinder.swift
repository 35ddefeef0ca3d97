/// Finds neighbourhoods in one graph; made once, asked for several budgets.
public struct NeighbourhoodFinder: Sendable {
    private let nodes: [PackageNode]
    private let current: [Int]
    private let dependencies: [NeighbourRing]
    private let dependents: [NeighbourRing]
    private let adjacency: Adjacency
    private let installed: [Bool]
    private let isWaiting: [Bool]
    private let needed: [Bool]

    /// Ranks what `current` (indices of nodes) needs and what needs it.
    ///
    /// A merge-list member comes before an installed package, a build-time dependency before a run-time one
    /// before PDEPEND, one of the `preferred` before another, a package that waits for less before one that waits for
    /// more; then the name decides. Installed packages count only as direct neighbours.
    /// - Parameter distance: how far budgets will go.
    public init(_ graph: PackageGraph, current: Set<Int>, preferred: Set<Int> = [], distance: Int = 3) {
        let adjacency = Adjacency(graph)
        let isWaiting = graph.nodes.map { $0.state == .waiting && $0.type != .installed }
        nodes = graph.nodes
        installed = graph.nodes.map { $0.type == .installed || $0.state == .installed }
        self.isWaiting = isWaiting
        self.adjacency = adjacency
        self.current = current.filter(graph.nodes.indices.contains).sorted()
        var search = RingSearch(
            start: self.current, isInstalled: installed, preferred: preferred, distance: distance)
        dependencies = search.rings { adjacency.dependencies($0) }
        dependents = search.rings(waitsFor: { adjacency.dependencies($0).count { isWaiting[$0.node] } }) {
            adjacency.dependents($0)
        }
        var isNeeded = [Bool](repeating: false, count: nodes.count)
        for ring in dependencies { for member in ring.members { isNeeded[member.node] = true } }
        self.needed = isNeeded
    }

    /// How many direct neighbours there are.
    public var directCounts: (dependencies: Int, dependents: Int) {
        (dependencies.first?.members.count ?? 0, dependents.first?.members.count ?? 0)
    }

    /// The first `count` direct neighbours of each side, the most important first, as indices of nodes.
    public func directNeighbours(_ count: Int = Int.max) -> (dependencies: [Int], dependents: [Int]) {
        func first(_ rings: [NeighbourRing]) -> [Int] { rings.first?.first(count, nodes) ?? [] }
        return (first(dependencies), first(dependents))
    }

    /// How many packages of the merge list wait and need one of these directly, and are none of them.
    public func waiting(for nodes: [Int]) -> Int {
        // What one node leads to is there once.
        if nodes.count == 1 { return adjacency.dependents(nodes[0]).count { isWaiting[$0.node] } }
        return Set(nodes.flatMap { adjacency.dependents($0).map(\.node) }.filter { isWaiting[$0] })
            .subtracting(nodes).count
    }

    /// Whether a current package needs a node, as far as the finder looks.
    public func isNeeded(_ node: Int) -> Bool { needed[node] }

    /// The neighbourhood for `budget`, reduced: an edge that a path of edges at least as strong implies is left out.
    ///
    /// Packages in `hidden` are counted as left out.
    public func neighbourhood(_ budget: NeighbourhoodBudget, hidden: Set<Int> = []) -> Neighbourhood {
        var result = Neighbourhood(items: [], edges: [])
        var itemOf: [Int: Int] = [:]
        var isShown = [Bool](repeating: false, count: nodes.count)
        var outermost: [Int] = []
        var rests: [(nodes: [Int], nearer: [Int], isDependency: Bool)] = []
        func show(_ nodes: [Int], isCurrent: Bool) {
            for node in nodes {
                isShown[node] = true
                itemOf[node] = result.items.count
                result.items.append(.init(content: .package(node), isCurrent: isCurrent))
            }
        }
        show(current, isCurrent: true)
        for (rings, isDependency) in [(dependencies, true), (dependents, false)] {
            var nearer = current
            for (distance, all) in rings.prefix(max(0, budget.distance)).enumerated() {
                // What is only next to packages that are left out would hang in the air.
                let ring = distance == 0 ? all : near(nearer, all, isDependency)
                let limit = max(0, distance == 0 ? budget.near : budget.far)
                // A rest of one would take the room of the package itself.
                let most = limit > 0 && ring.members.count == limit + 1 ? limit + 1 : limit
                let shown = ring.first(most, nodes) { !hidden.contains($0) }
                show(shown, isCurrent: false)
                if shown.count < ring.members.count {
                    rests.append((ring.members.map(\.node), nearer, isDependency))
                }
                nearer = shown
                let isLast = distance + 1 == min(rings.count, budget.distance)
                if budget.followsChains, !isDependency, isLast { outermost = shown }
            }
        }
        for chain in chains(from: outermost, shown: itemOf, hidden: hidden) { show(chain, isCurrent: false) }
        for node in itemOf.keys.sorted() {
            guard let item = itemOf[node] else { continue }
            for link in adjacency.dependencies(node) where isShown[link.node] {
                guard let other = itemOf[link.node] else { continue }
                result.edges.append(.init(dependent: item, dependency: other, kinds: link.kinds, maybe: link.maybe))
            }
        }
        reduceTransitively(&result)
        for rest in rests {
            // A chain may have some of them.
            let nodes = rest.nodes.filter { !isShown[$0] }
            addRest(nodes, rest.nearer, isDependency: rest.isDependency, itemOf, &result)
        }
        if budget.followsChains { collapseChains(&result, isWaiting: isWaiting) }
        result.edges.sort { ($0.dependency, $0.dependent) < ($1.dependency, $1.dependent) }
        return result
    }

    private func neighbours(_ node: Int, _ isDependency: Bool) -> ArraySlice<Adjacency.Link> {
        isDependency ? adjacency.dependencies(node) : adjacency.dependents(node)
    }

    /// The members of a ring that are next to one of these.
    private func near(_ nearer: [Int], _ ring: NeighbourRing, _ isDependency: Bool) -> NeighbourRing {
        var isNear = [Bool](repeating: false, count: nodes.count)
        for node in nearer { for link in neighbours(node, isDependency) { isNear[link.node] = true } }
        return NeighbourRing(members: ring.members.filter { isNear[$0.node] })
    }

    /// Adds one item for `nodes`, with an edge to every shown package of the ring before that one of them is next to.
    private func addRest(
        _ nodes: [Int], _ nearer: [Int], isDependency: Bool, _ itemOf: [Int: Int], _ result: inout Neighbourhood
    ) {
        var isLeftOut = [Bool](repeating: false, count: self.nodes.count)
        for node in nodes { isLeftOut[node] = true }
        let item = result.items.count
        var edges: [Neighbourhood.Edge] = []
        for node in nearer {
            guard let other = itemOf[node] else { continue }
            var joined: Adjacency.Link?
            for link in neighbours(node, isDependency) where isLeftOut[link.node] {
                if joined == nil { joined = link } else { joined?.join(link.kinds, maybe: link.maybe) }
            }
            guard let joined else { continue }
            edges.append(
                .init(
                    dependent: isDependency ? other : item, dependency: isDependency ? item : other,
                    kinds: joined.kinds, maybe: joined.maybe))
        }
        guard !edges.isEmpty else { return }
        let allInstalled = nodes.allSatisfy { installed[$0] }
        result.items.append(.init(content: .more(count: nodes.count, installed: allInstalled), isCurrent: false))
        result.edges += edges
    }

    /// The chains that lead on from `start`, in which every package has one dependent that waits.
    private func chains(from start: [Int], shown: [Int: Int], hidden: Set<Int>) -> [[Int]] {
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
}
