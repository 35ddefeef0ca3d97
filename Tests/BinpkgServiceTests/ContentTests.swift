import BinpkgModel
import BuildEnvironments
import Glibc
import HTTPTypes
import HummingbirdTesting
import NIOCore
import Posix
import Testbed
import Testing

@testable import BinpkgService

/// What clients send is there for those who sent it.
@Suite struct ContentTests {
    private static let secret = ContentItem(
        role: .patch, name: "app-demo/delta/own.patch", sha256: ContentHash.sha256([7]), size: 1)

    private static var patched: BuildRequest {
        var request = sample
        request.content.append(secret)
        return request
    }

    /// Two domains over HTTP: the second knows the hash of what the first one sent, and not more.
    @Test func whoKnowsAHashLearnsNothing() async throws {
        let scratch = try ScratchDirectory()
        let tokens = try TokenStore(stateDirectory: scratch.path)
        let attic = try await tokens.add(name: "a", domain: "attic", scope: .request, days: nil)
        let cellar = try await tokens.add(name: "c", domain: "cellar", scope: .request, days: nil)
        let builder = TrialBuilder(.gate, outside: [Self.secret])
        try await Trial.run(builder, directory: scratch.path) { trial in
            @Sendable func ask(_ token: String) async throws -> TestResponse {
                try await trial.client.execute(
                    uri: "/v1/requests", method: .post, headers: [.authorization: "Bearer \(token)"],
                    body: ByteBuffer(bytes: try trial.encode(Self.patched)))
            }
            @Sendable func send(_ token: String, _ bytes: [UInt8] = [7]) async throws -> HTTPResponse.Status {
                try await trial.client.execute(
                    uri: "/v1/content/\(Self.secret.sha256)", method: .put,
                    headers: [.authorization: "Bearer \(token)"], body: ByteBuffer(bytes: bytes)
                ).status
            }
            let before = try await ask(cellar).body
            #expect(try await send(attic) == .created)
            #expect(try trial.decode(try await ask(attic), as: RequestAnswer.self).state == .queued)
            // The very same answer as before.
            #expect(try await ask(cellar).body == before)
            #expect(
                try trial.decode(try await ask(cellar), as: RequestAnswer.self).missing == [Self.secret.sha256])
            #expect(await builder.built.count <= 1)
            // Other bytes under this hash are refused as ever; the right ones count, twice as once.
            #expect(try await send(cellar, [8]) == .unprocessableContent)
            #expect(try await ask(cellar).body == before)
            #expect(try await send(cellar) == .created)
            #expect(try await send(cellar) == .created)
            let answer = try trial.decode(try await ask(cellar), as: RequestAnswer.self)
            #expect(answer.missing == [])
            await builder.open()
            let end = try #require(try await trial.service.answer(id: answer.id, waiting: 60, trustDomain: "cellar"))
            #expect(end.state == .ready)
            // One file for both.
            #expect(try trial.service.content.all() == [Self.secret.sha256])
        }
    }

    /// What is built for everybody, or for somebody else, has no file in it that a domain sent.
    @Test(arguments: [nil, "cellar", "attic"]) func aBuildGetsTheFilesOfItsOwnDomain(domain: String?) async throws {
        try await Trial.run(TrialBuilder(.package([1]), outside: [Self.secret])) { trial in
            try await trial.service.take(Self.secret.sha256, [7], from: "attic")
            let request = Self.patched
            let id = request.id(ofKey: request.primaryKey, domain: domain)
            _ = try await trial.service.store.enqueue(
                request, id: id, key: request.primaryKey, trustDomain: domain, wisher: "test", limit: 10,
                replacing: { _ in true })
            await trial.service.changes.tell(BuildService.queueName)
            let asker = domain ?? EnvironmentNeeds.everybody
            let end = try #require(try await trial.service.answer(id: id, waiting: 60, trustDomain: asker))
            let artifact = try #require(end.artifact)
            let bytes = try Files.read(trial.service.packages.path(artifact), limit: 100)
            #expect(bytes == (domain == "attic" ? [1, 7] : [1]))
        }
    }

    /// What was collected as garbage has to be sent again by everybody, also when one of them does so first.
    @Test func whatWentIsSentAgainByEachDomain() async throws {
        try await Trial.run(TrialBuilder(.exact([1])), settings: { $0.keeping.maximumDays = 1 }) { trial in
            let service = trial.service
            let hash = Self.secret.sha256
            for domain in ["attic", "cellar"] { try await service.take(hash, [7], from: domain) }
            let long = timeval(tv_sec: 1_000_000_000, tv_usec: 0)
            #expect(utimes(service.content.place(of: hash), [long, long]) == 0)
            #expect(try await service.keeper.collect(service.keeper.garbage()).map(\.name) == [hash])
            try await service.take(hash, [7], from: "cellar")
            #expect(try await service.store.content([hash], sentBy: "attic") == [])
            #expect(try await service.store.content([hash], sentBy: "cellar") == [hash])
        }
    }
}
