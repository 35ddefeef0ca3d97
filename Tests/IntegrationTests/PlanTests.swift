import Glibc
import Posix
import Testbed
import Testing

/// Real services and real emerges: a machine that has no compiler installs what others build for it.
@Suite struct PlanTests {
    @Test(.timeLimit(.minutes(60))) func `a machine without compiler installs an application`() async throws {
        try await PlanServer.with("bare") { client, service in
            // Compiling is not possible at all, and emerge alone says so.
            let alone = try await client.runWithoutCompiler(["emerge", "-1", "lib-demo/tempo"])
            #expect(!alone.succeeded)
            #expect(alone.text.contains("no compiler here"), "\(alone.text)")

            let before = try await client.plan(["-1", "app-demo/orchestra"])
            #expect(before.packages.count == 9)
            #expect(before.totals["build"] == 9)
            #expect(before.packages.first { $0.cpv == "lib-demo/tempo-1.0" }?.unblocks == 8)
            #expect(before.packages.last?.unblocks == 0)

            // Ctrl-C leaves the builds running.
            let first = try await client.start(
                client.withoutCompiler(["binpkg", "emerge", "--require", "-1", "app-demo/orchestra"]))
            #expect(await first.waitForLog("building", timeout: .seconds(200)), "\(first.log)")
            #expect(kill(first.pid, SIGINT) == 0)
            #expect(await first.waitForLog("interrupted; the service goes on", timeout: .seconds(60)), "\(first.log)")
            #expect(try await first.end() == 130)
            let listed = try await client.run(["binpkg", "plans"])
            let id = try #require(listed.stdout.split(separator: " ").first.map(String.init), "\(listed.text)")
            #expect(listed.stdout.contains("of 9 packages are here"), "\(listed.text)")

            // Whoever comes back goes on with it.
            let output = try await client.runWithoutCompiler(["binpkg", "emerge", "--attach", id])
            #expect(output.succeeded, "\(output.text)")
            #expect(output.text.contains(">>> Emerging binary (9 of 9) app-demo/orchestra-1.0"), "\(output.text)")
            #expect(try client.installedPackages().contains("app-demo/orchestra-1.0"))
            #expect(try await client.run(["orchestra"]).succeeded)
            #expect(!Files.exists(client.path("var/cache/portmanteau/plans/\(id)")))
            #expect(try await client.run(["binpkg", "plans"]).stdout.isEmpty)

            try await nearHits(client)
            try await neverAsked(client)
            try await nothingLeaves(client)
            try await failures(client)

            try await service.stop()
            let installed = try client.installedPackages()
            let dead = try await client.run(["binpkg", "emerge", "-1", "app-demo/hello"])
            #expect(dead.exitCode == 75, "\(dead.text)")
            #expect(dead.stderr.hasPrefix("binpkg: the service http://127.0.0.1:"), "\(dead.stderr)")
            #expect(dead.stderr.split(separator: "\n").count == 1)
            #expect(try await client.run(["binpkg", "plan", "-1", "app-demo/hello"]).exitCode == 75)
            #expect(try client.installedPackages() == installed)
            #expect((try? Files.list(client.path("var/cache/portmanteau/plans"))) ?? [] == [])
        }
    }

    /// Another CFLAGS: what is there is near, and says by name why it does not fit.
    private func nearHits(_ client: Machine) async throws {
        let configuration = try client.read("etc/portage/make.conf")
        try client.append("etc/portage/make.conf", "CFLAGS=\"-O1 -pipe\"\n")
        let near = try await client.plan(["-1", "lib-demo/tempo"])
        #expect(near.packages.map(\.verdict) == ["near"])
        #expect(near.packages.first?.reasons.contains { $0.hasPrefix("CFLAGS: ") && $0.contains("-O1") } ?? false)
        let request = try await client.run(["binpkg", "request", "--lookup", "lib-demo/tempo"])
        #expect(request.exitCode == 1, "\(request.text)")
        #expect(request.stdout.contains("  the nearest that is there:\n    CFLAGS: "), "\(request.text)")
        let explained = try await client.run(["binpkg", "explain", "lib-demo/tempo"])
        #expect(explained.exitCode == 1, "\(explained.text)")
        #expect(explained.stdout.contains(": does not fit\n    CFLAGS: "), "\(explained.text)")
        try client.write("etc/portage/make.conf", configuration)
        let fits = try await client.run(["binpkg", "explain", "lib-demo/tempo"])
        #expect(fits.exitCode == 0, "\(fits.text)")
    }

