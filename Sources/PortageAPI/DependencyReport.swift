/// The packages of a merge list, what they need directly, and why. Encoded, it is the JSON of `depgraph --json`.
public struct DependencyReport: Codable, Equatable, Sendable {
    /// Where a package stands. Of a merge list alone only waiting and installed are known.
    public enum State: String, Codable, Sendable {
        /// In the merge list.
        case waiting
        /// A phase of it runs.
        case building
        /// Built, it is being copied to the live system.
        case merging
        /// Merged by this emerge.
        case done
        /// Its build or merge failed.
        case failed
        /// In the installed database, and needed by one in the list.
        case installed
    }

    /// The variable of the ebuild that an edge comes from.
    public enum Kind: String, Codable, Sendable, CaseIterable {
        case BDEPEND, DEPEND, RDEPEND, PDEPEND, IDEPEND
    }

    /// A package.
    public struct Node: Codable, Equatable, Sendable {
        /// Category, name and version.
        public let cpv: String
        /// The root that it is or will be in, with a slash at the end.
        public let root: String
        /// Its repository; empty if unknown.
        public let repo: String
        /// Where it stands.
        public let state: State
        /// `ebuild`, `binary` or `installed`.
        public let type: String

        /// A node of these values.
        public init(cpv: String, root: String, repo: String, state: State, type: String) {
            self.cpv = cpv
            self.root = root
            self.repo = repo
            self.state = state
            self.type = type
        }
    }

    /// `from` depends on `to`; both are indices into the nodes.
    public struct Edge: Codable, Equatable, Sendable {
        /// The package that has the dependency.
        public let from: Int
        /// The package that satisfies it.
        public let to: Int
        /// Every variable that names it, in Portage's order.
        public let kinds: [Kind]
        /// Whether emerge may have chosen another alternative of a `||`, or does not need this one for the merge: what a
        /// binary package was built with.
        public let maybe: Bool

        /// An edge of these values.
        public init(from: Int, to: Int, kinds: [Kind], maybe: Bool) {
            self.from = from
            self.to = to
            self.kinds = kinds
            self.maybe = maybe
        }
    }

    /// First the packages of the merge list in its order, then the installed ones.
    public let nodes: [Node]
    /// Sorted by `from`, then `to`; no pair twice.
    public let edges: [Edge]

    /// A report of these nodes and edges.
    public init(nodes: [Node], edges: [Edge]) {
        self.nodes = nodes
        self.edges = edges
    }
}
