import Glibc
import Posix
import Testbed
import Testing

/// The service with roots of other machines, read over sftp.
@Suite struct EnvironmentTests {
    /// A service with the root of the asking machine as its only environment, and the asking machine's sshd.
    private func withTarget(
        _ name: String, tables: @Sendable (Machine) -> String = { _ in "" },
        _ body: (Trial) async throws -> Void
    ) async throws {
        let testbed = try await Testbed.shared()
        try await testbed.withMachine("\(name)-service") { server in
            try await server.installPortmanteau(enable: false)
            try await testbed.withMachine("\(name)-desk") { desk in
                try await desk.installPortmanteau()
                let ssh = try await desk.startSSHServer()
                let tables = try tables(server) + server.targetEnvironment("desk", ssh)
                let service = try await server.startService(settings: tables)
                try desk.useService(service.url)
                do {
                    try await body(Trial(server: server, desk: desk, ssh: ssh, service: service))
                } catch {
                    try await service.stop()
                    throw error
                }
                let code = try await service.stop()
                #expect(code == 0 || code == 137, "\(service.process.log)")
                await expectNothingLeft(of: server)
                try await ssh.stop()
            }
        }
    }

    private struct Trial: Sendable {
        let server: Machine
        let desk: Machine
        let ssh: SSHServer
        let service: Service

        var client: ServiceClient { ServiceClient(machine: desk, url: service.url) }

        func log(_ reply: ServiceClient.Reply) throws -> String {
            try server.read("var/lib/portmanteau/binpkgd/logs/\(reply.value("id") ?? "").log")
        }
    }

    /// Neither mounts nor programs nor directories of builds are left.
    private func expectNothingLeft(of server: Machine) async {
        for _ in 0..<100 where !users(of: server).isEmpty { try? await Task.sleep(for: .milliseconds(50)) }
        #expect(users(of: server) == [])
        #expect((try? Files.list(server.path("var/lib/portmanteau/binpkgd/builds"))) == [])
    }

    /// Processes that see a mount of a build of this machine's service, or serve one.
    private func users(of machine: Machine) -> [String] {
        let mark = "\(machine.name)/var/lib/portmanteau/binpkgd/"
        let key = "IdentityFile=\(machine.prefix)/etc/portmanteau/desk.key"
        return ((try? Files.list("/proc")) ?? []).filter { name in
            guard Int(name) != nil else { return false }
            let mounts = (try? Files.readText("/proc/\(name)/mountinfo")) ?? ""
            let line = (try? Files.readText("/proc/\(name)/cmdline")) ?? ""
            return mounts.contains(mark)
                || (line.contains(key) && mounts.contains("/machines/\(machine.name) ") && !line.hasPrefix("bash"))
        }
    }

    @Test func aPackageIsBuiltOnTheRootOfTheAskingMachine() async throws {
        try await withTarget("env-target") { trial in
            // What the package is built with is there only; the service's own root has none of it.
            let before = try await trial.desk.emerge(
                ["-1", "lib-demo/beta", "lib-demo/gamma"], environment: ["BINPKG_POLICY": "off"])
            #expect(before.succeeded, "\(before.text)")
            let output = try await trial.desk.emerge(["-1", "--quiet-build=n", "app-demo/delta"])
            #expect(output.succeeded, "\(output.text)")
            #expect(output.text.contains(" for its build, exact"), "\(output.text)")
            #expect(!output.text.contains("\n>>> Compiling source"), "\(output.text)")
            #expect(try trial.desk.installedPackages().contains("app-demo/delta-1.0"))
            #expect(try trial.server.installedPackages().allSatisfy { !$0.contains("-demo/") })
            let reply = try await trial.client.ask("app-demo/delta-1.0")
            #expect(reply.value("accuracy") == "exact", "\(reply.text)")
            let log = try trial.log(reply)
            #expect(log.contains("== environment: desk (target)"), "\(log)")
            #expect(!log.contains("== build dependencies"), "\(log)")
            // The class is in the package's metadata, and Portage takes the package with it.
            let script = """
                import os, sys, tempfile, portage
                from portage import gpkg
                package = gpkg.gpkg(portage.settings, "delta-1.0", sys.argv[1])
                package._verify_binpkg()
                with tempfile.TemporaryDirectory() as place:
                    package.unpack_metadata(place)
                    print(open(os.path.join(place, "ACCURACY")).read())
                """
            let metadata = try await trial.desk.run(["python3", "-c", script, trial.desk.prefix + "/got.gpkg.tar"])
            #expect(metadata.stdout == "exact\n\n", "\(metadata.text)")

            // What root alone may read there is closed to a build, though the build is root.
            try trial.desk.write("etc/closed", "a secret\n", mode: 0o600)
            try await trial.desk.writePeek()
            let peek = try await trial.client.ask("app-demo/peek-1.0")
            #expect(peek.value("state") == "ready", "\(peek.text)")
            let seen = try trial.log(peek)
            #expect(seen.contains("etc/closed: Permission denied") && !seen.contains("a secret"), "\(seen)")
        }
    }