    /// What the hooks never ask for, plans do not ask for either; and nothing says that it needs no compiler.
    private func neverAsked(_ client: Machine) async throws {
        try client.addRepository("own", categories: [OddEbuilds.category], ebuilds: OddEbuilds.all)
        let names = ["live", "closed", "module", "plain"].map { "app-own/" + $0 }
        func reasons(_ more: [String] = []) async throws -> [String: String] {
            let plan = try await client.plan(more + ["-1"] + names)
            return Dictionary(
                uniqueKeysWithValues: plan.packages.map {
                    ($0.cpv, $0.verdict == "cannot" ? $0.reasons.first ?? "" : $0.verdict)
                })
        }
        let usual = [
            "app-own/live-1.0": "BINPKG_NEVER has @live: a live ebuild, whose sources change",
            "app-own/closed-1.0": "BINPKG_NEVER has @bindist: may not be passed on in binary form (RESTRICT=bindist)",
            "app-own/module-1.0": "BINPKG_NEVER has @kernel-modules: modules of this machine's kernel",
            "app-own/plain-1.0": "build",
        ]
        #expect(try await reasons() == usual)
        #expect(try await reasons(["--require"]) == usual)
        let text = try await client.run(["binpkg", "plan", "-1", "app-own/live"])
        #expect(text.exitCode == 1 && text.stdout.contains("cannot: BINPKG_NEVER has @live"), "\(text.text)")
        #expect(!text.stdout.contains("needs no compiler"))
        // What package.env says of one package counts for that one.
        try client.write("etc/portage/env/off.conf", "BINPKG_POLICY=\"off\"\n")
        try client.write("etc/portage/env/all.conf", "BINPKG_NEVER=\"virtual/*\"\n")
        try client.write("etc/portage/package.env", "app-own/plain off.conf\napp-own/closed all.conf\n")
        let own = try await reasons()
        #expect(own["app-own/plain-1.0"] == "BINPKG_POLICY is `off`" && own["app-own/closed-1.0"] == "build", "\(own)")
        try Files.removeTree(client.path("etc/portage/package.env"))
        try Files.removeTree(client.path("etc/portage/repos.conf/own.conf"))
    }

    /// Secrets of make.conf and of the environment are in nothing that is sent.
    private func nothingLeaves(_ client: Machine) async throws {
        let configuration = try client.read("etc/portage/make.conf")
        try client.append(
            "etc/portage/make.conf",
            "FETCHCOMMAND=\"fetch --user joe:hush-1\"\nAPI_TOKEN=\"hush-2\"\nGENTOO_MIRRORS=\"https://u:hush-3@example.org\"\n"
        )
        try client.write("etc/portmanteau/token", "hush-4\n", mode: 0o600)
        let shown = try await client.run(
            ["binpkg", "request", "--show-request", "app-demo/hello"], environment: ["AWS_SECRET": "hush-5"])
        #expect(shown.succeeded, "\(shown.text)")
        #expect(!shown.text.contains("hush"), "\(shown.text)")
        #expect(shown.stdout.contains("\"cpv\":\"app-demo/hello-1.0\""))
        #expect(shown.stdout.contains("demo-c.eclass"))
        try client.write("etc/portage/make.conf", configuration)
        try Files.removeTree(client.path("etc/portmanteau/token"))
    }

    /// What cannot be provided, and words that emerge does not know.
    private func failures(_ client: Machine) async throws {
        let installed = try client.installedPackages()
        let required = try await client.run(
            ["binpkg", "emerge", "--require", "-1", "app-demo/broken"], timeout: .seconds(300))
        #expect(required.exitCode == 1, "\(required.text)")
        #expect(required.stderr.contains("nothing may be compiled here:\n  app-demo/broken-1.0: "), "\(required.text)")
        let cannot = try await client.run(["binpkg", "plan", "-1", "app-demo/broken"])
        #expect(cannot.exitCode == 1, "\(cannot.text)")
        let wrong = try await client.run(["binpkg", "plan", "--no-such-option", "app-demo/hello"])
        #expect(wrong.exitCode == 2)
        #expect(wrong.stderr.contains("unrecognized arguments: --no-such-option"), "\(wrong.stderr)")
        let only = try await client.run(["binpkg", "plan", "-K", "app-demo/hello"])
        #expect(only.exitCode == 2)
        #expect(only.stderr.contains("say --require to binpkg instead"), "\(only.stderr)")
        let nothing = try await client.run(["binpkg", "emerge", "--noreplace", "lib-demo/tempo"])
        #expect(nothing.succeeded, "\(nothing.text)")
        #expect(try client.read("var/lib/portage/world").contains("lib-demo/tempo"))
        let unknown = try await client.run(["binpkg", "plan", "app-demo/nothing"])
        #expect(unknown.exitCode == 1)
        #expect(unknown.stderr.contains("no ebuilds to satisfy"), "\(unknown.stderr)")
        #expect(try client.installedPackages() == installed)
    }

