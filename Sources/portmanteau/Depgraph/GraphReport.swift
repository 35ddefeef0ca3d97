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
