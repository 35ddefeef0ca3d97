public import BinpkgModel
import Posix

/// Whoever can turn a request into a package.
public protocol PackageBuilder: Sendable {
    /// The items of a request that have to be sent because the builder's own repositories do not have them.
    func itemsFromOutside(_ request: BuildRequest) async throws(BuildError) -> [ContentItem]

    /// Builds. The workspace is an empty directory that the caller removes afterwards, the result included.
    ///
    /// - Parameters:
    ///   - bytes: the content of an item that was sent; nil if there is none.
    ///   - log: gets the output as it comes.
    func build(
        _ request: BuildRequest, workspace: String, bytes: @escaping @Sendable (ContentItem) -> [UInt8]?,
        log: @escaping @Sendable ([UInt8]) async -> Void
    ) async throws(BuildError) -> BuildResult
}

/// Builds on this machine, each package in an environment of its own over the machine's own root.
public actor LocalBuilder: PackageBuilder {
    private let host: BuildHost
    private var known: (facts: HostFacts, until: MonotonicTime)?

    /// How long what Portage says of the host is believed, in milliseconds.
    private static let factsLife = 30_000

    /// A builder on this host.
    public init(host: BuildHost) {
        self.host = host
    }

    /// Asks Portage what it knows of this machine, so that a machine that cannot build is noticed at once.
    public func check() async throws(BuildError) { _ = try await facts() }

    /// The items that this host's repositories do not have byte for byte.
    public func itemsFromOutside(_ request: BuildRequest) async throws(BuildError) -> [ContentItem] {
        PackageContent(request: request, facts: try await facts()).itemsFromOutside()
    }

    /// Builds in a new environment below the workspace.
    public func build(
        _ request: BuildRequest, workspace: String, bytes: @escaping @Sendable (ContentItem) -> [UInt8]?,
        log: @escaping @Sendable ([UInt8]) async -> Void
    ) async throws(BuildError) -> BuildResult {
        let facts = try await facts()
        let content = PackageContent(request: request, facts: facts)
        let build = PackageBuild(
            request: request, host: host, facts: facts, workspace: workspace,
            bytes: { item throws(BuildError) in
                guard let found = bytes(item) ?? content.hostBytes(of: item) else {
                    throw .failed(reason: "the \(item.role.rawValue) \(item.name) is gone; send it again")
                }
                return found
            }, log: log)
        return try await build.run()
    }

    private func facts() async throws(BuildError) -> HostFacts {
        if let known, known.until > .now { return known.facts }
        let facts = try await HostFacts.read(host)
        known = (facts, MonotonicTime.now.advanced(byMilliseconds: Self.factsLife))
        return facts
    }
}
