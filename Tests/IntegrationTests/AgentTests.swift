import BinpkgModel
import Posix
import Testbed
import Testing

/// Real emerges with the agent beside them.
@Suite struct AgentTests {
    /// app-demo/hello, as another machine built it.
    private static let hello = ("app-demo/hello", "app-demo/hello-1.0")

    @Test func thePackageComesThroughTheAgent() async throws {
        let package = try await BuiltPackages.shared.package(Self.hello.0, Self.hello.1, bashrc: "").file
        try await Testbed.shared().withMachine("agent-hit") { machine in
            try await machine.installPortmanteau()
            let service = FakeService(FakeService.Plan(artifact: package))
            try await LoopbackServer.with {
                service.answer($0)
            } _: { server in
                try machine.useService(server.url)
                let agent = try await machine.startAgent()
                let output = try await machine.emerge(["-1", "app-demo/hello"])
                #expect(output.succeeded, "\(output.text)")
                #expect(output.text.contains(": hit, exact, saves 12 s of building"), "\(output.text)\n\(agent.log)")
                #expect(!output.text.contains("gcc"))
                #expect(agent.log.contains("app-demo/hello-1.0: binary package from"), "\(agent.log)")
                #expect(!Files.exists(machine.path("var/tmp/portmanteau/app-demo/hello-1.0")))
                try await agent.stop()
            }
        }
    }
}
