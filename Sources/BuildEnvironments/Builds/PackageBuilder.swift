public import BinpkgModel

/// One build as it is ordered.
public struct BuildOrder: Sendable {
    /// What to build.
    public let request: BuildRequest
    /// Whose it is alone; nil for what nobody sent anything of, and so is everybody's.
    public let trustDomain: String?
    /// An empty directory, which the caller removes afterwards, the result included.
    public let workspace: String
    /// The content of an item that was sent; nil if there is none.
    public let bytes: @Sendable (ContentItem) -> [UInt8]?
    /// Packages that are there already.
    public let stored: @Sendable (StoredPackageQuestion) async -> StoredPackage?
    /// Gets the output as it comes.
    public let log: @Sendable ([UInt8]) async -> Void

    /// An order of these values.
    public init(
        request: BuildRequest, trustDomain: String? = nil, workspace: String,
        bytes: @escaping @Sendable (ContentItem) -> [UInt8]?,
        stored: @escaping @Sendable (StoredPackageQuestion) async -> StoredPackage? = { _ in nil },
        log: @escaping @Sendable ([UInt8]) async -> Void
    ) {
        self.request = request
        self.trustDomain = trustDomain
        self.workspace = workspace
        self.bytes = bytes
        self.stored = stored
        self.log = log
    }
}

/// A package that is wanted as it would be built here.
public struct StoredPackageQuestion: Equatable, Sendable {
    /// The primary key of what would be built.
    public let key: String
    /// What it would be built with.
    public let vector: DependencyVector

    /// A question of these values.
    public init(key: String, vector: DependencyVector) {
        self.key = key
        self.vector = vector
    }
}

/// A package that was built before.
public struct StoredPackage: Equatable, Sendable {
    /// Its file, which is only read.
    public let path: String
    /// Whose alone it is; nil for everybody's.
    public let trustDomain: String?

    /// A package of these values.
    public init(path: String, trustDomain: String?) {
        self.path = path
        self.trustDomain = trustDomain
    }
}

/// Whoever can turn a request into a package.
public protocol PackageBuilder: Sendable {
    /// The items of a request that have to be sent because the builder's own repositories do not have them.
    func itemsFromOutside(_ request: BuildRequest) async throws(BuildError) -> [ContentItem]

    /// Builds.
    func build(_ order: BuildOrder) async throws(BuildError) -> BuildResult
}
