import BinpkgModel
import Fetching
import FoundationEssentials
import Posix
import Synchronization
import Testbed
import Testing

@testable import BinpkgClient

/// A service that has too much to do, and what this machine proves itself with.
@Suite struct BusyServiceTests {
    private static func problem(_ status: Int, retryAfter: Int?) -> LoopbackServer.Reply {
        let problem = ProblemDocument(title: "busy", status: status, detail: "too much", retryAfter: retryAfter)
        let body = (try? JSONEncoder().encode(problem)).map { Array($0) } ?? []
        return .response(status, body: body, headers: ["Content-Type: \(ProblemDocument.mediaType)"])
    }

    /// Asks a service that refuses so often, and then answers; how often it was asked, and what came of it.
    private func ask(
        refusing times: Int, _ refusal: LoopbackServer.Reply
    ) async throws -> (asked: Int, failure: ServiceError?) {
        let asked = Mutex(0)
        return try await LoopbackServer.with { _ in
            let number = asked.withLock { count in
                count += 1
                return count
            }
            return number <= times ? refusal : .response(200, body: Array("{}".utf8))
        } _: { server in
            let client = try ServiceClient(url: server.url, answerTimeout: 20_000)
            var failure: ServiceError?
            do throws(ServiceError) { try await client.checkPresence() } catch { failure = error }
            return (asked.withLock { $0 }, failure)
        }
    }

    @Test func whoIsToldToWaitWaits() async throws {
        let result = try await ask(refusing: 1, Self.problem(429, retryAfter: 1))
        #expect(result.asked == 2 && result.failure == nil)
    }

    @Test func whoWouldWaitTooLongDoesSomethingElse() async throws {
        let result = try await ask(refusing: 9, Self.problem(429, retryAfter: 3600))
        let failure = try #require(result.failure)
        #expect(result.asked == 1 && failure.isAway)
        guard case .temporary(let reason) = StageFailure(failure) else {
            Issue.record("a busy service is not broken: \(failure)")
            return
        }
        #expect(reason == "the service has too much to do (the service answers: too much)")
    }

    @Test func aServiceThatIsNotWellIsAway() async throws {
        let result = try await ask(refusing: 9, Self.problem(503, retryAfter: nil))
        #expect(result.asked == 1 && result.failure?.isAway == true)
    }

    @Test func aTokenThatOthersCanReadIsNotUsed() throws {
        let scratch = try ScratchDirectory()
        let paths = ClientPaths(prefix: scratch.path)
        #expect(try paths.readToken() == nil)
        try scratch.write("etc/portmanteau/token", " pmt_1\n", mode: 0o600)
        #expect(try paths.readToken() == "pmt_1")
        for mode in [0o644, 0o640, 0o604] as [UInt32] {
            try scratch.write("etc/portmanteau/token", "pmt_1\n", mode: mode)
            let error = #expect(throws: ServiceError.self) { try paths.readToken() }
            #expect(
                error?.description == "\(paths.token) is not used: it must be root's and closed to others (mode 0600)")
        }
    }

    @Test func aTokenNeverGoesInClearTextBeyondThisMachine() {
        for url in ["http://192.0.2.1:7700", "http://127.0.0.1.example.org", "http://localhost@example.org"] {
            let error = #expect(throws: ServiceError.self) { try ServiceClient(url: url, token: "pmt_secret") }
            #expect(error?.description.contains("in clear text") == true)
            #expect(error?.description.contains("pmt_secret") == false)
        }
    }
}
