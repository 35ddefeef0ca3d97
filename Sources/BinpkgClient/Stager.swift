public import AgentProtocol
import BinpkgModel
import EmergeSession
import Glibc
public import PortageAPI
import Posix
import Synchronization

/// What became of a package that was to be staged.
public struct StageReport: Equatable, Sendable {
    /// What the state file says.
    public let state: StageState
    /// 0 staged, 1 the service has nothing to use, 75 the service is away, 2 something is wrong.
    public let exitCode: Int32
    /// One line for people, without a program's name in front.
    public let line: String
}

/// Brings a package of a phase from the service into its staging directory.
public struct Stager: Sendable {
    /// Starts Portage; called only after the service was found to be there.
    private let openPortage: @Sendable () async throws(PortageError) -> PortageAPI
    /// The way to the service; nil for one of each request's own.
    private let gate: ServiceGate?
    private let answerTimeout: Int

    /// The most bytes that a package may have.
    static let packageLimit = 64 << 30

    /// A stager that asks Portage through what `openPortage` gives.
    ///
    /// - Parameters:
    ///   - gate: shared by everything that asks the same services.
    ///   - answerTimeout: without a gate, milliseconds within which a service that is there answers.
    public init(
        gate: ServiceGate? = nil, answerTimeout: Int = ServiceClient.usualAnswerTimeout,
        openPortage: @escaping @Sendable () async throws(PortageError) -> PortageAPI
    ) {
        self.gate = gate
        self.answerTimeout = answerTimeout
        self.openPortage = openPortage
    }

    /// Asks, waits by the policy, fetches, verifies and unpacks one package; the state file is written last, whatever
    /// came of it. Never throws: every failure means that the package is built here, for the reason in the report.
    ///
    /// - Parameters:
    ///   - setup: the phase's values, with `BINPKG_SERVICE`, `BINPKG_POLICY` and `BINPKG_ACCURACY`.
    ///   - tell: gets lines for people while the package is waited for.
    public func stage(
        _ setup: SetupRequest, tell: @escaping @Sendable (String) -> Void = { _ in }
    ) async -> StageReport {
        do throws(StageFailure) {
            return await stage(setup, in: try StagingArea(setup), tell: tell)
        } catch {
            return Self.report(error, setup)
        }
    }

    /// The same, in a directory that is taken already.
    func stage(
        _ setup: SetupRequest, in area: StagingArea, tell: @escaping @Sendable (String) -> Void
    ) async -> StageReport {
        StagingArea.sweep(
            temporaryDirectory: setup["PORTAGE_TMPDIR"], now: nanosecondsSince1970(), keeping: area.directory.path)
        do throws(StageFailure) {
            let state = try await fill(area, setup, tell)
            let line = "\(setup.cpv.printable): binary package from \(setup["BINPKG_SERVICE"]): \(state.reason)"
            tell(line)
            do throws(PosixError) {
                try area.write(state)
            } catch {
                throw StageFailure.broken(error.description)
            }
            let record = StagedRecord(prefix: ClientPaths(prefix: setup["EPREFIX"]).prefix)
            try? record.add(setup.cpv, time: time(nil))
            return StageReport(state: state, exitCode: 0, line: line)
        } catch {
            try? area.empty()
            let report = Self.report(error, setup)
            try? area.write(report.state)
            return report
        }
    }

    private static func report(_ failure: StageFailure, _ setup: SetupRequest) -> StageReport {
        let code: Int32 =
            switch failure {
            case .negative: 1
            case .temporary: 75
            case .broken, .misbehaving: 2
            }
        return StageReport(
            state: StageState(outcome: .local, cpv: setup.cpv, reason: failure.reason), exitCode: code,
            line: "\(setup.cpv.printable): \(failure.reason): building here")
    }

    private func fill(
        _ area: StagingArea, _ setup: SetupRequest, _ tell: @escaping @Sendable (String) -> Void
    ) async throws(StageFailure) -> StageState {
        guard let policy = WaitPolicy(setup["BINPKG_POLICY"]) else {
            throw .broken("BINPKG_POLICY '\(setup["BINPKG_POLICY"].printable)' is not known")
        }
        guard let accuracy = setup["BINPKG_ACCURACY"].isEmpty ? .abi : Accuracy(rawValue: setup["BINPKG_ACCURACY"])
        else { throw .broken("BINPKG_ACCURACY '\(setup["BINPKG_ACCURACY"].printable)' is not known") }
        let url = setup["BINPKG_SERVICE"]
        guard policy != .off, url != "off" else { throw .negative("the policy is 'off'") }
        let paths = ClientPaths(prefix: setup["EPREFIX"])
        let gate = gate ?? ServiceGate(paths: paths, answerTimeout: answerTimeout)
        let client = try await gate.reach(url, insists: policy == .require)
        let wish = Wish(client: client, paths: paths, policy: policy, accuracy: accuracy, tell: tell)
        do throws(StageFailure) {
            let state = try await fill(area, setup, wish)
            await gate.note(nil, of: url, isAnswered: true)
            return state
        } catch {
            await gate.note(error, of: url, isAnswered: wish.isAnswered)
            throw error
        }
    }

