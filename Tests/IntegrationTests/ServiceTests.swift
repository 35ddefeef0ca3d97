import Glibc
import Posix
import Testbed
import Testing

/// The service with real builds: one machine serves, another asks.
@Suite struct ServiceTests {
    /// Runs with a service on a machine of its own and a client on another; at the end nothing of the builds is left.
    private func withService(
        _ name: String, isKilled: Bool = false, hasHooks: Bool = false,
        _ body: (Service, Machine, ServiceClient) async throws -> Void
    ) async throws {
        let testbed = try await Testbed.shared()
        try await testbed.withMachine("\(name)-service") { server in
            try await server.installPortmanteau(enable: hasHooks)
            try await testbed.withMachine("\(name)-client") { machine in
                try await machine.installPortmanteau(enable: false)
                let service = try await server.startService()
                do {
                    try await body(service, server, ServiceClient(machine: machine, url: service.url))
                } catch {
                    try await service.stop()
                    throw error
                }
                if isKilled {
                    try await service.stop()
                    // The next one cleans up, and takes the build up again.
                    let next = try await server.startService()
                    let code = try await next.stop()
                    #expect(code == 0, "\(next.process.log)")
                    #expect(next.process.log.contains("builds are queued again"))
                } else {
                    let code = try await service.stop()
                    #expect(code == 0, "\(service.process.log)")
                }
                let left = try Files.list(server.path("var/lib/portmanteau/binpkgd/builds"))
                #expect(left == [])
                #expect(Self.buildProcesses(on: server).isEmpty)
            }
        }
    }

    /// Processes in a namespace where something of a build of this machine's service is mounted.
    private static func buildProcesses(on machine: Machine) -> [String] {
        let names = ((try? Files.list("/proc")) ?? []).filter { Int($0) != nil }
        let mark = "/machines/\(machine.name)/var/lib/portmanteau/binpkgd/builds/"
        return names.filter { ((try? Files.readText("/proc/\($0)/mountinfo")) ?? "").contains(mark) }
    }

    @Test func packageWithDependenciesIsBuiltAndVerified() async throws {
        try await withService("svc-diamond", hasHooks: true) { _, server, client in
            let reply = try await client.ask("app-demo/delta-1.0")
            #expect(reply.value("state") == "ready", "\(reply.text)")
            #expect(reply.value("accuracy") == "exact", "\(reply.text)")
            _ = try #require(reply.package)
            let checked = try await client.machine.run([
                client.machine.prefix + "/usr/libexec/portmanteau/portmanteau", "portage-call", "check_package",
                #"{"path": "\#(client.machine.prefix)/got.gpkg.tar", "cpv": "app-demo/delta-1.0"}"#,
            ])
            #expect(checked.succeeded, "\(checked.text)")
            #expect(checked.stdout.contains(#""CATEGORY": "app-demo""#))
            // The service's machine has the hooks, and they have no part in its builds.
            #expect(try server.read("etc/portage/bashrc").contains("portmanteau"))
            let log = try server.read("var/lib/portmanteau/binpkgd/logs/\(reply.value("id") ?? "").log")
            #expect(log.contains(">>> Compiling source") && !log.contains("portmanteau:"), "\(log)")
            // The build installed its dependencies in the environment only.
            #expect(try server.installedPackages() == client.machine.installedPackages())
            let again = try await client.ask("app-demo/delta-1.0", wait: 0)
            #expect(again.value("state") == "ready", "\(again.text)")
        }
    }

    @Test func requestsFlagsAndPatchesAreUsed() async throws {
        try await withService("svc-patch") { _, server, client in
            try client.machine.append("etc/portage/make.conf", "\nCFLAGS=\"-O1 -pipe -DMARK=patched-by-user\"\n")
            let patch = """
                --- a/package.mk
                +++ b/package.mk
                @@ -1,1 +1,2 @@
                 PROGRAM = hello
                +$(info patched $(CFLAGS))

                """
            try client.machine.write("etc/portage/patches/app-demo/hello/mark.patch", patch)
            try client.machine.write("etc/portage/bashrc", "pre_src_compile() { einfo \"the user's bashrc\"; }\n")
            try client.machine.write(
                "etc/portage/env/app-demo/hello", "pre_src_configure() { einfo \"the user's env\"; }\n")
            let reply = try await client.ask("app-demo/hello-1.0")
            #expect(reply.value("state") == "ready", "\(reply.text)")
            #expect(reply.text.contains("sent 3"))
            let id = try #require(reply.value("id"))
            let log = try server.read("var/lib/portmanteau/binpkgd/logs/\(id).log")
            #expect(log.contains("the user's bashrc") && log.contains("the user's env"))
            #expect(log.contains("patched -O1 -pipe -DMARK=patched-by-user"))
        }
    }

