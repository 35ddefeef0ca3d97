/// Finds neighbourhoods in one graph; made once, asked for several budgets.
public struct NeighbourhoodFinder: Sendable {
    private let current: [Int]
    private let dependencies: [[Int]]
    private let dependents: [[Int]]
    private let adjacency: Adjacency
    private let installed: [Bool]

    /// Ranks what `current` (indices of nodes) needs and what needs it.
    ///
    /// A merge-list member comes before an installed package, a build-time dependency before a run-time one
    /// before PDEPEND, then the name decides. Installed packages count only as direct neighbours.
    public init(_ graph: PackageGraph, current: Set<Int>) {
        let adjacency = Adjacency(graph)
        let installed = graph.nodes.map { $0.type == .installed || $0.state == .installed }
        self.adjacency = adjacency
        self.installed = installed
        self.current = current.filter(graph.nodes.indices.contains).sorted()
        var taken = Set(self.current)
        dependencies = Self.rings(graph, self.current, installed, &taken) { adjacency.dependencies[$0] }
        dependents = Self.rings(graph, self.current, installed, &taken) { adjacency.dependents[$0] }
    }

    /// The direct neighbours, the most important first, as indices of nodes.
    public var directNeighbours: (dependencies: [Int], dependents: [Int]) {
        (dependencies.first ?? [], dependents.first ?? [])
    }

    /// The greatest distance at which there is anything.
    public var greatestDistance: Int { max(dependencies.count, dependents.count) }

    /// The neighbourhood for `budget`, reduced: an edge that a path of edges at least as strong implies is left out.
    public func neighbourhood(_ budget: NeighbourhoodBudget) -> Neighbourhood {
        var result = Neighbourhood(items: [], edges: [])
        var itemOf: [Int: Int] = [:]
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
            for (distance, ring) in rings.prefix(max(0, budget.distance)).enumerated() {
                let limit = max(0, distance == 0 ? budget.near : budget.far)
                // A rest of one would take the room of the package itself.
                let shown = ring.prefix(limit > 0 && ring.count == limit + 1 ? limit + 1 : limit)
                show(shown, isCurrent: false)
                let rest = ring.dropFirst(shown.count)
                if !rest.isEmpty { rests.append((rest, nearer, isDependency)) }
                nearer = shown
            }
        }
        for node in itemOf.keys.sorted() {
            guard let item = itemOf[node] else { continue }
            for link in adjacency.dependencies[node] {
                guard let other = itemOf[link.node] else { continue }
                result.edges.append(.init(dependent: item, dependency: other, kinds: link.kinds, maybe: link.maybe))
            }
        }
        reduceTransitively(&result)
        for rest in rests { addRest(rest.nodes, rest.nearer, isDependency: rest.isDependency, itemOf, &result) }
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
            let links = isDependency ? adjacency.dependencies[node] : adjacency.dependents[node]
            let found = links.filter { hidden.contains($0.node) }
            guard !found.isEmpty else { continue }
            edges.append(
                .init(
                    dependent: isDependency ? other : item, dependency: isDependency ? item : other,
                    kinds: found.reduce(into: []) { $0.formUnion($1.kinds) }, maybe: found.allSatisfy(\.maybe)))
        }
        guard !edges.isEmpty else { return }
        let allInstalled = nodes.allSatisfy { installed[$0] }
        result.items.append(.init(content: .more(count: nodes.count, installed: allInstalled), isCurrent: false))
        result.edges += edges
    }

    private static func rings(
        _ graph: PackageGraph, _ start: [Int], _ installed: [Bool], _ taken: inout Set<Int>,
        _ neighbours: (Int) -> [Adjacency.Link]
    ) -> [[Int]] {
        var rings: [[Int]] = []
        var frontier = start
        while !frontier.isEmpty {
            var strengths: [Int: Int] = [:]
            for node in frontier {
                for link in neighbours(node) where !taken.contains(link.node) {
                    if !rings.isEmpty, installed[link.node] { continue }
                    let strength = link.maybe ? 0 : link.kinds.strength
                    strengths[link.node] = max(strengths[link.node] ?? 0, strength)
                }
            }
            func key(_ entry: (key: Int, value: Int)) -> (Int, Int, String, Int) {
                (installed[entry.key] ? 1 : 0, -entry.value, graph.nodes[entry.key].cpv, entry.key)
            }
            frontier = strengths.sorted { key($0) < key($1) }.map(\.key)
            taken.formUnion(frontier)
            if !frontier.isEmpty { rings.append(frontier) }
            frontier.removeAll { installed[$0] }
        }
        return rings
    }
}
