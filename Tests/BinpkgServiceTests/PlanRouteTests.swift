import BinpkgModel
import FoundationEssentials
import Hummingbird
import HummingbirdTesting
import NIOCore
import Testing

@testable import BinpkgService

/// Many requests at once, and too many.
@Suite struct PlanRouteTests {
    private static func ask(
        _ trial: Trial, _ path: String, _ question: some Encodable
    ) async throws -> TestResponse {
        let body = ByteBuffer(bytes: Array(try JSONEncoder().encode(question)))
        return try await trial.client.execute(uri: path, method: .post, body: body)
    }

    private static func expectTooMuch(_ response: TestResponse, _ trial: Trial, _ detail: String) throws {
        #expect(response.status == .contentTooLarge)
        #expect(try trial.decode(response, as: ProblemDocument.self).detail == detail)
    }

    @Test func theirSizeHasALimitOfItsOwn() async throws {
        let settings: (inout ServiceConfiguration) -> Void = {
            $0.requestBytes = 64
            $0.planBytes = 4096
        }
        try await Trial.run(TrialBuilder(.package([1])), settings: settings) { trial in
            let small = try await Self.ask(
                trial, "/v1/plans?build=no", PlanQuestion(requests: [sample, BinpkgServiceTests.sample("x")]))
            #expect(try trial.decode(small, as: PlanReply.self).items.count == 2)
            let many = PlanQuestion(requests: Array(repeating: sample, count: 20))
            try Self.expectTooMuch(
                try await Self.ask(trial, "/v1/plans", many), trial, "more than 4096 bytes are not taken here")
            // Names alone are a request like any other.
            let names = PlanStates(ids: [String(repeating: "a", count: 64)])
            try Self.expectTooMuch(
                try await Self.ask(trial, "/v1/plans/states", names), trial, "more than 64 bytes are not taken here")
            #expect(try await trial.service.store.counts().isEmpty)
        }
    }

    @Test func theirNumberHasALimit() async throws {
        try await Trial.run(TrialBuilder(.package([1])), working: false) { trial in
            let detail = "more than \(PlanQuestion.maximumCount) requests at once"
            let count = PlanQuestion.maximumCount + 1
            let requests = PlanQuestion(requests: Array(repeating: sample, count: count))
            try Self.expectTooMuch(try await Self.ask(trial, "/v1/plans", requests), trial, detail)
            let names = PlanStates(ids: Array(repeating: String(repeating: "a", count: 64), count: count))
            try Self.expectTooMuch(try await Self.ask(trial, "/v1/plans/states", names), trial, detail)
            #expect(try await trial.service.store.counts().isEmpty)
        }
    }
}
