import BinpkgModel
import FoundationEssentials
import Posix
import Testbed
import Testing

/// `binpkg explain` against everything that can have a package: a service, PKGDIR, and binary package hosts.
@Suite struct ExplainTests {
    private struct Explanation: Decodable {
        struct Finding: Decodable {
            let place: String
            let fits: Bool
            let differences: [String]
        }

        let cpv: String
        let findings: [Finding]
    }

    private func explain(_ machine: Machine, _ atom: String, code: Int) async throws -> [Explanation.Finding] {
        let output = try await machine.run(["binpkg", "explain", "--json", atom])
        #expect(output.exitCode == code, "\(output.text)")
        return try JSONDecoder().decode(Explanation.self, from: Data(output.stdout.utf8)).findings
    }

    @Test func everyPlaceIsComparedWithThisMachine() async throws {
        try await Testbed.shared().withMachine("explain") { machine in
            try await machine.installPortmanteau(enable: false)
            #expect(try await explain(machine, "app-demo/lantern", code: 1).isEmpty)
            let made = try await machine.emerge(["-1", "--buildpkg", "app-demo/lantern"])
            #expect(made.succeeded, "\(made.text)")
            let file = machine.prefix + "/var/cache/binpkgs/app-demo/lantern/lantern-1.0-1.gpkg.tar"
            let own = try await explain(machine, "app-demo/lantern", code: 0)
            #expect(own.map(\.place) == [file] && own.allSatisfy { $0.fits && $0.differences.isEmpty }, "\(own)")

            // Other flags here: each is named, what is wanted before what is there.
            let configuration = try machine.read("etc/portage/make.conf")
            try machine.append("etc/portage/make.conf", "CFLAGS=\"-O0 -g1\"\n")
            try machine.write("etc/portage/package.use", "app-demo/lantern sound\nlib-demo/beta loud\n")
            let other = try #require(try await explain(machine, "app-demo/lantern", code: 1).first)
            let flags = other.differences.first { $0.hasPrefix("CFLAGS (after the ebuild filtered them): -O0 -g1 ≠ ") }
            #expect(!other.fits && flags != nil, "\(other)")
            #expect(other.differences.contains("USE: sound ≠ -sound"), "\(other)")
            #expect(other.differences.contains("RDEPEND: lib-demo/beta[loud] is only in the ebuild"), "\(other)")
            try machine.write("etc/portage/make.conf", configuration)

            // The same package on a host: of either kind, as emerge fetched its index.
            let (packages, host) = (machine.path("var/cache/binpkgs"), machine.path("srv/host"))
            try Files.makeDirectories(machine.path("srv"))
            try Files.move(packages, to: host)
            let address = "file://\(machine.prefix)/srv/host"
            let section = "[host]\nsync-uri = \(address)\nverify-signature = false\n"
            for (path, text) in [
                ("etc/portage/binrepos.conf", section),
                ("etc/portage/make.conf", configuration + "PORTAGE_BINHOST=\"\(address)\"\n"),
            ] {
                try Files.removeTree(machine.path("etc/portage/binrepos.conf"))
                try Files.removeTree(machine.path("var/cache/edb/binhost"))
                try machine.write(path, text)
                let fetched = try await machine.emerge(["-p", "--getbinpkg", "app-demo/lantern"])
                #expect(fetched.succeeded, "\(fetched.text)")
                let remote = try await explain(machine, "app-demo/lantern", code: 1)
                #expect(remote.count == 1 && remote[0].place.hasPrefix(address), "\(path): \(remote)")
                #expect(remote.first?.differences.contains("USE: sound ≠ -sound") == true, "\(remote)")
                try machine.write("etc/portage/package.use", "")
                let fits = try await explain(machine, "app-demo/lantern", code: 0)
                #expect(fits.count == 1 && fits.allSatisfy(\.fits), "\(path): \(fits)")
                try machine.write("etc/portage/package.use", "app-demo/lantern sound\nlib-demo/beta loud\n")
            }

            // The service comes first; what it has fits not well enough.
            let service = FakeService(.init(accuracy: .flags, differences: ["lib-demo/alpha 1.0 ≠ 2.0"]))
            try await LoopbackServer.with {
                service.answer($0)
            } _: { server in
                try machine.useService(server.url)
                let all = try await explain(machine, "app-demo/lantern", code: 1)
                #expect(all.map(\.place).first == server.url && all.count == 2, "\(all)")
                #expect(all.first?.differences == ["lib-demo/alpha 1.0 ≠ 2.0"], "\(all)")
                #expect(all.allSatisfy { !$0.fits })
            }
            // It is away: said, and what else fits counts.
            let away = try await machine.run(["binpkg", "explain", "app-demo/lantern"])
            #expect(away.exitCode == 75 && away.stderr.hasPrefix("binpkg: "), "\(away.text)")
            try machine.write("etc/portage/package.use", "")
            #expect(try await machine.run(["binpkg", "explain", "app-demo/lantern"]).exitCode == 0)
            let unknown = try await machine.run(["binpkg", "explain", "app-demo/nothing"])
            #expect(unknown.exitCode == 2 && unknown.stderr.contains("nothing visible matches"), "\(unknown.text)")
        }
    }
}
