internal import BinpkgModel
internal import BuildEnvironments
internal import FoundationEssentials
internal import Glibc
internal import Logging
internal import Posix

/// Requests, their builds and the packages: what the routes and the workers share.
struct BuildService: Sendable {
    let configuration: ServiceConfiguration
    let store: Store
    let content: ContentStore
    let builder: any PackageBuilder
    let changes = Changes()
    let logger: Logger

    /// The name under which workers wait for work.
    private static let queueName = "queue"

    /// A service on its state directory, which is made when needed.
    init(configuration: ServiceConfiguration, builder: any PackageBuilder, logger: Logger) throws(ServiceError) {
        self.configuration = configuration
        self.builder = builder
        self.logger = logger
        let state = configuration.stateDirectory
        do {
            for name in ["", "/content", "/artifacts", "/logs", "/builds"] {
                try Files.makeDirectories(state + name, mode: 0o755)
            }
            guard chmod(state, 0o711) == 0 else { throw PosixError("set mode", state, code: errno) }
        } catch {
            throw .store(path: state, reason: "\(error)")
        }
        store = try Store(path: state + "/store.sqlite")
        content = ContentStore(directory: state + "/content")
    }

    /// Where a package file is.
    func artifactPath(_ id: String) -> String { "\(configuration.stateDirectory)/artifacts/\(id).gpkg.tar" }

    /// Where a build's log is.
    func logPath(_ id: String) -> String { "\(configuration.stateDirectory)/logs/\(id).log" }

    // MARK: Requests

    /// Answers a request; queues it when it is new, unless it is only looked up.
    func submit(_ request: BuildRequest, mayBuild: Bool) async throws -> RequestAnswer {
        try request.validate()
        let id = request.primaryKey
        if let build = try await store.build(id), !isOutOfDate(build) {
            try await store.countRequest(id)
            return try await answer(build, for: request)
        }
        let estimate = try await store.estimate(name: PackageNames.name(of: request.cpv) ?? request.cpv)
        func declined(_ message: String, missing: [String] = []) -> RequestAnswer {
            RequestAnswer(
                id: id, state: .declined, missing: missing, estimateSeconds: estimate, message: message)
        }
        guard mayBuild else { return declined("there is no such package yet; it was only looked up") }
        let outside: [ContentItem]
        do {
            outside = try await builder.itemsFromOutside(request)
        } catch {
            return declined(error.description)
        }
        let missing = Set(outside.map(\.sha256).filter { !content.has($0) }).sorted()
        guard missing.isEmpty else {
            return declined("content is missing: send it, then ask again", missing: missing)
        }
        guard (try await store.counts()["queued"] ?? 0) < configuration.queueLength else {
            return declined("the queue is full")
        }
        return try await enqueue(request, id: id, estimate: estimate)
    }

    private func enqueue(_ request: BuildRequest, id: String, estimate: Double?) async throws -> RequestAnswer {
        let build = StoredBuild(
            id: id, name: PackageNames.name(of: request.cpv) ?? request.cpv,
            request: String(decoding: try JSONEncoder().encode(request), as: UTF8.self),
            state: RequestState.queued.rawValue, changed: Store.now, position: 0, asked: 1)
        let stored = try await store.enqueue(build, replacing: isOutOfDate)
        await changes.tell(id)
        await changes.tell(Self.queueName)
        return try await answer(stored, for: request)
    }

    /// Whether a build that did not give a package may be tried again.
    private func isOutOfDate(_ build: StoredBuild) -> Bool {
        switch RequestState(rawValue: build.state) {
        case .failed, .declined: build.changed + Double(configuration.retrySeconds) < Store.now
        case .ready: !Files.exists(artifactPath(build.id))
        case .queued, .building: false
        case nil: true
        }
    }

    /// What is to be said of a request that was made before; nil when it was not.
    func answer(id: String) async throws -> RequestAnswer? {
        guard let build = try await store.build(id) else { return nil }
        return try await answer(build, for: JSONDecoder().decode(BuildRequest.self, from: Data(build.request.utf8)))
    }

    /// The same, but not before the state is final or the time is over.
    func answer(id: String, waiting seconds: Double) async throws -> RequestAnswer? {
        guard let first = try await answer(id: id) else { return nil }
        if first.state.isFinal || seconds <= 0 { return first }
        let stream = await changes.stream(of: id)
        return try await withThrowingTaskGroup(of: RequestAnswer?.self) { group in
            group.addTask {
                for await _ in stream {
                    if let now = try await answer(id: id), now.state.isFinal { return now }
                }
                return nil
            }
            group.addTask {
                try await Task.sleep(for: .seconds(seconds))
                return nil
            }
            defer { group.cancelAll() }
            if let done = try await group.next(), let done { return done }
            return try await answer(id: id)
        }
    }

