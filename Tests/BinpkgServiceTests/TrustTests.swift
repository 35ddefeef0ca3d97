import BinpkgModel
import BuildEnvironments
import Posix
import Testing

@testable import BinpkgService

/// What clients bring along is theirs; what the service has itself is everybody's.
@Suite struct TrustTests {
    private static let patch = ContentItem(
        role: .patch, name: "app-demo/delta/own.patch", sha256: ContentHash.sha256([7]), size: 1)

    private static var patched: BuildRequest {
        var request = sample
        request.content.append(patch)
        return request
    }

    private func obtain(_ request: BuildRequest, _ domain: String, _ trial: Trial) async throws -> RequestAnswer {
        let answer = try await trial.service.submit(request, mayBuild: true, trustDomain: domain)
        if answer.state.isFinal { return answer }
        return try #require(try await trial.service.answer(id: answer.id, waiting: 60, trustDomain: domain))
    }

    @Test func whatADomainSentIsItsOwn() async throws {
        let builder = TrialBuilder(.exact([1]), outside: [Self.patch])
        try await Trial.run(builder) { trial in
            try await trial.service.take(Self.patch.sha256, [7], from: "attic")
            let first = try await obtain(Self.patched, "attic", trial)
            #expect(first.state == .ready, "\(first)")
            let artifact = try #require(first.artifact)
            // The other one finds nothing of it, by no way.
            let looked = try await trial.service.submit(Self.patched, mayBuild: false, trustDomain: "cellar")
            #expect(looked.state == .declined && looked.nearest == nil)
            var related = Self.patched
            related.use = ["ssl"]
            let other = try await trial.service.submit(related, mayBuild: false, trustDomain: "cellar")
            #expect(other.nearest == nil)
            #expect(try await trial.service.answer(id: first.id, trustDomain: "cellar") == nil)
            #expect(try await trial.service.store.state(first.id, for: "cellar") == nil)
            #expect(try await trial.service.store.artifact(artifact, for: "cellar") == nil)
            #expect(try await trial.service.store.artifact(artifact, for: "attic") != nil)
            let own = try await trial.service.submit(related, mayBuild: false, trustDomain: "attic")
            #expect(own.nearest?.artifact == artifact)
            // It gets one of its own, under a name of its own, when it has sent its content itself.
            let refused = try await obtain(Self.patched, "cellar", trial)
            #expect(refused.state == .declined && refused.missing == [Self.patch.sha256])
            try await trial.service.take(Self.patch.sha256, [7], from: "cellar")
            await builder.set(.exact([2]))
            let second = try await obtain(Self.patched, "cellar", trial)
            #expect(second.state == .ready && second.key == first.key)
            #expect(second.id != first.id && second.artifact != artifact)
            #expect(await builder.builds == 2)
            let again = try await trial.service.submit(Self.patched, mayBuild: true, trustDomain: "attic")
            #expect(again.artifact == artifact)
        }
    }

    @Test func whatTheServiceHasIsShared() async throws {
        let builder = TrialBuilder(.exact([1]))
        try await Trial.run(builder) { trial in
            let first = try await obtain(sample, "attic", trial)
            let second = try await obtain(sample, "cellar", trial)
            #expect(first.state == .ready && first == second)
            #expect(await builder.builds == 1)
            #expect(try await trial.service.store.state(first.id, for: "cellar") == .ready)
            #expect(try await trial.service.logOwner(first.id, trustDomain: "cellar") == first.id)
        }
    }

    /// A package that was built in somebody's own environment goes to nobody else, also when its own files are common.
    @Test func anEnvironmentMakesItsPackagesPrivate() async throws {
        let builder = TrialBuilder(.exact([1]), outside: [Self.patch])
        await builder.setDomain("attic")
        try await Trial.run(builder) { trial in
            try await trial.service.take(Self.patch.sha256, [7], from: "attic")
            let first = try await obtain(sample, "attic", trial)
            let artifact = try await trial.service.store.artifact(first.artifact ?? "", for: "attic")
            #expect(artifact?.trustDomain == "attic")
            #expect(try await trial.service.store.artifact(first.artifact ?? "", for: "cellar") == nil)
        }
    }

    /// Two domains ask for the same at the same time: each gets its own build.
    @Test func waitingRequestsOfOthersGetNothing() async throws {
        let builder = TrialBuilder(.gate, outside: [Self.patch])
        try await Trial.run(builder) { trial in
            for domain in ["attic", "cellar"] {
                try await trial.service.take(Self.patch.sha256, [7], from: domain)
            }
            let first = try await trial.service.submit(Self.patched, mayBuild: true, trustDomain: "attic")
            let second = try await trial.service.submit(Self.patched, mayBuild: true, trustDomain: "cellar")
            #expect(first.id != second.id)
            await builder.open()
            let (own, other) = (
                try await trial.service.answer(id: first.id, waiting: 60, trustDomain: "attic"),
                try await trial.service.answer(id: second.id, waiting: 60, trustDomain: "cellar")
            )
            #expect(own?.state == .ready && other?.state == .ready)
            #expect(await builder.builds == 2)
        }
    }

    @Test func anEnvironmentOfADomainIsOpenToItAlone() {
        let layer = PooledEnvironment(id: "l", parent: "r", packages: PackageSet([]), trustDomain: "attic")
        #expect(layer.isOpen(to: EnvironmentNeeds(sample, trustDomain: "attic")))
        #expect(!layer.isOpen(to: EnvironmentNeeds(sample, trustDomain: "cellar")))
        #expect(!layer.isOpen(to: EnvironmentNeeds(sample, trustDomain: EnvironmentNeeds.nobody)))
    }
}
