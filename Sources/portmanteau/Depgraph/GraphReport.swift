import DependencyGraph
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
}