    @Test(.timeLimit(.minutes(60))) func `a package of the user's own repository, patched and with its own flags`()
        async throws
    {
        try await PlanServer.with("own") { client, _ in
            try client.write(
                "etc/portage/repos.conf/own.conf", "[own]\nlocation = \(client.prefix)/srv/own\nauto-sync = no\n")
            try client.write("srv/own/profiles/repo_name", "own\n")
            try client.write("srv/own/metadata/layout.conf", "masters = gentoo\nthin-manifests = true\n")
            try client.write("srv/own/profiles/categories", "app-own\n")
            try client.write(
                "srv/own/app-own/greeter/greeter-1.0.ebuild",
                """
                EAPI=8
                inherit demo-c
                DESCRIPTION="A greeting of one's own"
                SRC_URI="https://example.org/distfiles/hello-1.0.tar.xz"
                S="${WORKDIR}/hello-1.0"
                LICENSE="GPL-2+"
                SLOT="0"
                KEYWORDS="amd64 arm64"
                src_install() { newbin hello greeter; }

                """)
            let copied = try await client.run([
                "cp", "\(client.testbed.repository)/app-demo/hello/Manifest",
                "\(client.prefix)/srv/own/app-own/greeter/Manifest",
            ])
            #expect(copied.succeeded, "\(copied.text)")
            let source = try Files.readText(Testbed.fixtures + "/repository/app-demo/hello/src/hello.c")
            let lines = source.split(separator: "\n", omittingEmptySubsequences: false)
            let number = try #require(lines.firstIndex { $0.contains("puts(") })
            let line = lines[number]
            let changed = "puts(\"greetings from a user patch\");"
            try client.write(
                "etc/portage/patches/app-own/greeter/greet.patch",
                "--- a/hello.c\n+++ b/hello.c\n@@ -\(number + 1) +\(number + 1),2 @@\n \(line)\n+\t\(changed)\n")
            try client.write("etc/portage/env/plain.conf", "CFLAGS=\"-O0\"\n")
            try client.write("etc/portage/package.env", "app-own/greeter plain.conf\n")
            let output = try await client.runWithoutCompiler(["binpkg", "emerge", "-1", "app-own/greeter"])
            #expect(output.succeeded, "\(output.text)")
            #expect(output.text.contains(">>> Emerging binary (1 of 1) app-own/greeter-1.0::own"), "\(output.text)")
            let greeting = try await client.run(["greeter"])
            #expect(greeting.stdout.contains("greetings from a user patch"), "\(greeting.text)")
            #expect(try client.read("var/db/pkg/app-own/greeter-1.0/CFLAGS") == "-O0\n")
        }
    }

    /// A tool that is masked here, another that has no keyword, two packages that are built with each other, and what
    /// needs all of them.
    private static let workshop: [String: String] = {
        func ebuild(_ rest: String, keywords: String = "amd64 arm64") -> String {
            "EAPI=8\nDESCRIPTION=\"For a test\"\nHOMEPAGE=\"https://example.org\"\nLICENSE=\"GPL-2+\"\nSLOT=\"0\"\n"
                + "KEYWORDS=\"\(keywords)\"\nS=\"${WORKDIR}\"\n\(rest)\n"
        }
        func program(_ name: String, made: String) -> String {
            "src_compile() {\n\t\(made)\n\tprintf '#!/bin/sh\\necho \(name)\\n' > \(name) || die\n}\n"
                + "src_install() { dobin \(name); }"
        }
        let packages = [
            "saw": ebuild(program("saw", made: ":")),
            "plane": ebuild(program("plane", made: ":"), keywords: ""),
            "chair": ebuild(
                "BDEPEND=\"app-own/saw app-own/plane\"\n" + program("chair", made: "saw && plane || die")),
            "egg": ebuild("BDEPEND=\"app-own/hen\"\n" + program("egg", made: "[[ ${FIRST} == egg ]] || hen || die")),
            "hen": ebuild("BDEPEND=\"app-own/egg\"\n" + program("hen", made: "egg || die")),
            "farm": ebuild("RDEPEND=\"app-own/chair app-own/egg app-own/hen\""),
        ]
        return Dictionary(
            uniqueKeysWithValues: packages.map { ("app-own/\($0.key)/\($0.key)-1.0.ebuild", $0.value) })
    }()

