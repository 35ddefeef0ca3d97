import Posix
import Testbed
import Testing

/// An unprefixed Portage, as most systems have it: the same hooks, agent, service and plans.
@Suite struct WholeMachineTests {
    /// A machine with a service, and another with the hooks.
    private func withMachines(_ name: String, _ body: (Machine, Service) async throws -> Void) async throws {
        let testbed = try await Testbed.shared()
        try await testbed.withWholeMachine("\(name)-service") { server in
            try await server.installPortmanteau(enable: false)
            let service = try await server.startService()
            do {
                try await testbed.withWholeMachine(name) { client in
                    try await client.installPortmanteau()
                    try client.useService(service.url)
                    try await body(client, service)
                }
                try await service.stop()
            } catch {
                Issue.record("the service said:\n\(service.process.log)")
                try? await service.stop()
                throw error
            }
        }
    }

    @Test(.timeLimit(.minutes(60))) func `hook, agent and service inject a package`() async throws {
        try await withMachines("whole") { client, service in
            #expect(try await client.run(["portageq", "envvar", "EPREFIX"]).stdout == "\n")
            let agent = try await client.startAgent()
            let output = try await client.emerge(["-1", "--quiet-build=n", "app-demo/hello"], timeout: .seconds(900))
            #expect(output.succeeded, "\(output.text)")
            #expect(
                output.text.contains("hello-1.0: binary package from \(service.url)"), "\(output.text)\n\(agent.log)")
            #expect(!output.text.contains("Compiling source"))
            #expect(try await client.run(["/usr/bin/hello"]).succeeded)
            #expect(!Files.exists(client.path("var/tmp/portmanteau/app-demo/hello-1.0")))
            #expect(Files.status(client.path("usr/bin/hello"))?.owner == 0)
            try await agent.stop()

            // Without the agent, and as a plan.
            let inline = try await client.emerge(["-1", "app-demo/hello"], timeout: .seconds(900))
            #expect(inline.text.contains(": hit, exact"), "\(inline.text)")
            let plan = try await client.runWithoutCompiler(
                ["binpkg", "emerge", "--require", "-1", "app-demo/hello", "app-demo/hallo"], timeout: .seconds(900))
            #expect(plan.succeeded, "\(plan.text)")
            #expect(plan.text.contains(">>> Emerging binary (2 of 2)"), "\(plan.text)")
            #expect(try client.installedPackages().contains("app-demo/hallo-1.0"))

            let hook = "/usr/libexec/portmanteau/portage-hook"
            #expect(try await client.run([hook, "status"]).succeeded)
            #expect(try await client.run([hook, "disable"]).succeeded)
            #expect(!Files.exists(client.path("etc/portage/bashrc")))
            #expect(try await client.run([hook, "status"]).exitCode == 1)
            let plain = try await client.emerge(["-1", "app-demo/memory"], timeout: .seconds(900))
            #expect(plain.succeeded && !plain.text.contains("binary package from"), "\(plain.text)")
            #expect(try await client.run([hook, "enable"]).succeeded)
            #expect(try client.read("etc/portage/bashrc").contains("/usr/share/portmanteau/hooks/bashrc"))
        }
    }
}
