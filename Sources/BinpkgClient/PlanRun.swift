import BinpkgModel
public import PortageAPI
import Posix

/// Sends a plan to the service, waits for its builds, and brings the packages.
public struct PlanRun: Sendable {
    private let portage: PortageAPI
    private let directory: PlanDirectory
    private let paths: ClientPaths
    private let answerTimeout: Int
    /// Told whenever something changed.
    private let progress: @Sendable (Plan) -> Void
    /// Whether the person wants to wait no longer.
    private let isInterrupted: @Sendable () -> Bool

    /// How long a service that was there may be away (a restart), in milliseconds.
    private static let restartTime = 15_000
    /// Downloads side by side.
    private static let lanes = 4

    /// How it ended.
    public enum Outcome: Sendable {
        /// Every package is there, or will not come.
        case finished(Plan)
        /// The person went; the service goes on.
        case detached(Plan)
    }

    /// A run on this machine.
    ///
    /// - Parameters:
    ///   - prefix: EPREFIX.
    ///   - answerTimeout: milliseconds within which a service that is there answers.
    ///   - progress: told whenever something changed.
    ///   - isInterrupted: whether to stop waiting; asked several times a second.
    public init(
        portage: PortageAPI, prefix: String, answerTimeout: Int = ServiceClient.usualAnswerTimeout,
        progress: @escaping @Sendable (Plan) -> Void,
        isInterrupted: @escaping @Sendable () -> Bool
    ) {
        self.portage = portage
        paths = ClientPaths(prefix: prefix)
        directory = PlanDirectory(prefix: prefix)
        self.answerTimeout = answerTimeout
        self.progress = progress
        self.isInterrupted = isInterrupted
    }

    /// Asks for everything in a new plan, and sends the content that the service misses.
    public func send(_ draft: PlanDraft) async throws(StageFailure) -> Plan {
        var plan = draft.plan
        let client = try await ServiceClient.reach(plan.service, paths: paths, answerTimeout: answerTimeout)
        // What the service has needs no second question.
        var open = plan.packages.indices.filter { index in
            let package = plan.packages[index]
            return package.request != nil && package.isWanted && package.verdict != .hit
        }
        var sent: Set<String> = []
        for _ in 0..<3 where !open.isEmpty {
            let items = try await call { () async throws(ServiceError) in
                try await client.plan(open.compactMap { plan.packages[$0].request }, build: true)
            }
            var missing: Set<String> = []
            for (index, item) in zip(open, items) {
                plan.packages[index].judge(item, wasOnlyLookedUp: false)
                missing.formUnion(item.answer.flatMap { $0.state == .ready ? nil : $0.missing } ?? [])
            }
            open = zip(open, items).filter { !($0.1.answer?.missing.isEmpty ?? true) }.map(\.0)
            for hash in missing.subtracting(sent).sorted() {
                guard let bytes = draft.content[hash] else {
                    throw .broken("the service wants content that is no part of a request (\(hash.printable))")
                }
                try await call { () async throws(ServiceError) in try await client.upload(bytes, sha256: hash) }
                sent.insert(hash)
            }
        }
        try directory.save(plan)
        progress(plan)
        return plan
    }

    /// Waits until the service is done with every package, and brings each as soon as it is ready.
    public func follow(_ plan: Plan) async throws(StageFailure) -> Outcome {
        guard let lock = try directory.lock(plan.id) else {
            throw .temporary("another program works with plan \(plan.id)")
        }
        let outcome = try await waitAndBring(plan)
        withExtendedLifetime(lock) {}
        return outcome
    }

    private func waitAndBring(_ plan: Plan) async throws(StageFailure) -> Outcome {
        var plan = plan
        let client = try await ServiceClient.reach(plan.service, paths: paths, answerTimeout: answerTimeout)
        var away: MonotonicTime?
        while true {
            await bring(&plan, client)
            try directory.save(plan)
            progress(plan)
            let open = plan.packages.indices.filter { plan.packages[$0].isOpen }
            if open.isEmpty { break }
            if await pause() { return .detached(plan) }
            do throws(ServiceError) {
                let items = try await client.states(of: open.compactMap { plan.packages[$0].answer?.id })
                guard items.count == open.count else { throw .unintelligible("it forgot a request") }
                for (index, item) in zip(open, items) { plan.packages[index].judge(item, wasOnlyLookedUp: false) }
                away = nil
            } catch {
                let since = away ?? .now
                away = since
                guard error.isAway, since.advanced(byMilliseconds: Self.restartTime).millisecondsLeft > 0 else {
                    throw StageFailure(error)
                }
            }
        }
        if plan.packages.contains(where: { $0.file != nil }) {
            do {
                try await portage.indexPackages(directory.packages(plan.id))
            } catch {
                throw StageFailure(error)
            }
        }
        return .finished(plan)
    }

    /// Waits a second; whether the person went meanwhile.
    private func pause() async -> Bool {
        for _ in 0..<5 {
            if isInterrupted() { return true }
            do { try await Task.sleep(for: .milliseconds(200)) } catch { return true }
        }
        return isInterrupted()
    }

    /// Fetches and verifies what is ready and not here yet: while one is verified, others are on their way.
    private func bring(_ plan: inout Plan, _ client: ServiceClient) async {
        var result = plan
        var waiting = result.packages.indices.filter {
            result.packages[$0].verdict == .hit && result.packages[$0].file == nil
        }[...]
        let packages = PlanPackages(portage: portage, directory: directory, client: client, plan: plan.id)
        await withTaskGroup(of: (Int, PlanPackage).self) { group in
            func begin() {
                guard !isInterrupted(), let index = waiting.popFirst() else { return }
                let package = result.packages[index]
                group.addTask { (index, await packages.bring(package)) }
            }
            for _ in 0..<Self.lanes { begin() }
            while let (index, package) = await group.next() {
                result.packages[index] = package
                progress(result)
                begin()
            }
        }
        plan = result
    }

    private func call<Value: Sendable>(
        _ body: () async throws(ServiceError) -> Value
    ) async throws(StageFailure) -> Value {
        do {
            return try await body()
        } catch {
            throw StageFailure(error)
        }
    }
}
