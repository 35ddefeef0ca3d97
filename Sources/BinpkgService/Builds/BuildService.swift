internal import BinpkgModel
internal import BuildEnvironments
internal import Glibc
internal import Logging
internal import Posix

/// Requests, their builds and the packages: what the routes and the workers share.
///
/// This file takes requests; `Answers.swift` says where they stand, `Work.swift` builds, `Recovery.swift` begins after an
/// end.
struct BuildService: Sendable {
    let configuration: ServiceConfiguration
    let store: Store
    let content: ContentStore
    let packages: PackageFiles
    let engine: any Engine
    let publisher: any PackagePublisher
    let uses = PackageUses()
    let changes = Changes()
    let curve = OwnCurve()
    let running = RunningBuilds()
    let indexFiles = IndexFiles()
    let logger: Logger

    /// The name under which workers wait for work.
    static let queueName = "queue"
    /// The name under which the public binhosts wait for packages.
    static let publishingName = "publishing"
    /// What is said of a package that is not there and was only looked up.
    static let onlyLookedUp = "there is no such package yet; it was only looked up"

    /// A service on its state directory, which is made when needed.
    init(
        configuration: ServiceConfiguration, engine: any Engine, publisher: (any PackagePublisher)? = nil,
        logger: Logger
    ) throws(ServiceError) {
        self.configuration = configuration
        self.engine = engine
        self.publisher = publisher ?? HostPortage(host: configuration.buildHost)
        self.logger = logger
        let state = configuration.stateDirectory
        do {
            for name in ["", "/content", "/artifacts", "/logs", "/builds", "/binhosts"] {
                try Files.makeDirectories(state + name, mode: 0o755)
            }
            guard chmod(state, 0o711) == 0 else { throw PosixError("set mode", state, code: errno) }
        } catch {
            throw .store(path: state, reason: "\(error)")
        }
        store = try Store(path: state + "/store.sqlite")
        content = ContentStore(directory: state + "/content")
        packages = PackageFiles(directory: state + "/artifacts")
    }

    /// Where a build's log is.
    func logPath(_ id: String) -> String { "\(configuration.stateDirectory)/logs/\(id).log" }

    /// Answers a request: with a package that is what it asks for; else with what is known of it already; else it is
    /// queued, unless it is only looked up.
    ///
    /// - Parameter trustDomain: who asks. Of what others brought along nothing is used, and nothing is said.
    func submit(
        _ request: BuildRequest, mayBuild: Bool, trustDomain: String
    ) async throws -> RequestAnswer {
        try request.validate()
        let key = request.primaryKey
        let id = request.id(ofKey: key)
        if let match = try store.best(key: key, vector: request.vector, for: trustDomain) {
            guard packages.has(match.artifact.id) else {
                try await store.forget([match.artifact.id])
                return try await submit(request, mayBuild: mayBuild, trustDomain: trustDomain)
            }
            if match.satisfies(request.accuracy) { return hit(match, id: id) }
        }
        let own = name(of: request, key: key, trustDomain)
        if let stored = try await store.known([own, id], for: trustDomain), !isOutOfDate(stored) {
            if stored.state == RequestState.queued.rawValue, request.plan != nil {
                return try await enqueue(request, key: key, of: stored.trustDomain, for: trustDomain)
            }
            if mayBuild { try await store.wish(stored.id, wisher(request, trustDomain), plan: request.plan?.id) }
            return try await answer(stored, for: request, trustDomain)
        }
        guard mayBuild else {
            return try await declined(request, id: id, key: key, Self.onlyLookedUp, for: trustDomain)
        }
        if let reason = request.hostBoundReason {
            return try await declined(request, id: id, key: key, "not built for others: \(reason)", for: trustDomain)
        }
        let outside: [ContentItem]
        do {
            outside = try await engine.itemsFromOutside(request)
        } catch {
            return try await declined(request, id: id, key: key, error.description, for: trustDomain)
        }
        // What others sent counts for nothing: nobody learns that it is there.
        let sent = try await store.content(outside.map(\.sha256), sentBy: trustDomain).filter(content.has)
        let missing = Set(outside.map(\.sha256)).subtracting(sent).sorted()
        guard missing.isEmpty else {
            return try await declined(
                request, id: own, key: key, "content is missing: send it, then ask again", missing: missing,
                for: trustDomain)
        }
        // What the service has byte for byte is everybody's; with anything else, it is theirs who sent that.
        return try await enqueue(request, key: key, of: outside.isEmpty ? nil : trustDomain, for: trustDomain)
    }

    /// Takes a file that a domain sent. For others it is not there before they send it, too.
    func take(_ hash: String, _ bytes: [UInt8], from trustDomain: String) async throws {
        try await content.put(hash, bytes)
        try await store.noteContent(hash, sentBy: trustDomain)
    }

    /// The name of a request that is a domain's own.
    private func name(of request: BuildRequest, key: String, _ trustDomain: String?) -> String {
        // Where nobody is told apart, one name is enough.
        request.id(ofKey: key, domain: trustDomain == EnvironmentNeeds.everybody ? nil : trustDomain)
    }

    private func enqueue(
        _ request: BuildRequest, key: String, of owner: String?, for trustDomain: String
    ) async throws -> RequestAnswer {
        let id = name(of: request, key: key, owner)
        let queued = try await store.enqueue(
            request, id: id, key: key, trustDomain: owner, wisher: wisher(request, trustDomain),
            limit: configuration.queueLength, replacing: isOutOfDate)
        switch queued {
        case .satisfied: return try await submit(request, mayBuild: false, trustDomain: trustDomain)
        case .full: return try await declined(request, id: id, key: key, "the queue is full", for: trustDomain)
        case .request(let stored):
            await changes.tell(id)
            await changes.tell(Self.queueName)
            return try await answer(stored, for: request, trustDomain)
        }
    }

    private func wisher(_ request: BuildRequest, _ trustDomain: String) -> String {
        Store.wisher(plan: request.plan?.id, domain: trustDomain)
    }

    /// Whether a request that gave no package, or not the one that was asked for, may be tried again.
    private func isOutOfDate(_ request: StoredRequest) -> Bool {
        switch RequestState(rawValue: request.state) {
        case .failed, .declined: request.changed + Double(configuration.retrySeconds) < Store.now
        case .ready:
            request.changed + Double(configuration.retrySeconds) < Store.now
                || !(request.artifact.map(packages.has) ?? false)
        case .queued, .building: false
        case nil: true
        }
    }
}
