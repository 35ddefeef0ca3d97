public import AgentProtocol
public import PortageAPI
public import Posix
import Synchronization

/// The process beside emerge that brings packages from the service, so that setup only hands a request over and the
/// unpack phase only waits for a file.
///
/// It keeps nothing that matters: when it dies, its locks go, and every phase that waits builds its package at once.
public final class Agent: Sendable {
    private struct Jobs {
        var tasks: [String: (number: Int, task: Task<Void, Never>)] = [:]
        var last = 0
    }

    private let paths: ClientPaths
    private let gate: ServiceGate
    private let portage: @Sendable (SetupRequest, EmergeProcess) async throws(PortageError) -> PortageAPI
    private let log: @Sendable (String) -> Void
    private let jobs = Mutex(Jobs())

    /// The most packages at one time; emerge with many jobs stays far below.
    private static let jobLimit = 64
    /// The most bytes of a request.
    private static let requestLimit = 4 << 20
    /// Milliseconds that a caller has to send its request, and to take the answer. Callers wait in turn.
    private static let callTime = 1000
    /// Seconds between two signs of life, and two looks whether emerge is still there.
    private static let beat = 1

    /// An agent of one installation.
    ///
    /// - Parameters:
    ///   - paths: its files.
    ///   - answerTimeout: milliseconds within which a service that is there answers.
    ///   - log: gets a line for each package.
    ///   - portage: Portage as the emerge of a request has it.
    public init(
        paths: ClientPaths, answerTimeout: Int = ServiceClient.usualAnswerTimeout,
        log: @escaping @Sendable (String) -> Void,
        portage: @escaping @Sendable (SetupRequest, EmergeProcess) async throws(PortageError) -> PortageAPI
    ) {
        self.paths = paths
        self.log = log
        self.portage = portage
        gate = ServiceGate(paths: paths, answerTimeout: answerTimeout, looksAgain: true)
    }

    /// The socket in a form that a thread can have.
    private final class Listener: Sendable {
        let socket: UnixSocket
        init(_ socket: consuming UnixSocket) { self.socket = socket }
    }

    /// Takes requests until the calling task is cancelled, or the socket fails.
    public func serve(_ listener: consuming UnixSocket) async throws(PosixError) {
        let listener = Listener(listener)
        let isOver = Atomic(false)
        let ended: PosixError? = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isStarted = BlockingThread.run {
                    do throws(PosixError) {
                        try self.serve(listener.socket) { isOver.load(ordering: .relaxed) }
                        continuation.resume(returning: nil)
                    } catch {
                        continuation.resume(returning: error)
                    }
                }
                if !isStarted { continuation.resume(returning: PosixError("start a thread", code: 11)) }
            }
        } onCancel: {
            isOver.store(true, ordering: .relaxed)
        }
        jobs.withLock { $0.tasks.values.forEach { $0.task.cancel() } }
        if let ended { throw ended }
    }

    /// Takes requests, one after the other. Only this thread does, so that a caller never waits for a package.
    private func serve(_ listener: borrowing UnixSocket, until isOver: () -> Bool) throws(PosixError) {
        while !isOver() {
            guard let connection = try listener.accept(until: .now.advanced(byMilliseconds: 1000)) else { continue }
            let deadline = MonotonicTime.now.advanced(byMilliseconds: Self.callTime)
            guard let peer = connection.peer else { continue }
            let reply: AgentReply
            if peer.user != 0 {
                reply = .refused("only root may ask")
            } else if let bytes = try? connection.receive(limit: Self.requestLimit, until: deadline) {
                reply = take(SetupRequest(encoded: bytes), from: ProcessChain.chain(from: peer.pid))
            } else {
                continue
            }
            if case .refused(let reason) = reply { log("process \(peer.pid) of user \(peer.user): refused: \(reason)") }
            try? connection.send(Array(reply.text.utf8), until: deadline)
        }
    }

    /// Decides about a request, and begins with what is accepted.
    ///
    /// - Parameter chain: the caller and the processes above it, as they are seen from here.
    func take(_ setup: SetupRequest, from chain: [ProcessChain.Link]) -> AgentReply {
        guard !chain.isEmpty else { return .refused("the caller cannot be seen from here") }
        guard Self.isSetup(chain) else { return .refused("the caller is not the setup phase of a package") }
        guard let emerge = EmergeProcess(chain: chain) else { return .refused("the caller does not belong to emerge") }
        guard ClientPaths(prefix: setup["EPREFIX"]).prefix == paths.prefix else {
            return .refused("the caller's EPREFIX is '\(setup["EPREFIX"])', this agent's '\(paths.prefix)'")
        }
        if setup["BINPKG_POLICY"] != "require",
            case .away(let reason) = ServiceBreaker(directory: paths.run, service: setup["BINPKG_SERVICE"]).verdict()
        {
            return .local("service \(setup["BINPKG_SERVICE"]) was away a moment ago (\(reason))")
        }
        guard jobs.withLock({ $0.tasks.count < Self.jobLimit }) else { return .refused("too many packages at once") }
        do throws(StageFailure) {
            let area = try StagingArea(setup)
            do throws(PosixError) {
                try area.begin(for: emerge)
            } catch {
                area.remove()
                throw StageFailure.broken(error.description)
            }
            begin(setup, in: area, for: emerge)
            return .accepted
        } catch {
            return .local(error.reason)
        }
    }

    private func begin(_ setup: SetupRequest, in area: StagingArea, for emerge: EmergeProcess) {
        let path = area.directory.path
        jobs.withLock { jobs in
            // An emerge that was killed and started again at once: nobody waits for the first any more.
            jobs.tasks[path]?.task.cancel()
            jobs.last += 1
            let number = jobs.last
            let task = Task {
                await self.work(setup, in: area, for: emerge)
                self.jobs.withLock { jobs in
                    if jobs.tasks[path]?.number == number { jobs.tasks[path] = nil }
                }
            }
            jobs.tasks[path] = (number, task)
        }
    }

    /// Stages one package as long as its emerge lives.
    private func work(_ setup: SetupRequest, in area: StagingArea, for emerge: EmergeProcess) async {
        let stager = Stager(gate: gate) { [portage] () async throws(PortageError) in
            try await portage(setup, emerge)
        }
        let staging = Task { await stager.stage(setup, in: area) { area.tell($0) } }
        let watch = Task {
            while (try? await Task.sleep(for: .seconds(Self.beat))) != nil {
                area.showLife()
                guard ProcessChain.isAlive(emerge.pid, started: emerge.started) else {
                    staging.cancel()
                    return
                }
            }
        }
        let report = await withTaskCancellationHandler {
            await staging.value
        } onCancel: {
            staging.cancel()
        }
        watch.cancel()
        if !ProcessChain.isAlive(emerge.pid, started: emerge.started) {
            area.remove()
            log("\(setup.cpv.printable): its emerge is gone")
            return
        }
        log(report.line)
    }

    /// Whether a caller is the setup phase itself, and not what some other phase of a package started.
    private static func isSetup(_ chain: [ProcessChain.Link]) -> Bool {
        for link in chain {
            guard let script = link.arguments.firstIndex(where: { $0.hasSuffix("/ebuild.sh") }) else { continue }
            return link.arguments[link.arguments.index(after: script)...].first == "setup"
        }
        return false
    }
}
