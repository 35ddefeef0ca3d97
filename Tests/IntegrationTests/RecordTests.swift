import Posix
import Testbed
import Testing

/// Packages that a service built and the agent brought are recorded, and lie there, as if they had been built here.
@Suite struct RecordTests {
    private static let atoms = [
        "app-demo/oddments", "app-demo/memory", "app-demo/delta", "app-demo/lantern", "app-demo/tapestry",
        "app-demo/hello", "lib-demo/sun", "lib-demo/moon",
    ]
    private static let arguments = ["-1", "--buildpkg", "--jobs=2", "--with-bdeps=y"] + atoms

    @Test(.timeLimit(.minutes(60))) func injectedPackagesAreLikeLocalOnes() async throws {
        try await Testbed.shared().withMachine("records-local") { local in
            let before = try local.installedPackages()
            let built = try await local.emerge(Self.arguments, timeout: .seconds(900))
            #expect(built.succeeded, "\(built.text)")
            let names = try local.installedPackages().filter { !before.contains($0) }
            #expect(names.count >= 12, "\(names)")
            try await PlanServer.with("records") { machine, service in
                try await machine.installPortmanteau()
                try machine.useService(service.url, settings: "BINPKG_POLICY=wait:30m")
                let agent = try await machine.startAgent()
                let output = try await machine.emerge(Self.arguments, timeout: .seconds(900))
                #expect(output.succeeded, "\(output.text)\n\(agent.log)")
                for name in names {
                    #expect(agent.log.contains("\(name): binary package from \(service.url)"), "\(agent.log)")
                    let (mine, theirs) = (try await machine.record(of: name), try await local.record(of: name))
                    #expect(mine.fields.keys.sorted() == theirs.fields.keys.sorted(), "\(name)")
                    for (field, text) in theirs.fields { #expect(mine.fields[field] == text, "\(name) \(field)") }
                    #expect(mine.contents == theirs.contents, "\(name)")
                    #expect(try await machine.files(of: name) == local.files(of: name), "\(name)")
                }
                try await agent.stop()
            }
        }
    }
}
