import AgentProtocol
import Posix

/// The way to the services: whether one is there is asked once for all packages, and not at all while it is known to be
/// away.
public actor ServiceGate {
    /// How a service was found, and since when that counts.
    private struct Known {
        let client: ServiceClient
        let since: MonotonicTime
        /// Whether it was away, and its first answer to a request is still to be seen.
        let isTrial: Bool
    }

    private let paths: ClientPaths
    private let answerTimeout: Int
    private let looksAgain: Bool
    /// Milliseconds within which a service that was away must answer to be used by a package that waits for that.
    private let briefly: Int
    private var known: [String: Known] = [:]
    private var asking: [String: Task<Result<ServiceClient, StageFailure>, Never>] = [:]
    private var watched: Set<String> = []

    /// Milliseconds for which a service that answered counts as there.
    private static let trust = 60_000

    /// A gate of one installation.
    ///
    /// - Parameters:
    ///   - answerTimeout: milliseconds within which a service that is there answers.
    ///   - looksAgain: whether to look in the background for services that are away, so that no package has to.
    ///   - briefly: milliseconds within which a service that was away must say that it is there.
    public init(
        paths: ClientPaths, answerTimeout: Int = ServiceClient.usualAnswerTimeout, looksAgain: Bool = false,
        briefly: Int = 150
    ) {
        self.paths = paths
        self.briefly = briefly
        self.answerTimeout = answerTimeout
        self.looksAgain = looksAgain
    }

    /// The service at an address, if it is there.
    ///
    /// - Parameter insists: ask even if it was away a moment ago.
    func reach(_ url: String, insists: Bool) async throws(StageFailure) -> ServiceClient {
        if let known = known[url], known.since.advanced(byMilliseconds: Self.trust) > .now, !(insists && known.isTrial)
        {
            return known.client
        }
        if !insists, let running = asking[url] { return try await running.value.get() }
        let breaker = breaker(url)
        var timeout = answerTimeout
        var isTrial = false
        switch breaker.verdict() {
        case .ask: break
        case .lookAgain:
            isTrial = !insists
            if isTrial { timeout = min(timeout, briefly) }
        case .away(let reason):
            guard insists else {
                watch(url)
                throw .temporary("the service \(url.printable) was away a moment ago (\(reason.printable))")
            }
        }
        let paths = paths
        let trialTime = isTrial ? answerTimeout : nil
        let task = Task { [timeout] in
            await Self.look(for: url, paths: paths, timeout: timeout, trialTime: trialTime)
        }
        asking[url] = task
        let result = await task.value
        asking[url] = nil
        switch result {
        case .success(let client):
            breaker.noteThere()
            // Who had to ask in any case speaks for no other package.
            known[url] = breaker.verdict() == .ask ? Known(client: client, since: .now, isTrial: isTrial) : nil
        case .failure(let failure):
            known[url] = nil
            if failure.isOfService {
                breaker.noteAway(failure.reason)
                watch(url)
            }
        }
        return try result.get()
    }

    /// Takes note of how a package fared with a service that had answered.
    ///
    /// - Parameter isAnswered: whether the service answered the package's request.
    func note(_ failure: StageFailure?, of url: String, isAnswered: Bool) {
        let breaker = breaker(url)
        switch failure {
        case nil, .negative, .broken:
            guard isAnswered else { return }
            breaker.noteGood()
            // The next ones may take their time again.
            if known[url]?.isTrial == true { known[url] = nil }
        case .temporary(let reason):
            known[url] = nil
            // Back, and again of no use: from now on only time can tell.
            if breaker.isOnTrial { return breaker.noteUnanswered(reason) }
            breaker.noteAway(reason)
            watch(url, after: reason)
        case .misbehaving(let reason):
            known[url] = nil
            // That it answers says nothing: only time can tell whether it does its work again.
            breaker.noteStrike(reason)
        }
    }

    private nonisolated func breaker(_ url: String) -> ServiceBreaker {
        ServiceBreaker(directory: paths.run, service: url)
    }

    /// Looks for a service until it is there again.
    ///
    /// - Parameter unanswered: what became of a request that it let go unanswered. If it is there all the same, this
    ///   counts, and not that it is there.
    private func watch(_ url: String, after unanswered: String? = nil) {
        guard looksAgain, watched.insert(url).inserted else { return }
        Task {
            if let unanswered, await isThere(url) != nil {
                breaker(url).noteUnanswered(unanswered)
            } else {
                await waitFor(url)
            }
            watched.remove(url)
        }
    }

    private func waitFor(_ url: String) async {
        var pause = 1
        while (try? await Task.sleep(for: .seconds(pause))) != nil {
            pause = min(pause * 2, 15)
            guard let client = await isThere(url) else { continue }
            let breaker = breaker(url)
            breaker.noteThere()
            if breaker.verdict() == .ask { known[url] = Known(client: client, since: .now, isTrial: false) }
            return
        }
    }

    private func isThere(_ url: String) async -> ServiceClient? {
        try? await Self.look(for: url, paths: paths, timeout: answerTimeout).get()
    }

    private static func look(
        for url: String, paths: ClientPaths, timeout: Int, trialTime: Int? = nil
    ) async -> Result<ServiceClient, StageFailure> {
        do throws(StageFailure) {
            return .success(
                try await ServiceClient.reach(url, paths: paths, answerTimeout: timeout, trialTime: trialTime))
        } catch {
            return .failure(error)
        }
    }
}
