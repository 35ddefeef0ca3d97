import Glibc
import Posix
import Testbed
import Testing

/// Plans that are cancelled, and packages that somebody changed on their way.
@Suite struct PlanTroubleTests {
    /// Builds until it is stopped.
    private static let wait = """
        EAPI=8
        DESCRIPTION="Takes its time"
        HOMEPAGE="https://example.org/wait"
        S="${WORKDIR}"
        LICENSE="GPL-2+"
        SLOT="0"
        KEYWORDS="amd64 arm64"
        src_compile() { sleep 3600; }

        """

    @Test(.timeLimit(.minutes(60))) func `a person cancels, detaches and comes back`() async throws {
        try await PlanServer.with("cancel") { client, service, _ in
            func builds() async throws -> String {
                try await client.run([
                    "/usr/bin/python3", "-c", "import sys, urllib.request as r; print(r.urlopen(sys.argv[1]).read())",
                    service.url + "/v1/status",
                ]).stdout
            }
            try client.addRepository(
                "own", categories: ["app-own"], ebuilds: ["app-own/wait/wait-1.0.ebuild": Self.wait])
            // Without a terminal: a program is interrupted, and its plan cancelled later.
            let program = try await client.start(["binpkg", "emerge", "-1", "app-own/wait"])
            #expect(await program.waitForLog("building", timeout: .seconds(200)), "\(program.log)")
            #expect(kill(program.pid, SIGINT) == 0)
            #expect(try await program.end() == 130)
            let listed = try await client.run(["binpkg", "plans"])
            let id = try #require(listed.stdout.split(separator: " ").first.map(String.init), "\(listed.text)")

            // Another plan wants the same: the first one goes, the build goes on.
            let terminal = try await Terminal(on: client, columns: 110, rows: 30)
            try await terminal.enter("binpkg emerge -1 app-own/wait")
            try await terminal.wait("the table", timeout: .seconds(200)) { $0.contains { $0.contains("c cancels") } }
            let shared = try await client.run(["binpkg", "plans", "--cancel", id])
            #expect(shared.stderr.contains("0 builds are not made, 1 goes on, since others wait"), "\(shared.text)")
            #expect(!Files.exists(client.path("var/cache/portmanteau/plans/\(id)")))

            try await terminal.type("d")
            try await terminal.wait("the way back", timeout: .seconds(120)) {
                $0.contains { $0.contains("binpkg emerge --attach") }
            }
            let rest = try await client.run(["binpkg", "plans"])
            let other = try #require(rest.stdout.split(separator: " ").first.map(String.init), "\(rest.text)")
            try await terminal.enter("clear; binpkg emerge --attach \(other)")
            try await terminal.wait("the table again", timeout: .seconds(200)) {
                $0.contains { $0.contains("c cancels") }
            }
            try await terminal.type("c")
            try await terminal.wait("the end", timeout: .seconds(120)) {
                $0.contains { $0.contains("is cancelled; 1 build") }
            }
            await terminal.close()
            #expect(try await client.run(["binpkg", "plans"]).stdout.isEmpty)
            for _ in 0..<600 where try await builds().contains("building") {
                try await Task.sleep(for: .milliseconds(100))
            }
            let counts = try await builds()
            #expect(!counts.contains("building") && !counts.contains("queued"), "\(counts)")
            #expect(try await client.run(["binpkg", "plans", "--cancel", other]).exitCode == 1)
        }
    }

    @Test(.timeLimit(.minutes(60))) func `a package that was altered is not installed`() async throws {
        // Makes an emerge fail that has begun.
        let failing = "pre_pkg_preinst() { [[ ! -e ${EPREFIX}/fail ]] || die; }\n"
        try await PlanServer.with("altered", prepare: { try $0.write("etc/portage/bashrc", failing) }) {
            client, _, server in
            let good = try await client.run(["binpkg", "emerge", "-1", "app-demo/hello"], timeout: .seconds(600))
            #expect(good.succeeded, "\(good.text)")
            let before = try client.read("var/db/pkg/app-demo/hello-1.0/COUNTER")

            // In the client's cache, between its verification and emerge.
            try client.write("fail", "")
            let kept = try await client.run(["binpkg", "emerge", "-1", "app-demo/hello"], timeout: .seconds(300))
            try Files.removeTree(client.path("fail"))
            #expect(kept.exitCode == 1, "\(kept.text)")
            let plan = try #require(try Files.list(client.path("var/cache/portmanteau/plans")).first)
            let packages = client.path("var/cache/portmanteau/plans/\(plan)/packages/app-demo/hello")
            let file = try #require(try Files.list(packages).first { $0.hasSuffix(".gpkg.tar") })
            try Files.replace(
                "\(packages)/\(file)", with: try #require(DamagedPackage.image(try Files.read("\(packages)/\(file)"))))
            let attached = try await client.run(["binpkg", "emerge", "--attach", plan], timeout: .seconds(300))
            #expect(!attached.succeeded, "\(attached.text)")
            #expect(try client.read("var/db/pkg/app-demo/hello-1.0/COUNTER") == before)
            #expect(try await client.run(["binpkg", "plans", "--forget", plan]).succeeded)

            // A full disk.
            let (full, _) = try await client.runOnFullDisk(
                "var/cache/portmanteau", ["binpkg", "emerge", "--require", "-1", "app-demo/hello"])
            #expect(full.exitCode != 0 && full.text.lowercased().contains("no space left"), "\(full.text)")
            #expect(try client.read("var/db/pkg/app-demo/hello-1.0/COUNTER") == before)

            // On the service's disk.
            let folder = server.prefix + "/var/lib/portmanteau/binpkgd/artifacts"
            let listed = try await server.run(["find", folder, "-type", "f"])
            let artifact = try #require(listed.stdout.split(separator: "\n").first.map(String.init), "\(listed.text)")
            let real = server.path(String(artifact.dropFirst(server.prefix.utf8.count + 1)))
            try Files.replace(real, with: try #require(DamagedPackage.image(try Files.read(real))))
            let damaged = try await client.run(
                ["binpkg", "emerge", "--require", "-1", "app-demo/hello"], timeout: .seconds(300))
            #expect(damaged.exitCode == 1, "\(damaged.text)")
            #expect(damaged.stderr.contains("nothing may be compiled here"), "\(damaged.text)")
            #expect(try client.read("var/db/pkg/app-demo/hello-1.0/COUNTER") == before)
        }
    }
}
