import FoundationEssentials
import Posix
import Testbed
import Testing

/// A real service, a real emerge: a package is built there, installed here, and found again.
@Suite struct RequestTests {
    private struct Answer: Decodable {
        let cpv: String
        let state: String
        let accuracy: String?
        let path: String?
    }

    @Test func aPackageIsBuiltOnceAndTakenTwice() async throws {
        let testbed = try await Testbed.shared()
        try await testbed.withMachine("request-service") { server in
            try await server.installPortmanteau(enable: false)
            let service = try await server.startService(settings: "path = [\"\(testbed.root)/tools\"]")
            do {
                try await testbed.withMachine("request-client") { try await talk(to: service.url, on: $0) }
                try await service.stop()
            } catch {
                let log = service.process.log
                _ = try? await service.stop()
                Issue.record("the service said:\n\(log)")
                throw error
            }
        }
    }

    private func talk(to url: String, on client: Machine) async throws {
        try await client.installPortmanteau()
        try client.useService(url, settings: "BINPKG_POLICY=ready")
        let emerge = ["--oneshot", "app-demo/hello"]

        // Nothing is there: the package is only looked up, and built here.
        let before = try await client.emerge(emerge)
        #expect(before.succeeded, "\(before.text)")
        #expect(before.text.contains("app-demo/hello-1.0: the service has it not yet"), "\(before.text)")

        // A person asks for it and sees the log.
        let asked = try await client.run(
            ["binpkg", "request", "app-demo/hello", "--log", "--json"], timeout: .seconds(200))
        #expect(asked.succeeded, "\(asked.text)")
        #expect(asked.stderr.contains(">>> "), "\(asked.stderr)")
        let answer = try JSONDecoder().decode(Answer.self, from: Data(asked.stdout.utf8))
        #expect(answer.cpv == "app-demo/hello-1.0")
        #expect(answer.state == "ready")
        let path = try #require(answer.path)
        #expect(path.hasPrefix(client.prefix + "/var/cache/portmanteau/packages/app-demo/hello-1.0-"))
        #expect(Files.exists(client.folder + path.dropFirst(client.prefix.count)))

        // Now emerge takes it.
        let after = try await client.emerge(emerge)
        #expect(after.succeeded, "\(after.text)")
        #expect(after.text.contains("app-demo/hello-1.0: binary package from \(url): hit, "), "\(after.text)")
        #expect(!after.text.contains("\n>>> Compiling source"))

        // A look at the same package for a person, and at one that is not there.
        let shown = try await client.run(["binpkg", "request", "app-demo/hello"])
        #expect(shown.succeeded, "\(shown.text)")
        #expect(shown.stdout.hasPrefix("app-demo/hello-1.0: ready, "))
        let missing = try await client.run(["binpkg", "request", "--lookup", "dev-demo/weave"])
        #expect(missing.exitCode == 1, "\(missing.text)")
        let unknown = try await client.run(["binpkg", "request", "app-demo/nothing"])
        #expect(unknown.exitCode == 1)
        #expect(unknown.stderr == "binpkg: nothing visible matches 'app-demo/nothing'\n")
        #if arch(x86_64)
            try await nativeFlagsAreResolved(on: client, url)
        #endif
    }

    /// `-march=native` is asked for as what it means to the compiler here, and without a compiler not at all.
    private func nativeFlagsAreResolved(on client: Machine, _ url: String) async throws {
        try client.append("etc/portage/make.conf", "\nCFLAGS=\"-O2 -march=native\"\n")
        try client.useService(url, settings: "BINPKG_POLICY=wait:300")
        let merged = try await client.emerge(["--oneshot", "app-demo/hello"])
        #expect(merged.text.contains("app-demo/hello-1.0: binary package from \(url): "), "\(merged.text)")
        let recorded = try client.read("var/db/pkg/app-demo/hello-1.0/CFLAGS")
        #expect(recorded.hasPrefix("-O2 -march=") && !recorded.contains("native"), "\(recorded)")
        let same = try await client.run([
            "bash", "-c", "diff <(gcc -march=native -Q --help=target) <(gcc $0 -Q --help=target)", recorded,
        ])
        #expect(same.succeeded, "\(same.text)")
        let bare = try await client.runWithoutCompiler(["binpkg", "request", "--show-request", "app-demo/hello"])
        #expect(!bare.succeeded && bare.stderr.contains("no GCC here says what: name the CPU"), "\(bare.text)")
    }
}