    @Test func aTargetThatChangesIsNoticed() async throws {
        try await withTarget("env-change") { trial in
            let reply = try await trial.client.ask("app-demo/slow-1.0", wait: 0)
            try await waitForLog(trial, reply, "Compiling source")
            // At once, not in its turn among the emerges of other tests.
            let merge = try await trial.desk.run(
                ["emerge", "-1", "lib-demo/alpha"], environment: ["BINPKG_POLICY": "off"], timeout: .seconds(300))
            #expect(merge.succeeded, "\(merge.text)")
            // It is built once more; and if that happens again, not at all.
            try await waitForLog(trial, reply, "(lib-demo/alpha-1.0 changed): once more")
            try await waitForLog(trial, reply, "Compiling source", after: "once more")
            let again = try await trial.desk.run(
                ["emerge", "-1", "lib-demo/gamma"], environment: ["BINPKG_POLICY": "off"], timeout: .seconds(300))
            #expect(again.succeeded, "\(again.text)")
            let end = try await trial.client.ask("app-demo/slow-1.0")
            #expect(end.value("state") == "failed", "\(end.text)")
            #expect(end.package == nil)
            let message = end.value("message") ?? ""
            #expect(
                message
                    == "desk became another system during the build (lib-demo/gamma-1.0 changed), twice: the package is "
                    + "not published", "\(message)")
        }
    }

    @Test func aLostConnectionEndsTheBuild() async throws {
        try await withTarget("env-lost") { trial in
            let reply = try await trial.client.ask("app-demo/slow-1.0", wait: 0)
            try await waitForLog(trial, reply, "Compiling source")
            try await trial.ssh.stop()
            let end = try await trial.client.ask("app-demo/slow-1.0")
            #expect(end.value("state") == "failed", "\(end.text)")
            let message = end.value("message") ?? ""
            #expect(message.contains("the connection to the root of desk was lost during the build"), "\(message)")
            await expectNothingLeft(of: trial.server)
            // Without sshd there is no environment; that is said, and nothing hangs.
            let other = try await trial.client.ask("app-demo/hello-1.0")
            #expect(other.value("state") == "failed", "\(other.text)")
            let reason = other.value("message") ?? ""
            #expect(reason.contains("cannot read the root of nobody@127.0.0.1:"), "\(reason)")
        }
    }

    /// A machine that is suspended while something is built on its root: nobody waits for it for ever.
    @Test func aSilentTargetEndsTheBuild() async throws {
        try await withTarget("env-silent") { trial in
            let reply = try await trial.client.ask("app-demo/slow-1.0", wait: 0)
            try await waitForLog(trial, reply, "Compiling source")
            let servers = sshServers(of: trial.desk)
            #expect(servers.count > 1)
            for process in servers { kill(process, SIGSTOP) }
            let end = try await trial.client.ask("app-demo/slow-1.0")
            for process in servers { kill(process, SIGCONT) }
            #expect(end.value("state") == "failed", "\(end.text)")
            #expect(
                end.value("message")?.contains("the connection to the root of desk was lost") == true, "\(end.text)")
            await expectNothingLeft(of: trial.server)
        }
    }

    private func sshServers(of machine: Machine) -> [pid_t] {
        ((try? Files.list("/proc")) ?? []).compactMap { pid_t($0) }.filter { process in
            let mounts = (try? Files.readText("/proc/\(process)/mountinfo")) ?? ""
            let line = (try? Files.readText("/proc/\(process)/cmdline")) ?? ""
            return mounts.contains("/machines/\(machine.name) ") && line.contains("sshd")
        }
    }

    @Test func aKilledServiceLeavesNoMount() async throws {
        try await withTarget("env-kill") { trial in
            let reply = try await trial.client.ask("app-demo/slow-1.0", wait: 0)
            try await waitForLog(trial, reply, "Compiling source")
            #expect(!users(of: trial.server).isEmpty)
            kill(trial.service.process.pid, SIGKILL)
            for _ in 0..<100 where !users(of: trial.server).isEmpty {
                try await Task.sleep(for: .milliseconds(100))
            }
            #expect(users(of: trial.server) == [])
            let tables = try trial.server.targetEnvironment("desk", trial.ssh)
            let next = try await trial.server.startService(settings: tables)
            #expect(try await next.stop() == 0, "\(next.process.log)")
            #expect(next.process.log.contains("builds are queued again"))
        }
    }

    @Test func theClosestEnvironmentBuilds() async throws {
        let host: @Sendable (Machine) -> String = { _ in "[[environment]]\nname = \"own\"\nsource = \"host\"\n" }
        try await withTarget("env-choice", tables: host) { trial in
            let before = try await trial.desk.emerge(
                ["-1", "lib-demo/alpha"], environment: ["BINPKG_POLICY": "off"])
            #expect(before.succeeded, "\(before.text)")
            // Both could build it, and only one has what it is built with.
            let near = try await trial.client.ask("lib-demo/gamma-1.0")
            #expect(near.value("accuracy") == "exact", "\(near.text)")
            let log = try trial.log(near)
            let order = log.split(separator: "\n").filter { $0.hasPrefix("== ") }.map { String($0.prefix(21)) }
            #expect(order.prefix(2) == ["== environment: desk ", "== build: emerge --bu"], "\(log)")
            // Where both are as close, the first one does.
            let plain = try await trial.client.ask("app-demo/hello-1.0")
            #expect(try !trial.log(plain).contains("environment: desk"))
            let list = try await trial.desk.run(["python3", "-c", Self.list, trial.service.url])
            #expect(
                list.stdout.contains(#""name":"own","source":"host""#)
                    && list.stdout.contains(#""name":"desk","source":"target""#), "\(list.text)")
        }
    }

    private static let list = """
        import sys, urllib.request
        print(urllib.request.urlopen(sys.argv[1] + "/v1/environments").read().decode())
        """

    @Test func buildsThatOpenAtOnceMountOnce() async throws {
        try await withTarget("env-once", tables: { _ in "workers = 2\n" }) { trial in
            // Both begin before the other has mounted anything.
            let replies = [
                try await trial.client.ask("app-demo/slow-1.0", wait: 0),
                try await trial.client.ask("app-demo/hello-1.0", wait: 0),
            ]
            for reply in replies { try await waitForLog(trial, reply, "== environment: desk (target)") }
            #expect(mounts(of: trial.server).count == 1)
            for package in ["app-demo/hello-1.0", "app-demo/slow-1.0"] {
                let end = try await trial.client.ask(package)
                #expect(end.value("state") == "ready", "\(end.text)")
            }
            #expect(mounts(of: trial.server).count == 1)
        }
    }

    /// Programs that serve a mount that stays.
    private func mounts(of machine: Machine) -> [String] {
        let key = "IdentityFile=\(machine.prefix)/etc/portmanteau/desk.key"
        return users(of: machine).compactMap { try? Files.readText("/proc/\($0)/cmdline") }
            .filter { $0.hasPrefix("sshfs") || $0.hasPrefix("/usr/bin/sshfs") }
            .filter { $0.contains(key) && $0.contains("kernel_cache") }
    }

    private func waitForLog(
        _ trial: Trial, _ reply: ServiceClient.Reply, _ text: String, after mark: String = ""
    ) async throws {
        let path = trial.server.path("var/lib/portmanteau/binpkgd/logs/\(reply.value("id") ?? "").log")
        for _ in 0..<1800 {
            let log = (try? Files.readText(path)) ?? ""
            let start = mark.isEmpty ? log.startIndex : log.firstRange(of: mark)?.upperBound ?? log.endIndex
            if log[start...].contains(text) { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        Issue.record("no '\(text)' in \((try? Files.readText(path)) ?? path)")
    }
}

extension Machine {
    /// A repository with a package whose installation, which root does, tries to read `etc/closed`.
    fileprivate func writePeek() async throws {
        let folder = "var/db/repos/peeking"
        try write("\(folder)/profiles/repo_name", "peeking\n")
        try write("\(folder)/metadata/layout.conf", "masters = gentoo\nthin-manifests = true\n")
        try write(
            "\(folder)/app-demo/peek/peek-1.0.ebuild",
            """
            EAPI=8
            DESCRIPTION="Looks at what is closed to it"
            HOMEPAGE="https://example.org/peek"
            SRC_URI="https://example.org/distfiles/hello-1.0.tar.xz"
            S="${WORKDIR}/hello-1.0"
            LICENSE="GPL-2+"
            SLOT="0"
            KEYWORDS="amd64 arm64"

            src_install() {
            	id -u
            	cat "${EPREFIX}/etc/closed"
            	insinto /usr/share/peek
            	doins package.mk
            }

            """)
        let copied = try await run([
            "cp", testbed.repository + "/app-demo/hello/Manifest", "\(prefix)/\(folder)/app-demo/peek/Manifest",
        ])
        #expect(copied.succeeded, "\(copied.text)")
        try write("etc/portage/repos.conf/peeking.conf", "[peeking]\nlocation = \(prefix)/\(folder)\n")
    }
}
