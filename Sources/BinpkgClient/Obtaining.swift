import BinpkgModel
import Posix

/// Asks for a package, sends what the service misses, and waits as the policy allows.
struct Obtaining: Sendable {
    let client: ServiceClient
    let prepared: PreparedRequest
    let policy: WaitPolicy
    /// How long this machine takes for the package, in seconds; asked for only when the policy needs it.
    let localSeconds: @Sendable () async -> Double?
    /// Told of every answer.
    let progress: @Sendable (RequestAnswer) -> Void
    /// Gets the beginning of a wait and the build's log; nil: nobody reads them.
    var lines: WaitingLines?

    /// How long a service that was there may be away while it is waited for (a restart), in milliseconds.
    private static let restartTime = 10_000
    /// Longest single question, in seconds.
    private static let longestPoll = 10

    /// The answer of a package that is ready and close enough.
    func answer() async throws(StageFailure) -> RequestAnswer {
        let answer = try await settle()
        switch answer.state {
        case .ready where answer.satisfies(prepared.request.accuracy): return answer
        case .ready:
            let class_ = answer.accuracy?.rawValue ?? "unknown accuracy"
            throw .negative("the service has it only as \(class_)" + list(answer.differences))
        case .failed: throw .negative("the service could not build it" + text(answer.message))
        case .declined where !policy.mayBuild: throw .negative("the service has it not yet" + text(answer.message))
        case .declined: throw .negative("the service does not build it" + text(answer.message))
        case .queued, .building: throw .negative("the service has not finished it")
        }
    }

    /// Asks, and waits for a final answer, whichever it is.
    func settle() async throws(StageFailure) -> RequestAnswer {
        let answer = try await ask()
        return answer.state.isFinal ? answer : try await wait(after: answer)
    }

    /// Asks, and sends the content that the service misses.
    func ask() async throws(StageFailure) -> RequestAnswer {
        let key = prepared.request.primaryKey
        for _ in 0..<3 {
            let answer = try await call { () async throws(ServiceError) in
                try await client.ask(prepared.request, build: policy.mayBuild)
            }
            guard answer.key == key else { throw .broken("the service computes another key for the same request") }
            guard !answer.missing.isEmpty, policy.mayBuild, answer.state != .ready else {
                progress(answer)
                return answer
            }
            for hash in Set(answer.missing) {
                guard let bytes = prepared.content[hash] else {
                    throw .broken("the service wants content that is no part of the request (\(hash.printable))")
                }
                try await call { () async throws(ServiceError) in try await client.upload(bytes, sha256: hash) }
            }
        }
        throw .broken("the service still misses content after it was sent")
    }

    func wait(after first: RequestAnswer) async throws(StageFailure) -> RequestAnswer {
        let local = policy == .auto ? await localSeconds() : nil
        let start = MonotonicTime.now
        var answer = first
        let limit = policy.limit(for: first, local: local)
        if limit != 0 { lines?.begin(first, limit: limit, local: local) }
        let log = lines.flatMap { lines in limit == 0 ? nil : follow(first.id, lines) }
        defer { log?.cancel() }
        var awaySince: MonotonicTime?
        while !answer.state.isFinal {
            let limit = policy.limit(for: answer, local: local)
            let waited = Double(MonotonicTime.now.nanoseconds - start.nanoseconds) / 1e9
            if let limit, waited >= limit { throw tooSlow(answer, limit: limit, local: local) }
            let left = limit.map { Int(min($0 - waited, Double(Self.longestPoll)).rounded(.up)) } ?? Self.longestPoll
            let asked = MonotonicTime.now
            do {
                answer = try await client.state(of: first.id, wait: max(left, 1))
                guard answer.id == first.id else { throw ServiceError.unintelligible("it speaks of another request") }
                awaySince = nil
                progress(answer)
            } catch let error as ServiceError where error.isAway {
                let since = awaySince ?? asked
                awaySince = since
                if since.advanced(byMilliseconds: Self.restartTime).millisecondsLeft == 0 { throw StageFailure(error) }
            } catch let error as ServiceError {
                throw StageFailure(error)
            } catch {
                throw .broken("\(error)")
            }
            // A service that does not hold its answers back must not be asked without a pause.
            if !answer.state.isFinal, asked.advanced(byMilliseconds: 250).millisecondsLeft > 0 {
                do { try await Task.sleep(for: .milliseconds(250)) } catch { throw .broken("cancelled") }
            }
        }
        return answer
    }

    /// Reads the build's log beside the wait, for its last line.
    private func follow(_ id: String, _ lines: WaitingLines) -> Task<Void, Never> {
        Task {
            try? await client.log(of: id) { line in
                lines.addLog(line)
                return true
            }
        }
    }

    private func tooSlow(_ answer: RequestAnswer, limit: Double, local: Double?) -> StageFailure {
        let state = answer.state == .queued ? "is queued" : "is being built"
        if limit > 0 { return .negative("it \(state) there and not ready after \(duration(limit))") }
        if policy == .auto, let local, let estimate = answer.etaSeconds ?? answer.estimateSeconds {
            return .negative("the service needs about \(duration(estimate)), this machine \(duration(local))")
        }
        return .negative("it \(state) there")
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

    private func text(_ message: String?) -> String { message.map { ": " + $0.printable } ?? "" }
    private func list(_ lines: [String]) -> String {
        lines.isEmpty ? "" : ": " + lines.prefix(3).map(\.printable).joined(separator: "; ")
    }
}

/// Seconds for people: `0.4 s`, `12 s`, `5 min`, `2.5 h`.
public func duration(_ seconds: Double) -> String {
    switch seconds {
    case ..<10: "\((seconds * 10).rounded() / 10) s"
    case ..<120: "\(Int(seconds.rounded())) s"
    case ..<7200: "\(Int((seconds / 60).rounded())) min"
    default: "\((seconds / 360).rounded() / 10) h"
    }
}