    private func answer(_ build: StoredBuild, for request: BuildRequest) async throws -> RequestAnswer {
        let state = RequestState(rawValue: build.state) ?? .failed
        var answer = RequestAnswer(id: build.id, state: state, buildSeconds: build.seconds, message: build.message)
        switch state {
        case .queued, .building: answer.estimateSeconds = try await store.estimate(name: build.name)
        case .ready:
            let found = try build.dependencies.map {
                try JSONDecoder().decode([InstalledPackage].self, from: Data($0.utf8))
            }
            let comparison = DependencyComparison(
                wanted: request.buildDependencies, wantedLibc: request.libc, found: found ?? [],
                foundLibc: build.libc ?? "")
            answer.accuracy = comparison.accuracy
            answer.differences = comparison.differences
            if !answer.satisfies(request.accuracy) {
                let obtained = comparison.accuracy?.rawValue ?? "none"
                answer.message = "the accuracy is \(obtained), and \(request.accuracy.rawValue) was asked for"
            }
        case .failed, .declined: break
        }
        return answer
    }

    // MARK: Builds

    /// Builds what is queued, one after the other, until the task is cancelled.
    func work() async {
        let stream = await changes.stream(of: Self.queueName)
        for await _ in stream {
            while !Task.isCancelled {
                do {
                    guard let build = try await store.takeNext() else { break }
                    await changes.tell(build.id)
                    await run(build)
                } catch {
                    logger.error("the store failed", metadata: ["error": "\(error)"])
                    break
                }
            }
            if Task.isCancelled { return }
        }
    }

    /// Runs one build and stores what became of it.
    private func run(_ build: StoredBuild) async {
        var build = build
        let workspace = "\(configuration.stateDirectory)/builds/\(build.id)"
        let log = BuildLog(path: logPath(build.id), limit: configuration.logBytes) { [changes, id = build.id] in
            await changes.tell(id)
        }
        logger.info("building", metadata: ["package": "\(build.name)", "id": "\(build.id)"])
        do {
            let request = try JSONDecoder().decode(BuildRequest.self, from: Data(build.request.utf8))
            try Files.removeTree(workspace)
            try Files.makeDirectories(workspace)
            let result = try await builder.build(
                request, workspace: workspace, bytes: { [content] in content.bytes($0.sha256) },
                log: { await log.append($0) })
            build.artifact = try FileHash.sha256(ofFile: result.package)
            build.size = Files.status(result.package)?.size
            try Files.move(result.package, to: artifactPath(build.id))
            build.dependencies = String(decoding: try JSONEncoder().encode(result.dependencies), as: UTF8.self)
            build.libc = result.libc
            build.seconds = result.seconds
            build.state = RequestState.ready.rawValue
            build.message = nil
        } catch BuildError.cancelled {
            build.state = RequestState.queued.rawValue
        } catch BuildError.declined(let reason) {
            build.state = RequestState.declined.rawValue
            build.message = reason
        } catch {
            build.state = (Task.isCancelled ? RequestState.queued : .failed).rawValue
            build.message = "\(error)"
        }
        if let message = build.message { await log.append(Array("== \(build.state): \(message)\n".utf8)) }
        await log.finish()
        // The store is written in any case, also when this task was cancelled.
        let final = build
        await Task.detached {
            do {
                try Files.removeTree(workspace)
                try await store.save(final)
            } catch {
                logger.error("cannot finish a build", metadata: ["id": "\(final.id)", "error": "\(error)"])
            }
        }.value
        logger.info("done", metadata: ["package": "\(build.name)", "id": "\(build.id)", "state": "\(build.state)"])
        await changes.tell(build.id)
    }

    /// Cleans up after an earlier service: workspaces, and builds that it did not end.
    func recover() async throws(ServiceError) {
        do {
            for name in try Files.list(configuration.stateDirectory + "/builds") {
                try Files.removeTree("\(configuration.stateDirectory)/builds/\(name)")
            }
        } catch {
            throw .store(path: configuration.stateDirectory, reason: "\(error)")
        }
        let count = try await store.requeueInterrupted()
        if count > 0 { logger.info("builds are queued again", metadata: ["count": "\(count)"]) }
    }
}
