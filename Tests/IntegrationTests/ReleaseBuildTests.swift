import Posix
import Testbed
import Testing

/// Releases of every build system whose tools the testbed has, built for real by emerge.
@Suite struct ReleaseBuildTests {
    @Test func `meson, cmake and autotools archives are emerged`() async throws {
        try await Testbed.withReleases("release-systems") { machine, server in
            let systems = [("heddle", "inherit meson\n"), ("treadle", "inherit cmake\n"), ("pirn", "\teautoreconf\n")]
            for (name, line) in systems {
                let made = try await machine.run([
                    "fastrel", "github", "weaver/\(name)", "--category", "app-demo", "--into",
                    machine.prefix + "/var/db/repos/made", "--api-url", server.api,
                ])
                #expect(made.stdout == "app-demo/\(name)-1.0: new\n", "\(made.text)")
                let ebuild = try machine.read("var/db/repos/made/app-demo/\(name)/\(name)-1.0.ebuild")
                #expect(ebuild.contains(line), "\(ebuild)")
            }
            try machine.enableMade()
            let emerge = try await machine.emerge(systems.map { "app-demo/\($0.0)" })
            #expect(emerge.succeeded, "\(emerge.text)")
            for (name, _) in systems {
                #expect(try await machine.run([name]).stdout == "\(name) 1.0\n")
            }
        }
    }

    @Test func `where the tree's pypi eclass serves the index, it is inherited`() async throws {
        try await Testbed.withReleases("release-pypi") { machine, server in
            try machine.write("var/db/repos/made/profiles/repo_name", "made\n")
            try machine.write("var/db/repos/made/profiles/categories", "dev-python\n")
            try machine.write(
                "var/db/repos/made/metadata/layout.conf",
                "masters = gentoo\nthin-manifests = true\nmanifest-hashes = SHA256\nmanifest-required-hashes = SHA256\n"
            )
            try machine.writePypiEclass(of: server, into: "var/db/repos/made")
            for project in ["tally", "Verse.Kit"] {
                let made = try await machine.run([
                    "fastrel", "pypi", project, "--closure", "--index-url", server.index, "--into",
                    machine.prefix + "/var/db/repos/made",
                ])
                try #require(made.succeeded, "\(made.text)")
            }
            let ebuild = try machine.read("var/db/repos/made/dev-python/tally/tally-1.1.ebuild")
            #expect(ebuild.contains("\ninherit distutils-r1 pypi\n"), "\(ebuild)")
            #expect(!ebuild.contains("SRC_URI") && !ebuild.contains("\nS="), "\(ebuild)")
            let verse = try machine.read("var/db/repos/made/dev-python/verse-kit/verse-kit-0.3.ebuild")
            #expect(verse.contains("DISTUTILS_USE_PEP517=poetry\n"), "\(verse)")
            try machine.enableMade()
            let emerge = try await machine.emerge(["dev-python/tally", "dev-python/verse-kit"])
            #expect(emerge.succeeded, "\(emerge.text)")
            #expect(try await machine.run(["tally"]).stdout == "tally 1.1 42 *done*\n")
            #expect(try await machine.run(["verse"]).stdout == "a warp of thread, a weft of red\n")
            #expect(Files.exists(machine.path("var/cache/distfiles/verse_kit-0.3.tar.gz")))
        }
    }
}
