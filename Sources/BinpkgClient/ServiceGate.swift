import AgentProtocol
public import Posix

/// The way to the services: whether one is there is asked once for all packages, and not at all while it is known to be
/// away.
public actor ServiceGate {
    /// How a service was found, and since when that counts.
    private struct Known {
        let client: ServiceClient
        let since: MonotonicTime
    }

    private let paths: ClientPaths
    private let answerTimeout: Int
    private let looksAgain: Bool
    private var known: [String: Known] = [:]
    private var asking: [String: Task<Result<ServiceClient, StageFailure>, Never>] = [:]
    private var watched: Set<String> = []

    /// Milliseconds for which a service that answered counts as there.
    private static let trust = 60_000
    /// Milliseconds within which a service that was away must answer to be used by a package that waits for that.
    private static let briefly = 150

    /// A gate of one installation.
    ///
    /// - Parameters:
    ///   - answerTimeout: milliseconds within which a service that is there answers.
    ///   - looksAgain: whether to look in the background for services that are away, so that no package has to.
    public init(paths: ClientPaths, answerTimeout: Int = ServiceClient.usualAnswerTimeout, looksAgain: Bool = false) {
        self.paths = paths
        self.answerTimeout = answerTimeout
        self.looksAgain = looksAgain
    }

    /// The service at an address, if it is there.
    ///
    /// - Parameter insists: ask even if it was away a moment ago.
    func reach(_ url: String, insists: Bool) async throws(StageFailure) -> ServiceClient {
        if let known = known[url], known.since.advanced(byMilliseconds: Self.trust) > .now { return known.client }
        if let running = asking[url] { return try await running.value.get() }
        let breaker = breaker(url)
        var timeout = answerTimeout
        switch breaker.verdict() {
        case .ask: break
        case .lookAgain: timeout = insists ? timeout : min(timeout, Self.briefly)
        case .away(let reason):
            guard insists else {
                watch(url)
                throw .temporary("the service \(url.printable) was away a moment ago (\(reason.printable))")
            }
        }
        let paths = paths
        let task = Task { [timeout] in await Self.look(for: url, paths: paths, timeout: timeout) }
        asking[url] = task
        let result = await task.value
        asking[url] = nil
        switch result {
        case .success(let client):
            known[url] = Known(client: client, since: .now)
            breaker.noteThere()
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
    func note(_ failure: StageFailure?, of url: String) {
        switch failure {
        case nil, .negative, .broken: breaker(url).noteGood()
        case .temporary(let reason):
            known[url] = nil
            breaker(url).noteAway(reason)
            watch(url)
        case .misbehaving(let reason):
            known[url] = nil
            // That it answers says nothing: only time can tell whether it does its work again.
            breaker(url).noteStrike(reason)
        }
    }

    private nonisolated func breaker(_ url: String) -> ServiceBreaker {
        ServiceBreaker(directory: paths.run, service: url)
    }

    /// Looks for a service until it is there again.
    private func watch(_ url: String) {
        guard looksAgain, watched.insert(url).inserted else { return }
        Task {
            var pause = 1
            while !Task.isCancelled {
                guard (try? await Task.sleep(for: .seconds(pause))) != nil else { break }
                pause = min(pause * 2, 15)
                if case .success(let client) = await Self.look(for: url, paths: paths, timeout: answerTimeout) {
                    known[url] = Known(client: client, since: .now)
                    breaker(url).noteThere()
                    break
                }
            }
            watched.remove(url)
        }
    }

    private static func look(
        for url: String, paths: ClientPaths, timeout: Int
    ) async -> Result<ServiceClient, StageFailure> {
        do throws(StageFailure) {
            return .success(try await ServiceClient.reach(url, paths: paths, answerTimeout: timeout))
        } catch {
            return .failure(error)
        }
    }
}
