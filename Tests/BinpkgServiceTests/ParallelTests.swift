import BinpkgModel
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import BinpkgService

/// Requests at one time, over real connections.
@Suite struct ParallelTests {
    /// The limits of a caller and of all, and what one hears who comes then.
    struct Limits: Sendable {
        var caller = 128
        var all = 1024
        var status: Int
        var detail: String
        var pause: String
    }

    /// Who reads a log holds a place as long as the build takes, or until the reader goes.
    @Test(arguments: [
        Limits(caller: 2, status: 429, detail: "too many requests of this caller at one time", pause: "2"),
        Limits(all: 2, status: 503, detail: "the service has too many requests at one time", pause: "5"),
    ])
    func readersOfLogsHoldTheirPlaces(_ limits: Limits) async throws {
        let builder = TrialBuilder(.gate)
        let settings: (inout ServiceConfiguration) -> Void = {
            $0.limits.callerRequests = limits.caller
            $0.limits.parallelRequests = limits.all
            $0.limits.burst = .max / 2
        }
        try await Trial.run(builder, settings: settings, over: .ahc(.http)) { trial in
            let id = try await trial.post(sample).id
            let readers = Self.read(id, trial)
            let refused = try await Self.status(trial) { $0.status != .ok }
            #expect(refused.status.code == limits.status && refused.headers[.retryAfter] == limits.pause)
            #expect(refused.headers[.contentType] == ProblemDocument.mediaType)
            #expect(try trial.decode(refused, as: ProblemDocument.self).detail == limits.detail)
            await builder.open()
            for reader in readers { #expect(try await reader.value.contains("event: state")) }
            let free = try await Self.status(trial) { $0.status == .ok }
            #expect(free.status == .ok)
            // Readers that go before the end.
            await builder.set(.endless)
            let other = try await trial.post(BinpkgServiceTests.sample("other")).id
            let impatient = Self.read(other, trial)
            #expect(try await Self.status(trial) { $0.status != .ok }.status.code == limits.status)
            impatient.forEach { $0.cancel() }
            #expect(try await Self.status(trial) { $0.status == .ok }.status == .ok)
        }
    }

    /// Two readers of the log of a build. Who is refused, since others ask at the same time, comes again.
    private static func read(_ id: String, _ trial: Trial) -> [Task<String, any Error>] {
        (0..<2).map { _ in
            Task {
                while true {
                    let text = try await trial.log(id)
                    guard text.contains("\"status\":") else { return text }
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
        }
    }

    /// Asks until it is answered so; the last answer after a minute.
    private static func status(_ trial: Trial, until isSo: (TestResponse) -> Bool) async throws -> TestResponse {
        var response: TestResponse
        var attempts = 3000
        repeat {
            try await Task.sleep(for: .milliseconds(20))
            // As the service does from time to time, so that it sees who is gone.
            await trial.service.changes.tellAll()
            response = try await trial.client.execute(uri: "/v1/status", method: .get)
            attempts -= 1
        } while !isSo(response) && attempts > 0
        return response
    }
}