    /// What is wanted of a service that is there.
    private final class Wish: Sendable {
        let client: ServiceClient
        let paths: ClientPaths
        let policy: WaitPolicy
        let accuracy: Accuracy
        let tell: @Sendable (String) -> Void
        private let answers = Atomic(0)

        init(
            client: ServiceClient, paths: ClientPaths, policy: WaitPolicy, accuracy: Accuracy,
            tell: @escaping @Sendable (String) -> Void
        ) {
            self.client = client
            self.paths = paths
            self.policy = policy
            self.accuracy = accuracy
            self.tell = tell
        }

        /// Whether the service answered the request.
        var isAnswered: Bool { answers.load(ordering: .relaxed) > 0 }
        /// Takes note of an answer.
        func noteAnswer() { answers.add(1, ordering: .relaxed) }
    }

    private func fill(
        _ area: StagingArea, _ setup: SetupRequest, _ wish: Wish
    ) async throws(StageFailure) -> StageState {
        do {
            let portage = try await openPortage()
            let inputs = try await portage.keyInputs(
                RequestMaker.selector(for: setup), variables: RequestMaker.variables)
            let prepared = try RequestMaker.request(for: inputs, setup: setup, accuracy: wish.accuracy)
            let cpv = setup.cpv
            let start = MonotonicTime.now
            let waiting = WaitingLines(cpv: cpv, tell: wish.tell)
            let answer = try await Obtaining(
                client: wish.client, prepared: prepared, policy: wish.policy,
                localSeconds: { await LocalEstimate(portage: portage, paths: wish.paths).seconds(for: cpv) },
                progress: {
                    wish.noteAnswer()
                    waiting.add($0)
                }, lines: waiting
            ).answer()
            let waited = Double(MonotonicTime.now.nanoseconds - start.nanoseconds) / 1e9
            guard let artifact = answer.artifact else { throw StageFailure.broken("the service names no package") }
            let name = "stage-\(getpid())-\(String(UInt32.random(in: 0 ... .max), radix: 36))"
            let file = try await Self.fetch(artifact, client: wish.client, paths: wish.paths, name: name)
            defer { unlink(file) }
            try await Self.unpack(file, prepared.request, setup, portage: portage, area: area)
            return StageState(
                outcome: .staged, cpv: cpv, reason: Self.success(answer, waited: waiting.hasWaited ? waited : nil),
                key: answer.key, buildSeconds: answer.buildSeconds)
        } catch {
            throw StageFailure(any: error)
        }
    }

    /// Fetches a package into the cache.
    static func fetch(
        _ id: String, client: ServiceClient, paths: ClientPaths, name: String
    ) async throws(StageFailure) -> String {
        let file = "\(paths.packages)/\(name).gpkg.tar"
        do {
            try Files.makeDirectories(String(file[..<(file.lastIndex(of: "/") ?? file.endIndex)]))
        } catch {
            throw .broken(error.description)
        }
        do {
            _ = try await client.download(id, to: file, limit: packageLimit)
        } catch {
            throw StageFailure(error)
        }
        return file
    }

    /// Verifies the package and unpacks it into the staging directory.
    private static func unpack(
        _ file: String, _ request: BuildRequest, _ setup: SetupRequest, portage: PortageAPI, area: StagingArea
    ) async throws(StageFailure) {
        do {
            try await PackageCheck.check(file, request, portage: portage)
            try area.prepare()
            try await portage.unpackPackage(
                file, cpv: request.cpv, imageDirectory: area.unpacking + "/image",
                buildInfoDirectory: area.unpacking + "/build-info")
            try area.finish()
        } catch {
            throw StageFailure(ofPackage: error)
        }
    }

    /// What was found, for people: `hit, exact, saves 12 s of building`, or `waited 14 s for its build, exact`.
    private static func success(_ answer: RequestAnswer, waited: Double?) -> String {
        let accuracy = answer.accuracy?.rawValue ?? "unknown accuracy"
        if let waited { return "waited \(duration(waited)) for its build, \(accuracy)" }
        return "hit, \(accuracy)" + (answer.buildSeconds.map { ", saves \(duration($0)) of building" } ?? "")
    }
}

/// The clock of file times.
private func nanosecondsSince1970() -> Int64 {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
}