    /// What is needed for building only, its masks, keywords and cycles, is the builder's matter.
    @Test(.timeLimit(.minutes(60))) func `what is built with masked packages, and in a cycle, is installed`()
        async throws
    {
        func prepare(_ machine: Machine) async throws {
            try machine.addRepository("own", categories: ["app-own"], ebuilds: Self.workshop)
            guard machine.name.hasSuffix("-service") else {
                return try machine.write("etc/portage/package.mask", "app-own/saw\n")
            }
            // The builder may use the one tool, and has the first egg, as a stage of Gentoo has its compiler.
            try machine.write("etc/portage/package.accept_keywords", "app-own/plane **\n")
            let egg = try await machine.emerge(["-1", "--nodeps", "app-own/egg"], environment: ["FIRST": "egg"])
            #expect(egg.succeeded, "\(egg.text)")
        }
        try await PlanServer.with("masked", prepare: prepare) { client, _ in
            // emerge alone cannot even make the list.
            for (atom, text) in [("chair", "masked"), ("hen", "circular dependencies")] {
                let alone = try await client.run(["emerge", "-p", "-1", "app-own/\(atom)"])
                #expect(!alone.succeeded && alone.text.contains(text), "\(alone.text)")
            }
            let plan = try await client.plan(["-1", "app-own/farm"])
            #expect(plan.packages.last?.cpv == "app-own/farm-1.0" && plan.packages.last?.verdict == "ebuild")
            #expect(plan.packages.map(\.cpv).sorted() == ["chair", "egg", "farm", "hen"].map { "app-own/\($0)-1.0" })

            // With buildpkg, what emerge makes of an ebuild goes to the user's packages, and nothing else does.
            let before = try client.installedPackages()
            let output = try await client.runWithoutCompiler(
                ["binpkg", "emerge", "-1", "app-own/farm"], environment: ["FEATURES": "buildpkg"])
            #expect(output.succeeded, "\(output.text)")
            #expect(output.text.contains(">>> Emerging binary (3 of 4) app-own/"), "\(output.text)")
            #expect(try Set(client.installedPackages()).subtracting(before) == Set(plan.packages.map(\.cpv)))
            #expect(try await client.run(["chair"]).stdout == "chair\n")
            #expect(try Files.list(client.path("var/cache/binpkgs/app-own")) == ["farm"])
            let index = try client.read("var/cache/binpkgs/Packages").split(separator: "\n")
            #expect(index.filter { $0.hasPrefix("CPV: ") } == ["CPV: app-own/farm-1.0"], "\(index)")
            #expect((try? Files.list(client.path("var/cache/portmanteau/plans"))) ?? [] == [])
        }
    }

    /// A library gets another sub-slot, so what is linked with it is built anew: planned and brought as one.
    @Test(.timeLimit(.minutes(60))) func `a world is updated, and what a sub-slot binds is rebuilt`() async throws {
        try await PlanServer.with("update") { client, _ in
            let first = try await client.runWithoutCompiler(["binpkg", "emerge", "--require", "lib-demo/gamma"])
            #expect(first.succeeded, "\(first.text)")
            #expect(try client.read("var/db/pkg/lib-demo/gamma-1.0/RDEPEND").contains("lib-demo/alpha:0/1="))
            #expect(try await client.plan(["-uDN", "@world"]).packages.isEmpty)

            try client.append("etc/portage/make.conf", "ACCEPT_KEYWORDS=\"~amd64 ~arm64\"\n")
            let plan = try await client.plan(["-uDN", "@world"])
            #expect(plan.packages.map(\.cpv) == ["lib-demo/alpha-2.0", "lib-demo/gamma-1.0"])
            // Of both there is one for the old sub-slot.
            #expect(plan.packages.map(\.verdict) == ["near", "near"])
            let output = try await client.runWithoutCompiler(["binpkg", "emerge", "--require", "-uDN", "@world"])
            #expect(output.succeeded, "\(output.text)")
            let libraries = try client.installedPackages().filter { $0.hasPrefix("lib-demo/") }
            #expect(libraries == ["lib-demo/alpha-2.0", "lib-demo/gamma-1.0"])
            #expect(try client.read("var/db/pkg/lib-demo/gamma-1.0/RDEPEND").contains("lib-demo/alpha:0/2="))
            #expect(try client.read("var/db/pkg/lib-demo/gamma-1.0/NEEDED").contains("libalpha.so.2"))
            #expect(try await client.plan(["-uDN", "@world"]).packages.isEmpty)
        }
    }
}
