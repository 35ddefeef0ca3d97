/// The variables a dependency was written in; one edge can stand for several.
public struct DependencyKinds: OptionSet, Sendable, Hashable {
    /// One bit for each kind.
    public let rawValue: UInt8

    /// A set from its bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// BDEPEND: to build, on the machine that builds.
    public static let bdepend = DependencyKinds(rawValue: 1)
    /// DEPEND: to build.
    public static let depend = DependencyKinds(rawValue: 2)
    /// RDEPEND: to run.
    public static let rdepend = DependencyKinds(rawValue: 4)
    /// PDEPEND: to run, may be merged later.
    public static let pdepend = DependencyKinds(rawValue: 8)
    /// IDEPEND: for pkg_preinst to pkg_postrm.
    public static let idepend = DependencyKinds(rawValue: 16)

    /// All kinds with the names of their variables.
    public static let named: [(name: String, kind: DependencyKinds)] = [
        ("BDEPEND", .bdepend), ("DEPEND", .depend), ("RDEPEND", .rdepend), ("PDEPEND", .pdepend), ("IDEPEND", .idepend),
    ]

    /// The kind of one variable; nil when `name` is not one of the five.
    public init?(name: String) {
        guard let found = DependencyKinds.named.first(where: { $0.name == name }) else { return nil }
        self = found.kind
    }

    /// The names of the variables, in the order of PMS.
    public var names: [String] { DependencyKinds.named.filter { contains($0.kind) }.map(\.name) }

    /// How much the order of merges needs the edge: 3 to build, 2 to run, 1 later, 0 no kind at all.
    public var strength: Int {
        if !isDisjoint(with: [.bdepend, .depend]) { return 3 }
        if !isDisjoint(with: [.rdepend, .idepend]) { return 2 }
        return contains(.pdepend) ? 1 : 0
    }
}

/// Where a package stands in its emerge.
public enum PackageState: String, Sendable, Hashable, CaseIterable {
    /// In the merge list, not begun.
    case waiting
    /// A phase of it runs.
    case building
    /// Built; it is copied to the live system, or waits for that.
    case merging
    /// Merged by this emerge.
    case done
    /// Its build or merge failed.
    case failed
    /// It was installed before.
    case installed
}

/// What emerge does with a package.
public enum PackageType: String, Sendable, Hashable, CaseIterable {
    /// Builds it from source.
    case ebuild
    /// Merges a binary package.
    case binary
    /// Nothing: it is installed.
    case installed
}

/// A package of a merge list, or an installed one that it depends on.
public struct PackageNode: Sendable, Hashable {
    /// `category/name-version`
    public var cpv: String
    /// The root it is merged to, `/`.
    public var root: String
    /// The repository's name; empty when unknown.
    public var repository: String
    /// Where it stands.
    public var state: PackageState
    /// What emerge does with it.
    public var type: PackageType

    /// Makes a node.
    public init(
        cpv: String, root: String = "/", repository: String = "", state: PackageState = .waiting,
        type: PackageType = .ebuild
    ) {
        self.cpv = cpv
        self.root = root
        self.repository = repository
        self.state = state
        self.type = type
    }
}

/// One dependency between two packages.
public struct DependencyEdge: Sendable, Hashable {
    /// The index of the node that depends.
    public var from: Int
    /// The index of the node that it depends on.
    public var to: Int
    /// The variables that say so.
    public var kinds: DependencyKinds
    /// True when it is one of several alternatives and the choice is not known.
    public var maybe: Bool

    /// Makes an edge.
    public init(from: Int, to: Int, kinds: DependencyKinds, maybe: Bool = false) {
        self.from = from
        self.to = to
        self.kinds = kinds
        self.maybe = maybe
    }

    /// Whether the merge of `from` need not wait: PDEPEND, or one of several alternatives.
    public var isSoft: Bool { maybe || kinds.strength <= 1 }
}

/// Packages and the dependencies between them. Nodes of the merge list stand in merge order.
public struct PackageGraph: Sendable, Hashable {
    /// The packages.
    public var nodes: [PackageNode]
    /// The dependencies; those with an index that is not a node's are ignored.
    public var edges: [DependencyEdge]

    /// Makes a graph.
    public init(nodes: [PackageNode] = [], edges: [DependencyEdge] = []) {
        self.nodes = nodes
        self.edges = edges
    }

    /// The index of the package, if it is in the graph.
    public func index(cpv: String, root: String) -> Int? {
        nodes.firstIndex { $0.cpv == cpv && $0.root == root }
    }

    /// The place of a node in the merge list, from 1, and the list's length; nil for an installed package.
    public func mergePosition(of index: Int) -> (position: Int, count: Int)? {
        guard nodes.indices.contains(index), nodes[index].type != .installed else { return nil }
        var position = 0
        var count = 0
        for (other, node) in nodes.enumerated() where node.type != .installed {
            count += 1
            if other <= index { position += 1 }
        }
        return (position, count)
    }
}
