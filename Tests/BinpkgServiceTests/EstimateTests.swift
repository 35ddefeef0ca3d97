import BinpkgModel
import Testing

@testable import BinpkgService

/// How long a package takes depends on where it is built.
@Suite struct EstimateTests {
    @Test func buildsOfOneEnvironmentAreCompared() async throws {
        let builder = TrialBuilder(.exact([1]))
        try await Trial.run(builder) { trial in try await compare(trial, builder) }
    }

    private func compare(_ trial: Trial, _ builder: TrialBuilder) async throws {
        func request(_ name: String, _ kind: String, _ use: [String] = []) -> BuildRequest {
            var request = sample(name)
            request.profile = kind
            request.use = use
            return request
        }
        func estimate(_ request: BuildRequest) async throws -> Double? {
            try await trial.post(request, "?build=no").estimateSeconds
        }
        #expect(try await estimate(request("a", "one")) == nil)
        // The same package, fast in one environment and slow in the other.
        for (kind, place, seconds) in [("one", "fast", 10.0), ("two", "slow", 100.0)] {
            await builder.set(.timed(seconds, environment: place))
            #expect(try await trial.obtain(request("a", kind)).state == .ready)
        }
        #expect(try await estimate(request("a", "one", ["ssl"])) == 10)
        #expect(try await estimate(request("a", "two", ["ssl"])) == 100)
        // Of a machine that never asked it is not known where its packages are built: what is known of all.
        #expect(try await estimate(request("a", "three")) == 55)
        // Never built in that environment: the same.
        #expect(try await trial.obtain(request("b", "two")).state == .ready)
        #expect(try await estimate(request("b", "one")) == 100)
    }
}
