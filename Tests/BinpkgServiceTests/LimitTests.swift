import BinpkgModel
import FoundationEssentials
import Posix
import Testbed
import Testing

@testable import BinpkgService

/// What callers may take.
@Suite struct LimitTests {
    private static func limits(_ change: (inout ServiceLimits) -> Void) -> ServiceLimits {
        var limits = ServiceLimits()
        change(&limits)
        return limits
    }

    @Test func aBucketEmptiesAndFills() throws {
        let counts = CallerCounts(
            limits: Self.limits {
                $0.burst = 3
                $0.requestsPerSecond = 2
            })
        let start = MonotonicTime.now
        for _ in 0..<3 { _ = try counts.enter("a", now: start) }
        #expect(throws: CallerCounts.Refusal.rate(seconds: 1)) { _ = try counts.enter("a", now: start) }
        _ = try counts.enter("b", now: start)
        _ = try counts.enter("a", now: start.advanced(byMilliseconds: 500))
        #expect(throws: CallerCounts.Refusal.rate(seconds: 1)) {
            _ = try counts.enter("a", now: start.advanced(byMilliseconds: 600))
        }
        // A long rest gives no more than the burst.
        let later = start.advanced(byMilliseconds: 3_600_000)
        for _ in 0..<3 { _ = try counts.enter("a", now: later) }
        #expect(throws: CallerCounts.Refusal.self) { _ = try counts.enter("a", now: later) }
    }

    @Test func aPlaceIsFreeWhenNobodyHoldsIt() throws {
        let counts = CallerCounts(
            limits: Self.limits {
                $0.callerRequests = 2
                $0.parallelRequests = 3
            })
        var places = [try counts.enter("a"), try counts.enter("a")]
        #expect(throws: CallerCounts.Refusal.callerIsBusy) { _ = try counts.enter("a") }
        places.append(try counts.enter("b"))
        #expect(throws: CallerCounts.Refusal.serviceIsBusy) { _ = try counts.enter("c") }
        #expect(counts.running == 3)
        places.removeAll()
        #expect(counts.running == 0)
        _ = try counts.enter("a")
    }

    @Test func tooManyRequestsAreToldWhenToComeBack() async throws {
        let settings = """
            listen = "127.0.0.1:0"
            [limits]
            burst = 5
            requests_per_second = 1
            """
        try await LiveService.run(settings: settings) { service in
            // All at once, on one connection.
            let question = "GET /v1/status HTTP/1.1\r\nHost: x\r\n"
            let many = String(repeating: question + "\r\n", count: 19) + question + "Connection: close\r\n\r\n"
            let replies = try await service.send([Array(many.utf8)])
            let first = try #require(replies.text.firstRange(of: "HTTP/1.1 429"), "\(replies.text)")
            #expect(replies.status == 200)
            let rest = replies.text[first.lowerBound...]
            let end = rest.dropFirst().firstRange(of: "HTTP/1.1 ")?.lowerBound ?? rest.endIndex
            let reply = LiveService.Reply(text: String(rest[..<end]))
            #expect(reply.status == 429)
            #expect(reply.head.lowercased().contains("\r\nretry-after: 1"))
            let problem = try JSONDecoder().decode(ProblemDocument.self, from: Data(reply.body.utf8))
            #expect(problem.status == 429 && problem.retryAfter == 1)
            try await Task.sleep(for: .milliseconds(1500))
            #expect(try await service.call("GET", "/v1/status").status == 200)
        }
    }

    /// Guessing is limited, also where the token comes as a password; who has one is not kept out by those who guess.
    @Test(arguments: [("/binhost/closed/Packages", "Basic", 404), ("/v1/status", "Bearer", 200)])
    func wrongTokensAreLimited(path: String, scheme: String, status: Int) async throws {
        let settings = """
            listen = "127.0.0.1:0"
            [limits]
            burst = 3
            requests_per_second = 1
            """
        let scratch = try ScratchDirectory()
        let tokens = try TokenStore(stateDirectory: scratch.path)
        let token = try await tokens.add(name: "desk", domain: "d", scope: .read, days: nil)
        try await LiveService.run(settings: settings, directory: scratch.path) { service in
            @Sendable func call(_ token: String) async throws -> LiveService.Reply {
                let secret = scheme == "Basic" ? Data("x:\(token)".utf8).base64EncodedString() : token
                return try await service.call("GET", path, headers: ["Authorization: \(scheme) \(secret)"])
            }
            var statuses: [Int] = []
            for _ in 0..<30 where statuses.last != 429 { statuses.append(try await call("pmt_wrong").status) }
            #expect(statuses.count > 3 && statuses.dropLast().allSatisfy { $0 == 401 }, "\(statuses)")
            #expect(statuses.last == 429, "\(statuses)")
            #expect(try await call(token).status == status)
        }
    }

    /// Beyond the limit of connections in all, one waits until another ends; those that are there go on.
    @Test func moreConnectionsThanAllowedWait() async throws {
        let settings = """
            listen = "127.0.0.1:0"
            [limits]
            connections = 3
            idle_seconds = 600
            burst = 100000
            """
        try await LiveService.run(settings: settings) { service in
            var connections: [OpenConnection] = []
            for _ in 0..<3 {
                let connection = try await OpenConnection(to: service.port)
                #expect(try await connection.ping())
                connections.append(connection)
            }
            // All at once: none of them is let in together with another.
            let late = try await withThrowingTaskGroup(of: OpenConnection.self) { group in
                for _ in 0..<5 {
                    group.addTask {
                        let connection = try await OpenConnection(to: service.port)
                        try await connection.ask()
                        return connection
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            // The others are served all the time; who waits is not.
            for _ in 0..<100 {
                for connection in connections { #expect(try await connection.ping()) }
            }
            #expect(late.allSatisfy { $0.answers == 0 })
            // One place, one more answer.
            for freed in 1...3 {
                try await connections.removeFirst().close()
                #expect(try await eventually { late.reduce(0) { $0 + $1.answers } == freed })
                for connection in connections { for _ in 0..<30 { #expect(try await connection.ping()) } }
                #expect(late.reduce(0) { $0 + $1.answers } == freed)
            }
            for connection in late where connection.answers == 1 { try await connection.close() }
            #expect(try await eventually { late.allSatisfy { $0.answers == 1 } })
            for connection in late { try await connection.close() }
            #expect(try await service.call("GET", "/v1/status").status == 200)
        }
    }

    @Test func whoSendsOrReadsTooSlowlyIsCutOff() async throws {
        let settings = """
            listen = "127.0.0.1:0"
            [limits]
            idle_seconds = 3
            stall_seconds = 3
            burst = 100000
            """
        try await LiveService.run(settings: settings) { service in
            // A head that does not end, byte by byte.
            let head = try await service.send(
                Array("GET /v1/status HTTP/1.1\r\nX: ".utf8).map { [$0] }, pause: .milliseconds(300))
            #expect(head.status == 408, "\(head.text)")
            #expect(head.body.contains("\"status\":408"))
            // A body, the same.
            let start = Array("POST /v1/requests HTTP/1.1\r\nContent-Length: 1000\r\n\r\n".utf8)
            let body = try await service.send(
                [start] + Array(repeating: [32], count: 100), pause: .milliseconds(300))
            #expect(body.status == 408, "\(body.text)")
            // Who says nothing hears nothing.
            #expect(try await service.send([[]]).text == "")
            // Who reads nothing: answers pile up until there is no room for more.
            let questions = String(repeating: "GET /v1/openapi.json HTTP/1.1\r\n\r\n", count: 4000)
            let unread = try await service.neverReading(Array(questions.utf8))
            #expect(unread)
            #expect(try await service.call("GET", "/v1/status").status == 200)
        }
    }
}
