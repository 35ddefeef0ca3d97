import Posix
import Testbed
import Testing

/// An unprefixed Portage, as most systems have it: the same hooks, agent, service and plans.
@Suite struct WholeMachineTests {
    /// A machine with a service, and another with the hooks.
    private func withMachines(
        _ name: String, _ body: (Machine, Service, _ server: Machine) async throws -> Void
    ) async throws {
        let testbed = try await Testbed.shared()
        try await testbed.withWholeMachine("\(name)-service") { server in
            try await server.installPortmanteau(enable: false)
            let service = try await server.startService()
            do {
                try await testbed.withWholeMachine(name) { client in
                    try await client.installPortmanteau()
                    try client.useService(service.url)
                    try await body(client, service, server)
                }
                try await service.stop()
            } catch {
                Issue.record("the service said:\n\(service.process.log)")
                _ = try? await service.stop()
                throw error
            }
        }
    }

    @Test(.timeLimit(.minutes(60))) func `hook, agent and service inject a package`() async throws {
        try await withMachines("whole") { client, service, server in
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
            try await trouble(client, service, server)
        }
    }

    /// A package that was altered, a token that is not known, and a service that is gone: one line, and a local build;
    /// where nothing may be built, nothing is installed.
    private func trouble(_ client: Machine, _ service: Service, _ server: Machine) async throws {
        func counter() throws -> String { try client.read("var/db/pkg/app-demo/hello-1.0/COUNTER") }
        func expectLocalBuild(_ line: String) async throws {
            let before = try counter()
            let strict = try await client.run(["binpkg", "emerge", "--require", "-1", "app-demo/hello"])
            #expect(strict.exitCode != 0 && !strict.text.contains(">>> Emerging"), "\(strict.text)")
            let require = try await client.emerge(["-1", "app-demo/hello"], environment: ["BINPKG_POLICY": "require"])
            #expect(!require.succeeded && !require.text.contains("Compiling source"), "\(require.text)")
            #expect(try counter() == before)
            let built = try await client.emerge(["-1", "app-demo/hello"], timeout: .seconds(900))
            let lines = built.text.split(separator: "\n").filter { $0.hasSuffix(": building here") }
            #expect(built.succeeded && built.text.contains("\n>>> Compiling source"), "\(built.text)")
            #expect(lines.count == 1 && lines[0].contains(line), "\(built.text)")
            #expect(try await client.run(["/usr/bin/hello"]).succeeded)
            #expect(try counter() != before)
        }
        let artifacts = server.path("var/lib/portmanteau/binpkgd/artifacts")
        for name in try Files.list(artifacts) {
            let file = "\(artifacts)/\(name)"
            try Files.replace(file, with: try #require(DamagedPackage.image(try Files.read(file))))
        }
        try await expectLocalBuild("SHA-256 is")

        let added = try await server.run(["/usr/bin/binpkgd", "token", "add", "desk"])
        #expect(added.succeeded, "\(added.text)")
        try client.write("etc/portmanteau/token", "pmt_wrong\n", mode: 0o600)
        // The service looks for tokens once a second.
        try await Task.sleep(for: .milliseconds(1100))
        try await expectLocalBuild("the token cannot be used: this service does not know it")

        try await service.stop()
        try Files.removeTree(client.path("run/portmanteau"))
        try await expectLocalBuild(service.url)
    }
}
