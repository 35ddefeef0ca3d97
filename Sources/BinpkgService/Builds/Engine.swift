internal import BinpkgModel
internal import BuildEnvironments

/// One build for an engine.
struct EngineJob: Sendable {
    /// The name of the request; no other job of this name runs at the same time.
    let id: String
    let request: BuildRequest
    /// Whose it is alone; nil for everybody's.
    let trustDomain: String?
    /// An empty directory for this job alone. The package is left in it; the caller removes it.
    let workspace: String
    /// The bytes of content that the trust domain sent; nil if there is none.
    let bytes: @Sendable (ContentItem) -> [UInt8]?
    /// Packages that are there already, of those that this job may use.
    let stored: @Sendable (StoredPackageQuestion) async -> StoredPackage?
    /// Takes the output as it comes.
    let log: @Sendable ([UInt8]) async -> Void
}

/// Where builds run.
///
/// The queue, the store and the packages are the service's. An engine runs one job when it is told to, and says what came
/// of it.
protocol Engine: Sendable {
    /// How many jobs may run at once.
    var slots: Int { get }

    /// The items of a request that have to be sent because no repository of this engine has them.
    func itemsFromOutside(_ request: BuildRequest) async throws(BuildError) -> [ContentItem]

    /// Runs a job to its end. When the task is cancelled, the job is stopped before this returns.
    func run(_ job: EngineJob) async throws(BuildError) -> BuildResult

    /// Called once at the start, before anything runs: ends the jobs that an earlier service may have left in these
    /// workspaces. When it returns, none of them runs.
    func endLeftovers(_ workspaces: [String]) async throws(BuildError)
}

/// Builds on this machine.
struct LocalEngine: Engine {
    let builder: any PackageBuilder
    let slots: Int

    func itemsFromOutside(_ request: BuildRequest) async throws(BuildError) -> [ContentItem] {
        try await builder.itemsFromOutside(request)
    }

    func run(_ job: EngineJob) async throws(BuildError) -> BuildResult {
        try await builder.build(
            BuildOrder(
                request: job.request, trustDomain: job.trustDomain, workspace: job.workspace, bytes: job.bytes,
                stored: job.stored, log: job.log))
    }

    /// Processes of a build end with the service that started them, whatever ends it; nothing is left to end.
    func endLeftovers(_ workspaces: [String]) async throws(BuildError) {}
}
