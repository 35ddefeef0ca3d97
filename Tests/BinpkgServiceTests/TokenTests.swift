import BinpkgModel
import GRDB
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Posix
import Testbed
import Testing

@testable import BinpkgService

/// Who may use the service.
@Suite struct TokenTests {
    private func call(
        _ trial: Trial, _ method: HTTPRequest.Method = .get, _ uri: String = "/v1/status", token: String? = nil,
        scheme: String = "Bearer", body: [UInt8] = []
    ) async throws -> TestResponse {
        try await trial.client.execute(
            uri: uri, method: method, headers: token.map { [.authorization: "\(scheme) \($0)"] } ?? [:],
            body: ByteBuffer(bytes: body))
    }

    private func expect(
        _ status: HTTPResponse.Status, _ trial: Trial, _ method: HTTPRequest.Method = .get,
        _ uri: String = "/v1/status", token: String? = nil, body: [UInt8] = [],
        at place: SourceLocation = #_sourceLocation
    ) async throws {
        let response = try await call(trial, method, uri, token: token, body: body)
        #expect(response.status == status, sourceLocation: place)
    }

    @Test func withoutTokensEverybodyOnThisMachineIsLetIn() async throws {
        try await Trial.run(TrialBuilder(.package([1]))) { trial in
            try await expect(.ok, trial)
        }
    }

    @Test func aTokenIsWantedAndEachKindOfWrongOneIsNamed() async throws {
        let scratch = try ScratchDirectory()
        let tokens = try TokenStore(stateDirectory: scratch.path)
        let good = try await tokens.add(name: "desk", domain: "home", scope: .request, days: 1)
        let old = try await tokens.add(name: "old", domain: "home", scope: .request, days: 1)
        let gone = try await tokens.add(name: "gone", domain: "home", scope: .request, days: nil)
        #expect(try await tokens.revoke(name: "gone"))
        #expect(try await !tokens.revoke(name: "nobody"))
        try await Trial.run(TrialBuilder(.package([1])), directory: scratch.path) { trial in
            try await trial.service.store.write {
                try $0.execute(sql: "UPDATE token SET expires = created - 1 WHERE name = 'old'")
            }
            try await expect(.ok, trial, token: good)
            for (token, scheme, reason) in [
                (nil, "", "wants a token"), ("pmt_no", "Bearer", "does not know it"), (old, "Bearer", "has expired"),
                (gone, "Bearer", "was revoked"), (good, "Basic", "not sent as"), (good + "x", "Bearer", "not know it"),
                ("", "Bearer", "not sent as"),
            ] as [(String?, String, String)] {
                let response = try await call(trial, token: token, scheme: scheme)
                #expect(response.status == .unauthorized)
                #expect(response.headers[.wwwAuthenticate]?.hasPrefix("Bearer realm=") == true)
                #expect(response.headers[.contentType] == ProblemDocument.mediaType)
                let problem = try trial.decode(response, as: ProblemDocument.self)
                #expect(problem.detail.contains(reason), "\(problem.detail)")
                #expect(token.map { $0.count < 10 || !problem.detail.contains($0) } ?? true)
            }
            // What everybody may see, and what nobody finds without a token.
            try await expect(.ok, trial, .get, "/v1/health")
            try await expect(.unauthorized, trial, .get, "/nothing")
        }
        // The token is nowhere; its use was noted.
        for name in try Files.list(scratch.path) where name.hasPrefix("store") {
            let bytes = try Files.read(scratch.path + "/" + name)
            #expect(!String(decoding: bytes, as: UTF8.self).contains(good))
        }
        let listed = try await tokens.list()
        #expect(listed.map(\.name) == ["desk", "gone", "old"])
        #expect(listed.map { $0.lastUse != nil } == [true, false, false])
    }

    @Test func aScopeAllowsItsCallsAndNoMore() async throws {
        let scratch = try ScratchDirectory()
        let tokens = try TokenStore(stateDirectory: scratch.path)
        let reader = try await tokens.add(name: "reader", domain: "d", scope: .read, days: nil)
        let asker = try await tokens.add(name: "asker", domain: "d", scope: .request, days: nil)
        try await Trial.run(TrialBuilder(.package([1])), directory: scratch.path) { trial in
            let body = try trial.encode(sample)
            let refused = try await call(trial, .post, "/v1/requests", token: reader, body: body)
            #expect(refused.status == .forbidden)
            let problem = try trial.decode(refused, as: ProblemDocument.self)
            #expect(problem.detail == "this needs the scope 'request'; the token has 'read'")
            let hash = ContentHash.sha256([1])
            try await expect(.forbidden, trial, .put, "/v1/content/\(hash)", token: reader, body: [1])
            try await expect(.ok, trial, .post, "/v1/requests?build=no", token: reader, body: body)
            try await expect(.accepted, trial, .post, "/v1/requests", token: asker, body: body)
        }
    }

    @Test func whatIsDoneWhileTheServiceRunsCounts() async throws {
        let scratch = try ScratchDirectory()
        let tokens = try TokenStore(stateDirectory: scratch.path)
        try await Trial.run(TrialBuilder(.package([1])), directory: scratch.path) { trial in
            try await expect(.ok, trial)
            let token = try await tokens.add(name: "late", domain: "d", scope: .read, days: nil)
            try await Task.sleep(for: .milliseconds(1100))
            try await expect(.unauthorized, trial)
            try await expect(.ok, trial, token: token)
            #expect(try await tokens.revoke(name: "late"))
            try await Task.sleep(for: .milliseconds(1100))
            // Revoking the last one does not open the door.
            try await expect(.unauthorized, trial, token: token)
            try await expect(.unauthorized, trial)
        }
    }

    @Test func aTokenBringsItsDomain() async throws {
        let scratch = try ScratchDirectory()
        let tokens = try TokenStore(stateDirectory: scratch.path)
        let token = try await tokens.add(name: "a", domain: "office", scope: .request, days: 3)
        let book = TokenBook(store: try Store(path: scratch.path + "/store.sqlite"))
        #expect(
            try await book.verdict(of: token) == .caller(Caller(domain: "office", scope: .request, token: "a")))
        #expect(Caller.local.domain == "default")
    }

    @Test func namesAreCheckedAndTakenOnce() async throws {
        let scratch = try ScratchDirectory()
        let tokens = try TokenStore(stateDirectory: scratch.path)
        _ = try await tokens.add(name: "a", domain: "d", scope: .read, days: nil)
        await #expect(throws: TokenStore.Refusal.nameIsTaken("a")) {
            try await tokens.add(name: "a", domain: "d", scope: .read, days: nil)
        }
        for name in ["", "a b", "a'; DROP TABLE token; --", "-x", "ä", String(repeating: "x", count: 65)] {
            await #expect(throws: TokenStore.Refusal.badName(name)) {
                try await tokens.add(name: name, domain: "d", scope: .read, days: nil)
            }
        }
    }
}
