import Posix
import Testbed
import Testing

/// Ebuilds made from a real index and real archives on loopback, and emerged for real.
@Suite struct ReleaseTests {
    @Test func `a project with all that it needs is made from the index and emerged`() async throws {
        try await Testbed.withReleases("release-closure") { machine, server in
            let repository = machine.prefix + "/var/db/repos/made"
            let command = [
                "fastrel", "pypi", "tally", "--closure", "--index-url", server.index, "--into", repository,
            ]
            let made = try await machine.run(command)
            #expect(made.succeeded, "\(made.text)")
            #expect(
                made.stdout == """
                    dev-python/abacus-core-2.0: new
                    dev-python/loom-utils-1.4: new
                    dev-python/tint-1.10.0: new
                    dev-python/tally-1.1: new

                    """)
            try machine.enableMade()
            let emerge = try await machine.emerge(["dev-python/tally"])
            #expect(emerge.succeeded, "\(emerge.text)")
            #expect(try await machine.run(["tally"]).stdout == "tally 1.1 42 *done*\n")

            let check = try await machine.pkgcheck(repository: repository)
            #expect(check.succeeded && check.text == "", "\(check.text)")

            // Again: the same bytes.
            let before = try await machine.run(["sh", "-c", "cd \(repository) && find . -type f -exec sha256sum {} +"])
            let again = try await machine.run(command)
            #expect(again.stdout.split(separator: "\n").allSatisfy { $0.hasSuffix(": unchanged") }, "\(again.text)")
            let after = try await machine.run(["sh", "-c", "cd \(repository) && find . -type f -exec sha256sum {} +"])
            #expect(before.stdout == after.stdout)
        }
    }

    @Test func `a project whose summary is shell code runs nothing`() async throws {
        try await Testbed.withReleases("release-hostile") { machine, server in
            let repository = machine.prefix + "/var/db/repos/made"
            let made = try await machine.run([
                "fastrel", "pypi", "trickster", "--index-url", server.index, "--into", repository,
            ])
            #expect(made.succeeded, "\(made.text)")
            try machine.enableMade()
            let emerge = try await machine.emerge(["dev-python/trickster"])
            #expect(emerge.succeeded, "\(emerge.text)")
            #expect(!Files.exists("/tmp/tricked"))
            #expect(
                try machine.read("var/db/pkg/dev-python/trickster-1.0/DESCRIPTION")
                    == "`touch /tmp/tricked` $(touch /tmp/tricked) \"; touch /tmp/tricked; \" \\\n")
        }
    }

    @Test func `releases are taken by version order, from an upload or the tag's archive, and emerged`() async throws {
        try await Testbed.withReleases("release-hosted") { machine, server in
            let repository = machine.prefix + "/var/db/repos/made"
            func github(_ project: String, _ more: String...) async throws -> Output {
                try await machine.run(
                    [
                        "fastrel", "github", project, "--category", "app-demo", "--into", repository, "--api-url",
                        server.api,
                    ]
                        + more)
            }
            let shuttle = try await github("weaver/shuttle")
            #expect(shuttle.stdout == "app-demo/shuttle-1.10.0: new\n", "\(shuttle.text)")
            let older = try await github("weaver/shuttle@v1.9.0", "--dry-run")
            #expect(older.stdout.hasPrefix("==> app-demo/shuttle/shuttle-1.9.0.ebuild (new)\n"), "\(older.text)")
            // The tag of a release candidate is only known to git; it is taken when it is asked for.
            let candidate = try await github("weaver/shuttle@v1.11.0-rc1", "--dry-run")
            #expect(
                candidate.stdout.hasPrefix("==> app-demo/shuttle/shuttle-1.11.0_rc1.ebuild (new)\n"),
                "\(candidate.text)")
            let bobbin = try await github("weaver/bobbin")
            #expect(bobbin.stdout == "app-demo/bobbin-2.1: new\n", "\(bobbin.text)")
            // Stated by the API: no other hash, and the uploaded archive's own name.
            let manifest = try machine.read("var/db/repos/made/app-demo/bobbin/Manifest")
            #expect(manifest.contains("DIST bobbin-2.1.tar.xz ") && manifest.contains(" SHA256 "), "\(manifest)")
            #expect(try await github("weaver/shuttle").stdout == "app-demo/shuttle-1.10.0: unchanged\n")

            for (project, status, line) in [
                ("weaver/nothing", 1, "fastrel: weaver/nothing: not found"),
                ("weaver/shuttle@v7", 1, "fastrel: weaver/shuttle has no tag 'v7'"),
                ("weaver/../x", 1, "is not OWNER/REPO"),
                ("weaver/$(touch x)", 1, "is not OWNER/REPO"),
            ] {
                let refused = try await github(project)
                #expect(refused.exitCode == status, "\(refused.text)")
                #expect(refused.stderr.contains(line), "\(refused.text)")
            }

            for (api, status, line) in [
                (server.url + "/truncated/api", 2, "bad answer"), (server.url + "/garbage/api", 2, "weaver/shuttle"),
                ("http://127.0.0.1:9/api", 75, "Connection refused"),
            ] {
                let bad = try await machine.run([
                    "fastrel", "github", "weaver/shuttle@v1.9.0", "--category", "app-demo", "--into", repository,
                    "--api-url", api,
                ])
                #expect(bad.exitCode == status && bad.stderr.contains(line), "\(api): \(bad.text)")
                #expect(bad.stderr.split(separator: "\n").count == 1, "\(api): \(bad.text)")
                #expect(try Files.list(machine.path("var/db/repos/made/app-demo/shuttle")).count == 3)
            }

            try machine.enableMade()
            let check = try await machine.pkgcheck(repository: repository)
            #expect(check.succeeded && check.text == "", "\(check.text)")
            let emerge = try await machine.emerge(["app-demo/shuttle", "app-demo/bobbin"])
            #expect(emerge.succeeded, "\(emerge.text)")
            #expect(try await machine.run(["shuttle"]).stdout == "shuttle 1.10.0\n")
            #expect(try await machine.run(["bobbin"]).stdout == "bobbin 2.1\n")
        }
    }

    @Test func `a repository that wants BLAKE2B gets it from the file itself`() async throws {
        try await Testbed.withReleases("release-blake") { machine, server in
            let repository = machine.prefix + "/var/db/repos/made"
            try machine.write("var/db/repos/made/profiles/repo_name", "made\n")
            try machine.write("var/db/repos/made/profiles/categories", "dev-python\n")
            try machine.write(
                "var/db/repos/made/metadata/layout.conf",
                """
                masters = gentoo
                thin-manifests = true
                manifest-hashes = BLAKE2B SHA512
                manifest-required-hashes = BLAKE2B

                """)
            try machine.write(
                "var/db/repos/made/dev-python/tint/tint-1.10.0.ebuild", "# Written by a person\nEAPI=8\n")
            let command = ["fastrel", "pypi", "--index-url", server.index, "--into", repository]
            let made = try await machine.run(command + ["tint==1.2.3"])
            #expect(made.stdout == "dev-python/tint-1.2.3: new\n", "\(made.text)")
            #expect(
                made.stderr == "fastrel: dev-python/tint-1.2.3: nothing in the tree satisfies >=dev-python/tally-1; "
                    + "--closure makes it\n")
            let words = try machine.read("var/db/repos/made/dev-python/tint/Manifest").split(separator: " ")
            #expect(words.count == 7 && words[3] == "BLAKE2B" && words[5] == "SHA512", "\(words)")
            let fetched = try await machine.run(
                ["ebuild", repository + "/dev-python/tint/tint-1.2.3.ebuild", "fetch"],
                environment: ["PORTDIR_OVERLAY": repository])
            #expect(fetched.succeeded, "\(fetched.text)")

            // What a person wrote is not touched.
            let refused = try await machine.run(command + ["tint"])
            #expect(refused.exitCode == 1)
            #expect(refused.stderr.contains("is there, and fastrel did not make it"), "\(refused.text)")
            #expect(
                try machine.read("var/db/repos/made/dev-python/tint/tint-1.10.0.ebuild")
                    == "# Written by a person\nEAPI=8\n")
        }
    }

    @Test func `what cannot be made is refused in one line, and nothing is written`() async throws {
        try await Testbed.withReleases("release-refused") { machine, server in
            let repository = machine.prefix + "/var/db/repos/made"
            for (project, index, status, line) in [
                ("wheelhouse", server.index, 1, "wheelhouse 1.0 has no source archive, only wheels"),
                ("nothing-here", server.index, 1, "project nothing-here: not found"),
                ("tally==3.0", server.index, 1, "tally: the index has no release ==3.0"),
                ("tally[no-such]", server.index, 1, "has no extra 'no-such'"),
                ("$(touch /tmp/tricked)", server.index, 1, "is not a requirement"),
                ("../tally", server.index, 1, "is not a requirement"),
                ("tally", server.url + "/truncated/simple/", 2, "bad answer"),
                ("tally", server.url + "/garbage/simple/", 2, "is not that of a simple index"),
                ("abacus-core", server.url + "/tampered/simple/", 2, "SHA-256 is"),
                ("tally", "http://127.0.0.1:9/simple/", 75, "Connection refused"),
                ("tally", "http://user:word@127.0.0.1/simple/", 1, "is not a plain http:// or https:// address"),
                ("tally", "file:///etc/", 1, "is not a plain http:// or https:// address"),
            ] as [(String, String, Int, String)] {
                let output = try await machine.run([
                    "fastrel", "pypi", "--index-url", index, "--into", repository, "--", project,
                ])
                #expect(output.exitCode == status, "\(project) \(index): \(output.text)")
                let first = output.stderr.split(separator: "\n").first ?? ""
                #expect(first.hasPrefix("fastrel: ") && first.contains(line), "\(output.text)")
                #expect(!Files.exists(machine.path("var/db/repos/made")))
            }
            #expect(!Files.exists("/tmp/tricked"))
            try machine.write("var/db/repos/made/notes.txt", "mine")
            let occupied = try await machine.run([
                "fastrel", "pypi", "tint", "--index-url", server.index, "--into", repository,
            ])
            #expect(occupied.exitCode == 1)
            #expect(occupied.stderr.contains("it is not a repository"), "\(occupied.text)")
            #expect(try Files.list(machine.path("var/db/repos/made")) == ["notes.txt"])
        }
    }

    @Test func `a full disk and a kill leave what was there`() async throws {
        try await Testbed.withReleases("release-full") { machine, server in
            let repository = machine.prefix + "/var/db/repos/made"
            try machine.enableMade()
            func command(_ project: String) -> [String] {
                ["fastrel", "pypi", project, "--index-url", server.index, "--into", repository]
            }
            #expect(try await machine.run(command("tint==1.2.3")).succeeded)
            let full = try await machine.runOnFullDisk("var/db/repos/made", command("tint"))
            #expect(full.output.exitCode == 2 && full.isSame, "\(full.output.text)")
            #expect(
                full.output.stderr.hasPrefix("fastrel: cannot write \(repository)/")
                    && full.output.stderr.hasSuffix("No space left on device\n"), "\(full.output.text)")

            // Killed before or after each rename: Portage sees the old package or the new one.
            for (name, moment, best) in [
                ("/tint/Manifest", .before, "1.2.3"), ("/tint/Manifest", .after, "1.2.3"),
                ("/tint-1.10.0.ebuild", .before, "1.2.3"), ("/tint-1.10.0.ebuild", .after, "1.10.0"),
            ] as [(String, Machine.Moment, String)] {
                let killing = try await machine.killingAtRename(to: name, moment)
                let killed = try await machine.run(command("tint"), environment: killing)
                #expect(killed.exitCode == 128 + 9, "\(name) \(moment): \(killed.text)")
                let visible = try await machine.run(
                    ["portageq", "best_visible", machine.prefix, "dev-python/tint"])
                #expect(visible.stdout == "dev-python/tint-\(best)\n", "\(name) \(moment): \(visible.text)")
                let manifest = try machine.read("var/db/repos/made/dev-python/tint/Manifest")
                #expect(manifest.hasPrefix("DIST tint-") && manifest.contains("DIST tint-\(best).tar.gz "))
            }
            let after = try await machine.run(command("tint"))
            #expect(after.succeeded, "\(after.text)")
            #expect(
                try Files.list(machine.path("var/db/repos/made/dev-python/tint")) == [
                    "Manifest", "metadata.xml", "tint-1.10.0.ebuild", "tint-1.2.3.ebuild",
                ])

            // A new repository is there as a whole, or not at all.
            for (moment, isThere) in [(Machine.Moment.before, false), (.after, true)] {
                try Files.removeTree(machine.path("var/db/repos/made"))
                let killing = try await machine.killingAtRename(to: "/repos/made", moment)
                #expect(try await machine.run(command("tint"), environment: killing).exitCode == 128 + 9)
                #expect(Files.exists(machine.path("var/db/repos/made/metadata/layout.conf")) == isThere)
                let again = try await machine.run(command("tint"))
                #expect(again.stdout == "dev-python/tint-1.10.0: new\n", "\(again.text)")
                #expect(try Files.list(machine.path("var/db/repos")) == ["made"])
            }
        }
    }

    @Test func `the index is the one that pip is configured with`() async throws {
        try await Testbed.withReleases("release-pip") { machine, server in
            let repository = machine.prefix + "/var/db/repos/made"
            let command = ["fastrel", "pypi", "tint", "--dry-run", "--into", repository]
            let named = try await machine.run(command, environment: ["PIP_INDEX_URL": server.index])
            #expect(named.succeeded, "\(named.text)")
            try machine.write("root/.config/pip/pip.conf", "[global]\nindex-url = \(server.index)\n")
            let configured = try await machine.run(command)
            #expect(configured.succeeded, "\(configured.text)")
            #expect(configured.stdout == named.stdout)
            #expect(!Files.exists(machine.path("var/db/repos/made")))
        }
    }
}
