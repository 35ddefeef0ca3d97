import Posix
import Testbed
import Testing

/// Environments that are kept: made once of what a build needs, and used again.
@Suite struct LayerTests {
    private func binpkgd(_ server: Machine, _ arguments: [String]) async throws -> Output {
        try await server.run([server.prefix + "/usr/bin/binpkgd", "environment"] + arguments)
    }

    private func log(_ server: Machine, _ reply: ServiceClient.Reply) throws -> String {
        try server.read("var/lib/portmanteau/binpkgd/logs/\(reply.value("id") ?? "").log")
    }

    @Test func whatABuildNeedsIsInstalledOnce() async throws {
        let testbed = try await Testbed.shared()
        try await testbed.withMachine("layer-service") { server in
            try await server.installPortmanteau(enable: false)
            try await testbed.withMachine("layer-desk") { desk in
                try await desk.installPortmanteau(enable: false)
                let before = try server.installedPackages()
                let service = try await server.startService(settings: "max_environments = 1")
                do {
                    let client = ServiceClient(machine: desk, url: service.url)
                    let first = try await client.ask("lib-demo/gamma-1.0")
                    #expect(first.value("state") == "ready", "\(first.text)")
                    let made = try log(server, first)
                    #expect(made.contains("== build dependencies: emerge"), "\(made)")
                    #expect(made.contains("in 1 layers"), "\(made)")
                    // The next one finds it installed.
                    let second = try await client.ask("lib-demo/beta-1.0")
                    #expect(second.value("state") == "ready", "\(second.text)")
                    let used = try log(server, second)
                    #expect(!used.contains("== build dependencies") && used.contains("in 1 layers"), "\(used)")
                    #expect(try server.installedPackages() == before)
                    // Another version than the one that Portage would take, and no room: the old one goes.
                    let flag = try await desk.emerge(
                        ["-1", "=lib-demo/alpha-2.0"], environment: ["ACCEPT_KEYWORDS": "~amd64"])
                    #expect(flag.succeeded, "\(flag.text)")
                    try desk.append("etc/portage/make.conf", "\nCFLAGS=\"-O1\"\n")
                    let other = try await client.ask("lib-demo/gamma-1.0")
                    #expect(other.value("accuracy") == "exact", "\(other.text)")
                    #expect(try log(server, other).contains("== build dependencies: emerge --oneshot"))
                    let list = try await binpkgd(server, ["list", "--json"])
                    #expect(list.succeeded, "\(list.text)")
                    #expect(list.stdout.contains("\"lib-demo/alpha-2.0\""), "\(list.text)")
                    #expect(!list.stdout.contains("\"lib-demo/alpha-1.0\""), "\(list.text)")
                    let cleaned = try await binpkgd(server, ["gc"])
                    #expect(cleaned.succeeded && cleaned.stdout.contains("nothing"), "\(cleaned.text)")
                    let id = try #require(
                        try Files.list(server.path("var/lib/portmanteau/binpkgd/layers")).first { $0.utf8.count == 64 })
                    let removed = try await binpkgd(server, ["remove", String(id.prefix(12))])
                    #expect(removed.succeeded, "\(removed.text)")
                    #expect(try Files.list(server.path("var/lib/portmanteau/binpkgd/layers")) == [])
                } catch {
                    try await service.stop()
                    throw error
                }
                #expect(try await service.stop() == 0, "\(service.process.log)")
            }
        }
    }

    /// A package that was asked for is there already when it becomes part of an environment; if it has the same flags.
    @Test func whatWasBuiltBeforeIsNotCompiledAgain() async throws {
        let testbed = try await Testbed.shared()
        try await testbed.withMachine("reuse-service") { server in
            try await testbed.withMachine("reuse-desk") { desk in
                for machine in [server, desk] { try await machine.installPortmanteau(enable: false) }
                let service = try await server.startService()
                do {
                    let client = ServiceClient(machine: desk, url: service.url)
                    let configuration = try desk.read("etc/portage/make.conf")
                    try desk.append("etc/portage/make.conf", "\nCFLAGS=\"-O1\"\n")
                    let other = try await client.ask("lib-demo/alpha-1.0")
                    #expect(other.value("state") == "ready", "\(other.text)")
                    try desk.write("etc/portage/make.conf", configuration)
                    let compiled = try await client.ask("lib-demo/gamma-1.0")
                    #expect(compiled.value("state") == "ready", "\(compiled.text)")
                    let first = try log(server, compiled)
                    #expect(!first.contains("== built before") && compilations(first) == 2, "\(first)")
                    let id = try #require(
                        try Files.list(server.path("var/lib/portmanteau/binpkgd/layers")).first { $0.utf8.count == 64 })
                    #expect(try await binpkgd(server, ["remove", id]).succeeded)

                    let alpha = try await client.ask("lib-demo/alpha-1.0")
                    #expect(alpha.value("state") == "ready", "\(alpha.text)")
                    let reply = try await client.ask("lib-demo/beta-1.0")
                    #expect(reply.value("state") == "ready", "\(reply.text)")
                    let second = try log(server, reply)
                    #expect(second.contains("== built before: lib-demo/alpha-1.0"), "\(second)")
                    #expect(compilations(second) == 1, "\(second)")
                } catch {
                    try await service.stop()
                    throw error
                }
                #expect(try await service.stop() == 0, "\(service.process.log)")
            }
        }
    }

    /// Waits until a log says so.
    private func says(_ path: String, _ text: String) async throws -> Bool {
        try await eventually(within: .seconds(180), every: .milliseconds(100)) {
            (try? Files.readText(path))?.contains(text) == true
        }
    }

    private func compilations(_ log: String) -> Int { log.ranges(of: ">>> Compiling source").count }

    @Test func aHostThatChangesIsBuiltInOnceMore() async throws {
        let testbed = try await Testbed.shared()
        try await testbed.withMachine("host-change") { machine in
            try await machine.installPortmanteau(enable: false)
            let service = try await machine.startService()
            do {
                let client = ServiceClient(machine: machine, url: service.url)
                let reply = try await client.ask("app-demo/slow-1.0", wait: 0)
                let path = machine.path("var/lib/portmanteau/binpkgd/logs/\(reply.value("id") ?? "").log")
                #expect(try await says(path, ">>> Compiling source"))
                // At once, not in its turn among the emerges of other tests.
                let merged = try await machine.run(["emerge", "-1", "lib-demo/alpha"], timeout: .seconds(300))
                #expect(merged.succeeded, "\(merged.text)")
                let end = try await client.ask("app-demo/slow-1.0")
                let text = try log(machine, end)
                #expect(end.value("state") == "ready", "\(end.text)\(text)")
                #expect(
                    text.contains(
                        "host became another system during the build (lib-demo/alpha-1.0 changed): once more"),
                    "\(text)")
                #expect(compilations(text) == 2)
                try await syncs(client, machine)
            } catch {
                try await service.stop()
                throw error
            }
            #expect(try await service.stop() == 0, "\(service.process.log)")
        }
    }

    /// A sync that brings another ebuild of the same version while that version is built: nothing is published of it.
    private func syncs(_ client: ServiceClient, _ machine: Machine) async throws {
        try machine.addOwnRepository(categories: ["app-moving"])
        let ebuild = """
            EAPI=8
            DESCRIPTION="Takes its time"
            SLOT="0"
            KEYWORDS="amd64 arm64"
            S=${WORKDIR}
            src_compile() { sleep 3; }
            src_install() { insinto /usr/share/moving; newins - text <<< "before"; }

            """
        let place = "repo/app-moving/slowly/slowly-1.ebuild"
        try machine.write(place, ebuild)
        let reply = try await client.ask("app-moving/slowly-1", wait: 0)
        let path = machine.path("var/lib/portmanteau/binpkgd/logs/\(reply.value("id") ?? "").log")
        #expect(try await says(path, ">>> Compiling source"))
        try machine.write(place, ebuild.replacing("before", with: "after").replacing("sleep 3", with: ":"))
        #expect(try await says(path, "== failed: "))
        let text = try Files.readText(path)
        #expect(text.contains("slowly-1.ebuild changed): once more") && compilations(text) == 1, "\(text)")
        #expect(!reply.text.contains("sent ") && text.contains("slowly-1.ebuild is gone; send it again"), "\(text)")
        // What is there now has another key, and is built.
        let next = try await client.ask("app-moving/slowly-1")
        #expect(next.value("state") == "ready" && next.value("id") != reply.value("id"), "\(next.text)")
    }

    /// Two machines, with other versions and flags each, and every source of a root.
    @Test func everySourceGivesEachMachineItsPackage() async throws {
        let testbed = try await Testbed.shared()
        try await testbed.withMachine("source-service") { server in
            try await server.installPortmanteau(enable: false)
            try await testbed.withMachine("source-old") { old in
                try await testbed.withMachine("source-new") { new in
                    for desk in [old, new] { try await desk.installPortmanteau(enable: false) }
                    let first = try await old.emerge(["-1", "=lib-demo/alpha-1.0"])
                    #expect(first.succeeded, "\(first.text)")
                    try new.append("etc/portage/make.conf", "\nCFLAGS=\"-O1 -pipe\"\nACCEPT_KEYWORDS=\"~amd64\"\n")
                    let second = try await new.emerge(["-1", "=lib-demo/alpha-2.0"])
                    #expect(second.succeeded, "\(second.text)")
                    try await old.packRoot(to: "root.tar")
                    try Files.move(old.path("root.tar"), to: server.path("root.tar"))
                    let unpacked = try await server.run(
                        [
                            "bash", "-c", "mkdir \"$0/chroot\" && tar -C \"$0/chroot\" -xf \"$0/root.tar\"",
                            server.prefix,
                        ])
                    #expect(unpacked.succeeded, "\(unpacked.text)")
                    let engine = try await server.importImage("chroot", name: "localhost/portmanteau-root")
                    let servers = [try await old.startSSHServer(), try await new.startSSHServer()]
                    let targets =
                        try server.targetEnvironment("old", servers[0]) + server.targetEnvironment("new", servers[1])
                    let prefix = "prefix = \"\(server.prefix)\"\n"
                    func table(_ source: String, _ lines: String) -> String {
                        "[[environment]]\nname = \"it\"\nsource = \"\(source)\"\n\(lines)\n\(prefix)"
                    }
                    let tables = [
                        table("host", ""), table("stage3", "tarball = \"\(server.prefix)/root.tar\""),
                        table("directory", "directory = \"\(server.prefix)/chroot\""),
                        table("image", "image = \"localhost/portmanteau-root\"\nengine = \(engine)"), targets,
                    ]
                    for table in tables {
                        try Files.removeTree(server.path("var/lib/portmanteau/binpkgd"))
                        let service = try await server.startService(settings: table)
                        do {
                            for (desk, library, flags) in [
                                (old, "libalpha.so.1", "CFLAGS -O2 -pipe\n"),
                                (new, "libalpha.so.2", "CFLAGS -O1 -pipe\n"),
                            ] {
                                let reply = try await ServiceClient(machine: desk, url: service.url)
                                    .ask("lib-demo/gamma-1.0")
                                #expect(reply.value("accuracy") == "exact", "\(table)\(reply.text)")
                                let needed = try await desk.run(["bash", "-c", Self.needed, desk.prefix])
                                #expect(needed.stdout.contains(library), "\(table)\(needed.text)")
                                #expect(needed.stdout.contains(flags), "\(table)\(needed.text)")
                            }
                        } catch {
                            try await service.stop()
                            throw error
                        }
                        #expect(try await service.stop() == 0, "\(service.process.log)")
                        // What is unpacked is unpacked once, and nothing is written to it.
                        let library = server.path("var/lib/portmanteau/binpkgd/roots")
                        for root in (try? Files.list(library)) ?? [] {
                            let database = "\(library)/\(root)\(server.prefix)/var/db/pkg/lib-demo"
                            #expect(try Files.list(database) == ["alpha-1.0"])
                            #expect(try Files.list(library).count == 1)
                        }
                    }
                    for server in servers { try await server.stop() }
                }
            }
        }
    }

    /// The libraries that the package's own one needs, and the flags that it was compiled with.
    private static let needed = #"""
        set -e
        rm -rf "$0/image"
        mkdir "$0/image"
        tar -C "$0/image" -xf "$0/got.gpkg.tar" --strip-components=1
        mkdir "$0/image/root"
        tar -C "$0/image/root" -xf "$0/image"/image.tar.*
        find "$0/image/root" -name 'libgamma.so*' -type f -exec readelf -d {} +
        mkdir "$0/image/facts"
        tar -C "$0/image/facts" -xf "$0/image"/metadata.tar.*
        find "$0/image/facts" -name CFLAGS -exec sed 's/^/CFLAGS /' {} +
        """#
}
