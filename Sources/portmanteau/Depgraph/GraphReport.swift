import DependencyGraph
import PackageModel
import PortageAPI

extension PackageGraph {
    /// The graph of what Portage reports. Its values are known words; an unknown one becomes the nearest.
    init(_ report: DependencyReport) {
        self.init(
            nodes: report.nodes.map { node in
                PackageNode(
                    cpv: node.cpv, root: node.root, repository: node.repo,
                    state: node.state == .installed ? .installed : .waiting,
                    type: PackageType(rawValue: node.type) ?? .ebuild)
            },
            edges: report.edges.map { edge in
                let kinds = edge.kinds.compactMap { DependencyKinds(name: $0.rawValue) }
                return DependencyEdge(
                    from: edge.from, to: edge.to, kinds: kinds.reduce(into: DependencyKinds()) { $0.formUnion($1) },
                    maybe: edge.maybe)
            })
    }

    /// The graph with these packages first, as part of the merge list; those that it has already, as installed ones, keep
    /// their edges.
    func leading(_ packages: [PackageNode]) -> PackageGraph {
        guard !packages.isEmpty else { return self }
        let places = packages.map { package in nodes.firstIndex { $0.cpv == package.cpv && $0.root == package.root } }
        let rest = nodes.indices.filter { !places.contains($0) }
        var moved: [Int: Int] = [:]
        for (new, old) in (places + rest.map(Optional.some)).enumerated() { if let old { moved[old] = new } }
        return PackageGraph(
            nodes: packages + rest.map { nodes[$0] },
            edges: edges.compactMap { edge in
                guard let from = moved[edge.from], let to = moved[edge.to] else { return nil }
                return DependencyEdge(from: from, to: to, kinds: edge.kinds, maybe: edge.maybe)
            })
    }

    /// The packages that a text names: a CPV, an atom without slot, USE and repository, or a name without category.
    /// Those of the merge list, if there are any.
    func indices(matching text: String) -> [Int] {
        let atom = try? Atom(text)
        let found = nodes.indices.filter { index in
            if nodes[index].cpv == text { return true }
            guard let package = CPV(nodes[index].cpv) else { return false }
            return package.name == text || package.nameAndVersion == text || atom?.matches(package) == true
        }
        let listed = found.filter { nodes[$0].type != .installed }
        return listed.isEmpty ? found : listed
    }
}

extension DependencyReport {
    /// The report of a graph, with where each package stands.
    init(_ graph: PackageGraph) {
        self.init(
            nodes: graph.nodes.map { node in
                Node(
                    cpv: node.cpv, root: node.root, repo: node.repository,
                    state: State(rawValue: node.state.rawValue) ?? .waiting, type: node.type.rawValue)
            },
            edges: graph.edges.map { edge in
                Edge(
                    from: edge.from, to: edge.to, kinds: edge.kinds.names.compactMap { Kind(rawValue: $0) },
                    maybe: edge.maybe)
            })
    }
}
