internal import BinpkgModel
internal import HTTPTypes
internal import Hummingbird
internal import Posix
internal import Synchronization

/// Counts what each caller asks for.
final class CallerCounts: Sendable {
    private struct Account {
        /// What may still be asked for now.
        var credit: Double
        var since: MonotonicTime
        var running = 0
    }

    private struct State {
        var accounts: [String: Account] = [:]
        var running = 0
    }

    private let limits: ServiceLimits
    private let state = Mutex(State())

    /// Above this number of accounts those that owe nothing are forgotten.
    private static let manyAccounts = 10_000

    /// Counts within these limits.
    init(limits: ServiceLimits) { self.limits = limits }

    /// Why a request is not taken now.
    enum Refusal: Error, Equatable {
        /// Too many in a short time: after so many seconds there is room.
        case rate(seconds: Int)
        /// Too many of this caller run.
        case callerIsBusy
        /// Too many run in all.
        case serviceIsBusy
    }

    /// The place of one running request; it is free again when nobody holds it any more.
    final class Place: Sendable {
        private let counts: CallerCounts
        private let name: String

        fileprivate init(_ counts: CallerCounts, _ name: String) {
            self.counts = counts
            self.name = name
        }

        deinit { counts.leave(name) }
    }

    /// How many requests run.
    var running: Int { state.withLock { $0.running } }

    /// Takes a place for a request of a caller.
    func enter(_ name: String, now: MonotonicTime = .now) throws(Refusal) -> Place {
        let refusal = state.withLock { state -> Refusal? in
            if state.accounts.count > Self.manyAccounts { forget(&state, now) }
            var account = state.accounts[name] ?? Account(credit: Double(limits.burst), since: now)
            let seconds = Double(now.nanoseconds - account.since.nanoseconds) / 1e9
            account.credit = min(
                Double(limits.burst), account.credit + max(0, seconds) * Double(limits.requestsPerSecond))
            account.since = now
            defer { state.accounts[name] = account }
            guard account.credit >= 1 else {
                let wait = (1 - account.credit) / Double(limits.requestsPerSecond)
                return .rate(seconds: max(1, Int(wait.rounded(.up))))
            }
            account.credit -= 1
            if account.running >= limits.callerRequests { return .callerIsBusy }
            if state.running >= limits.parallelRequests { return .serviceIsBusy }
            account.running += 1
            state.running += 1
            return nil
        }
        if let refusal { throw refusal }
        return Place(self, name)
    }

    private func leave(_ name: String) {
        state.withLock { state in
            state.running -= 1
            state.accounts[name]?.running -= 1
        }
    }

    private func forget(_ state: inout State, _ now: MonotonicTime) {
        let rest = Double(limits.burst) / Double(limits.requestsPerSecond)
        state.accounts = state.accounts.filter { _, account in
            account.running > 0 || Double(now.nanoseconds - account.since.nanoseconds) / 1e9 < rest
        }
    }
}

/// Refuses what is too much: 429 for one caller, 503 for all together.
///
/// A caller is a token, or an address where there is none.
struct CallerLimits: RouterMiddleware {
    typealias Context = ServiceContext

    let counts: CallerCounts

    func handle(
        _ request: Request, context: ServiceContext, next: (Request, ServiceContext) async throws -> Response
    ) async throws -> Response {
        let place: CallerCounts.Place
        do throws(CallerCounts.Refusal) {
            place = try counts.enter(context.caller.token.map { "token \($0)" } ?? context.address ?? "local")
        } catch {
            throw Self.problem(error)
        }
        defer { withExtendedLifetime(place) {} }
        var response = try await next(request, context)
        // What is sent piece by piece runs until its last piece, or until nobody wants it any more.
        let body = response.body
        if (body.contentLength ?? .max) > Self.short {
            response.body = ResponseBody(contentLength: body.contentLength) { writer in
                defer { withExtendedLifetime(place) {} }
                try await body.write(writer)
            }
        }
        return response
    }

    /// The size of an answer that is written at once.
    private static let short = 64 << 10

    /// What is said of a refusal.
    static func problem(_ refusal: CallerCounts.Refusal) -> ProblemDocument {
        switch refusal {
        case .rate(let seconds):
            ProblemDocument(
                title: "too many requests", status: 429, detail: "too many requests in a short time",
                retryAfter: seconds)
        case .callerIsBusy:
            ProblemDocument(
                title: "too many requests", status: 429, detail: "too many requests of this caller at one time",
                retryAfter: 2)
        case .serviceIsBusy:
            ProblemDocument(
                title: "busy", status: 503, detail: "the service has too many requests at one time", retryAfter: 5)
        }
    }
}
