public import BinpkgModel

/// One that packages can be built in, as the choice sees it: a root, or layers of installed packages over one.
public struct PooledEnvironment: Equatable, Sendable {
    /// Its identity. Equal identity means equal content.
    public var id: String
    /// The environment whose layers are below this one's; nil for a root, which is always there and counts for nothing.
    public var parent: String?
    /// All that is installed in it.
    public var packages: PackageSet
    /// How many packages its layers installed.
    public var layered: Int
    /// Its C library's CPV; empty when unknown.
    public var libc: String
    /// What its own layer takes on disk.
    public var bytes: Int
    /// When it was used last, in seconds of any clock.
    public var lastUse: Double
    /// How often it was used.
    public var uses: Int
    /// Whether something is being built in it.
    public var isBusy: Bool
    /// Whose requests may use it; nil when nothing in it came from a client.
    public var trustDomain: String?

    /// An environment of these values.
    public init(
        id: String, parent: String? = nil, packages: PackageSet, layered: Int = 0, libc: String = "", bytes: Int = 0,
        lastUse: Double = 0, uses: Int = 0, isBusy: Bool = false, trustDomain: String? = nil
    ) {
        self.id = id
        self.parent = parent
        self.packages = packages
        self.layered = layered
        self.libc = libc
        self.bytes = bytes
        self.lastUse = lastUse
        self.uses = uses
        self.isBusy = isBusy
        self.trustDomain = trustDomain
    }

    /// Whether it is a root, without layers.
    public var isRoot: Bool { parent == nil }

    /// Its distance from what a request wants.
    public func distance(to needs: EnvironmentNeeds) -> EnvironmentDistance {
        EnvironmentDistance(from: packages, to: needs, layered: layered)
    }

    /// The class of accuracy that a build in it has, if nothing more is installed; nil when its C library is newer than
    /// the asking machine's.
    public func accuracy(for needs: EnvironmentNeeds) -> Accuracy? {
        let found = needs.packages.compactMap(packages.counterpart(of:))
        return DependencyComparison(
            wanted: needs.packages, wantedLibc: needs.libc, found: found, foundLibc: libc
        ).accuracy
    }

    /// Whether something of all that is wanted is there, in whatever version.
    func hasAll(of needs: EnvironmentNeeds) -> Bool {
        needs.packages.allSatisfy { packages.counterpart(of: $0) != nil }
            && needs.atoms.allSatisfy { $0.contains(where: packages.satisfies) }
    }

    /// Whether a request may use it: by trust, and by the C library.
    public func isOpen(to needs: EnvironmentNeeds) -> Bool {
        (trustDomain == nil || trustDomain == needs.trustDomain)
            && DependencyComparison(wanted: [], wantedLibc: needs.libc, found: [], foundLibc: libc).accuracy != nil
    }
}

/// How many environments are kept, and how far a request may be from the one it is built in.
public struct PoolLimits: Equatable, Sendable {
    /// How many environments with layers are kept; roots do not count.
    public var environments: Int
    /// What their layers may take on disk, in bytes.
    public var bytes: Int
    /// Up to this weight of an ``EnvironmentDistance`` an environment is taken as it is, even where there is room for a
    /// nearer one.
    public var tolerance: Int

    /// Limits of these values.
    public init(environments: Int, bytes: Int = .max, tolerance: Int = 0) {
        self.environments = environments
        self.bytes = bytes
        self.tolerance = tolerance
    }
}
