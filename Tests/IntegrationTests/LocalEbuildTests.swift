import BinpkgModel
import Posix
import Testbed
import Testing

/// Ebuilds that only this machine has are built by the service, which gets the files that it lacks, and no others.
@Suite struct LocalEbuildTests {
    /// The names of all content that was ever sent to the service.
    private func sent(_ server: Machine) throws -> Set<String> {
        let folder = server.path("var/lib/portmanteau/binpkgd/content")
        return Set(try Files.list(folder).flatMap { try Files.list("\(folder)/\($0)") })
    }

    /// The names of these files of a machine.
    private func hashes(_ machine: Machine, _ folder: String, _ files: [String]) throws -> Set<String> {
        Set(try files.map { ContentHash.sha256(try Files.read(machine.path("\(folder)/\($0)"))) })
    }

    /// Has a package built and merged, twice: the second time with other flags, for which nothing is sent again.
    private func merge(
        _ atom: String, on client: Machine, _ server: Machine, sending expected: Set<String>,
        second: Bool = true
    ) async throws {
        let output = try await client.runWithoutCompiler(
            ["binpkg", "emerge", "--require", "-1", atom], timeout: .seconds(900))
        #expect(output.succeeded, "\(output.text)")
        #expect(output.text.contains(">>> Emerging binary (1 of 1) \(atom)-"), "\(output.text)")
        #expect(try sent(server) == expected)
        guard second else { return }
        try client.append("etc/portage/make.conf", "CFLAGS=\"-O1\"\n")
        let again = try await client.runWithoutCompiler(
            ["binpkg", "emerge", "--require", "-1", atom], timeout: .seconds(900))
        #expect(again.succeeded, "\(again.text)")
        #expect(try sent(server) == expected)
    }

    @Test(.timeLimit(.minutes(60))) func `a package of a slice`() async throws {
        try await PlanServer.with("slice") { client, service, server in
            try await client.installOverlayman(["bundle", "chained"])
            let added = try await client.olm("add", "app-spun/bobbin::chained")
            #expect(added.succeeded, "\(added.text)")
            let slice = "var/lib/portmanteau/slices/chained"
            let files = try await client.run([
                "find", "-L", "\(client.prefix)/\(slice)/app-spun/bobbin", "\(client.prefix)/\(slice)/eclass", "-type",
                "f",
                "-printf", "%p\\n",
            ])
            let names = files.stdout.split(separator: "\n").map { String($0.dropFirst(client.prefix.utf8.count + 1)) }
            #expect(names.count >= 4, "\(names)")
            let hashes = Set(
                try await client.run(["sha256sum"] + names.map { client.prefix + "/" + $0 }).stdout
                    .split(separator: "\n").map { String($0.prefix(64)) })
            try await merge("app-spun/bobbin", on: client, server, sending: hashes)
            #expect(try await client.run(["bobbin"]).stdout == "bobbin-1.0 by ribbon and thread\n")
            // What it is built with is of its slice, too.
            let other = try await client.olm("add", "app-wood/cabinet::bundle")
            #expect(other.succeeded, "\(other.text)")
            let cabinet = try await client.runWithoutCompiler(
                ["binpkg", "emerge", "--require", "-1", "app-wood/cabinet"], timeout: .seconds(900))
            #expect(cabinet.succeeded, "\(cabinet.text)")
            let wood = "var/lib/portmanteau/slices/bundle"
            #expect(
                try sent(server)
                    == hashes.union(
                        try self.hashes(
                            client, wood,
                            [
                                "app-wood/cabinet/cabinet-1.0.ebuild", "lib-wood/drawer/drawer-2.1.ebuild",
                                "lib-wood/knob/knob-2.0.ebuild", "lib-wood/plane/plane-1.5.ebuild",
                            ])))
            #expect(try await client.run(["cabinet"]).stdout == "cabinet-1.0\n")
            #expect(!Files.exists(client.path("usr/bin/plane")))
        }
    }

    @Test(.timeLimit(.minutes(60))) func `a release of the Python index`() async throws {
        // Portage of both machines fetches what the release server has; a build sees no directory of distfiles but
        // DISTDIR.
        func prepare(_ machine: Machine) async throws {
            try await machine.startReleaseServer().stop()
            let copied = try await machine.run(
                ["cp", "-rT", machine.testbed.distfiles, machine.prefix + "/var/cache/distfiles"])
            #expect(copied.succeeded, "\(copied.text)")
        }
        try await PlanServer.with("release", prepare: prepare) { client, _, server in
            let releases = try await client.startReleaseServer()
            let made = try await client.run([
                "fastrel", "pypi", "abacus-core", "--index-url", releases.index, "--into",
                client.prefix + "/var/db/repos/made",
            ])
            #expect(made.succeeded, "\(made.text)")
            try client.enableMade()
            let folder = "var/db/repos/made/dev-python/abacus-core"
            let files = try Files.list(client.path(folder)).filter { $0.hasSuffix(".ebuild") || $0 == "Manifest" }
            #expect(files.count == 2)
            let atom = "dev-python/abacus-core"
            try await merge(atom, on: client, server, sending: try hashes(client, folder, files), second: false)
            try await releases.stop()
        }
    }
}