    @Test func imageThatAPackageCannotCarryIsRefused() async throws {
        try await withService("svc-pipe") { _, server, client in
            // A repository that the service does not have.
            try client.machine.write("repo/profiles/repo_name", "mine\n")
            try client.machine.write("repo/profiles/categories", "app-demo\n")
            try client.machine.write("repo/metadata/layout.conf", "masters = gentoo\nthin-manifests = true\n")
            let head = """
                EAPI=8
                DESCRIPTION="Installs something"
                SLOT="0"
                KEYWORDS="amd64"
                S=${WORKDIR}

                """
            let install = """
                src_install() {
                    dodir /usr/share/pipe
                    mkfifo "${ED}/usr/share/pipe/pipe" || die
                    python3 - "${ED}/usr/share/pipe" <<'END' || die
                import os, struct, sys
                def put(name, attribute, value):
                    path = os.path.join(sys.argv[1], name)
                    open(path, "a").close()
                    os.setxattr(path, attribute, value)
                put("able", "security.capability", struct.pack("<5I", 0x2000001, 1 << 13, 0, 0, 0))
                put("noted", "user.note", b"x")
                rights = [(1, 6, 2**32 - 1), (2, 4, 1), (4, 4, 2**32 - 1), (16, 4, 2**32 - 1), (32, 0, 2**32 - 1)]
                put("shared", "system.posix_acl_access", struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *r) for r in rights))
                END
                }

                """
            try client.machine.write("repo/app-demo/pipe/pipe-1.ebuild", head + install)
            try client.machine.write(
                "repo/app-demo/text/text-1.ebuild",
                head + "src_install() { insinto /usr/share/pipe; newins - text <<< hello; }\n")
            try client.machine.write(
                "etc/portage/repos.conf/mine.conf", "[mine]\nlocation = \(client.machine.prefix)/repo\n")
            let text = try await client.ask("app-demo/text-1")
            #expect(text.value("state") == "ready", "\(text.text)")
            #expect(text.text.contains("sent 1"))
            let pipe = try await client.ask("app-demo/pipe-1")
            #expect(pipe.value("state") == "failed", "\(pipe.text)")
            #expect(pipe.value("message")?.contains("cannot carry: ") == true, "\(pipe.text)")
            #expect(pipe.value("message")?.contains("/usr/share/pipe/pipe (p)") == true, "\(pipe.text)")
            let log = try server.read("var/lib/portmanteau/binpkgd/logs/\(pipe.value("id") ?? "").log")
            for lost in ["able' (security.capability)", "noted' (user.note)", "shared' (system.posix_acl_access)"] {
                #expect(log.contains("/usr/share/pipe/\(lost)"), "\(log)")
            }
        }
    }

    @Test func failureSaysWhy() async throws {
        try await withService("svc-broken") { _, _, client in
            let reply = try await client.ask("app-demo/broken-1.0")
            #expect(reply.value("state") == "failed", "\(reply.text)")
            #expect(reply.value("message")?.contains("error: ") == true, "\(reply.text)")
            #expect(reply.package == nil)
        }
    }

    @Test func otherProfileIsDeclinedByName() async throws {
        try await withService("svc-profile") { _, _, client in
            try client.machine.write("etc/portage/profile/package.use", "app-demo/hello ssl\n")
            let reply = try await client.ask("app-demo/hello-1.0")
            #expect(reply.value("state") == "declined", "\(reply.text)")
            #expect(reply.value("message")?.contains("profile '") == true, "\(reply.text)")
        }
    }

    @Test func buildEndsWithTheService() async throws {
        try await withService("svc-stop", isKilled: true) { service, server, client in
            let reply = try await client.ask("app-demo/slow-1.0", wait: 0)
            #expect(reply.value("state") != "ready", "\(reply.text)")
            let id = try #require(reply.value("id"))
            let log = server.path("var/lib/portmanteau/binpkgd/logs/\(id).log")
            for _ in 0..<600 {
                if (try? Files.readText(log))?.contains("Compiling source") == true { break }
                try await Task.sleep(for: .milliseconds(100))
            }
            #expect(try Files.readText(log).contains("Compiling source"))
            #expect(!Self.buildProcesses(on: server).isEmpty)
            // A service that is killed outright cannot clean up; the build must notice by itself.
            kill(service.process.pid, SIGKILL)
            for _ in 0..<100 where !Self.buildProcesses(on: server).isEmpty {
                try await Task.sleep(for: .milliseconds(100))
            }
            #expect(Self.buildProcesses(on: server).isEmpty)
        }
    }

    @Test func shutdownStopsTheBuild() async throws {
        try await withService("svc-term") { _, server, client in
            let reply = try await client.ask("app-demo/slow-1.0", wait: 0)
            #expect(!["ready", "failed", "declined"].contains(reply.value("state")), "\(reply.text)")
            for _ in 0..<300 where Self.buildProcesses(on: server).isEmpty {
                try await Task.sleep(for: .milliseconds(100))
            }
            #expect(!Self.buildProcesses(on: server).isEmpty)
        }
    }
}
