/// The part of a graph around the current packages that is small enough to be drawn.
public struct Neighbourhood: Sendable, Hashable {
    /// What an item stands for.
    public enum Content: Sendable, Hashable {
        /// The node of the graph with this index.
        case package(Int)
        /// Nodes that are left out: how many, and whether all of them are installed packages.
        case more(count: Int, installed: Bool)
        /// Waiting packages of which each needs the one before, and none is joined with anything else in the part, as one
        /// item; indices of nodes, dependencies first.
        case chain([Int])
    }

    /// A package or the rest.
    public struct Item: Sendable, Hashable {
        /// What it stands for.
        public var content: Content
        /// Whether it is one of the packages the picture is about.
        public var isCurrent: Bool
    }

    /// A dependency between two items.
    public struct Edge: Sendable, Hashable {
        /// The index of the item that depends.
        public var dependent: Int
        /// The index of the item that it depends on.
        public var dependency: Int
        /// The variables that say so.
        public var kinds: DependencyKinds
        /// True when it is one of several alternatives.
        public var maybe: Bool
    }

    /// The items; the current ones first, then by distance and importance.
    public var items: [Item]
    /// The edges between them, after transitive reduction.
    public var edges: [Edge]
}

extension Neighbourhood {
    /// The nodes that are shown as themselves.
    public var packages: [Int] { items.compactMap { if case .package(let node) = $0.content { node } else { nil } } }
}

/// How much of the graph to take.
public struct NeighbourhoodBudget: Sendable, Hashable {
    /// How far from the current packages, in edges.
    public var distance: Int
    /// How many packages on each side at distance 1.
    public var near: Int
    /// How many packages on each side at each greater distance.
    public var far: Int

    /// Whether chains of waiting packages are followed beyond the distance, and collapsed.
    public var followsChains: Bool

    /// Makes a budget.
    public init(distance: Int, near: Int, far: Int, followsChains: Bool = false) {
        self.followsChains = followsChains
        self.distance = distance
        self.near = near
        self.far = far
    }
}
