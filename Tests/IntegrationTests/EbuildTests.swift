import Posix
import Testbed
import Testing

/// Portmanteau as its own ebuild installs it, with no way to fetch anything.
@Suite struct EbuildTests {
    private static let package = "app-portage/portmanteau"
    private static let bashrc = "# the user's, without a newline at its end\nPM_USER=1"
    private static let repository = Testbed.checkout + "/ebuild"

    /// How the programs come into the package. `make soak` has time to compile them inside emerge.
    enum Kind: String, Sendable {
        case prebuilt, source

        static let tried: [Kind] =
            ProcessEnvironment.variable("PORTMANTEAU_SOAK") == nil ? [.prebuilt] : [.prebuilt, .source]
    }

    @Test(arguments: Kind.tried)
    func `the ebuild installs, switches the hooks on, updates, and leaves nothing`(kind: Kind) async throws {
        try await Testbed.shared().withMachine("ebuild-\(kind)") { machine in
            try await prepare(machine, kind)
            if kind == .prebuilt { try await expectRefusalOfBadArchives(machine) }
            let before = try await files(of: machine)

            let install = try await machine.emerge(
                ["--quiet-build=n", "--buildpkg", Self.package],
                environment: kind == .source ? ["PATH": "\(machine.environment["PATH"] ?? ""):\(try swift())"] : [:],
                timeout: .seconds(3600))
            try #require(install.succeeded, "\(install.text)")
            #expect(install.text.contains("To switch the hooks on: emerge --config"), "\(install.text)")
            #expect(try machine.read("etc/portage/bashrc") == Self.bashrc)
            #expect(try await machine.run(["depgraph", "--help"]).succeeded)
            let pages = try await machine.run(
                ["bash", "-c", "cd $0/usr/share/man && ls man1 man8", machine.prefix]
            ).stdout
            for page in ["binpkg.1", "depgraph.1", "distcc-guard.1", "olm.1", "portage-hook.8"] {
                #expect(pages.contains(page), "\(pages)")
            }
            for file in ["etc/init.d/binpkg-agent", "usr/lib/systemd/system/binpkg-agent.service"] {
                let text = try machine.read(file)
                #expect(text.contains("\(machine.prefix)/usr/bin/binpkg") && !text.contains("@"), "\(text)")
            }
            let program = machine.prefix + "/usr/libexec/portmanteau/portmanteau"
            #expect(try await machine.run([program, "--version"]).stdout == "portmanteau \(try version())\n")

            let config = try await machine.emerge(["--config", Self.package])
            #expect(config.succeeded && config.text.contains("hooks enabled in"), "\(config.text)")
            let hello = try await machine.emerge(["-1", "app-demo/hello"])
            #expect(hello.succeeded, "\(hello.text)")
            #expect(isGraph(hello.text, of: "hello-1.0"), "\(hello.text)")

            // An update keeps the hooks, and what the user wrote into the configuration.
            let settings = "etc/portmanteau/hooks.conf"
            try machine.append(settings, "DEPGRAPH=ascii\n")
            let edited = try machine.read(settings)
            let update = try await machine.emerge(["-1", "--usepkg", Self.package])
            #expect(update.succeeded && !update.text.contains("emerge --config"), "\(update.text)")
            #expect(try machine.read("etc/portage/bashrc").hasSuffix("# portmanteau (newline added)\n"))
            #expect(try machine.read(settings) == edited)

            // A slice: what olm made goes too, but not what the user wrote.
            try await machine.makeOverlay("bundle")
            try machine.useOverlays(["bundle"])
            let slice = try await machine.olm("add", "lib-wood/gold::bundle")
            #expect(slice.succeeded, "\(slice.text)")
            let wanted = try await machine.emerge(["-pq", "lib-wood/gold"])
            #expect(wanted.text.contains("lib-wood/gold-1.0"), "\(wanted.text)")
            try Files.removeTree(machine.path("srv"))

            let removal = try await machine.emerge(["-C", Self.package, "app-demo/hello"])
            #expect(removal.succeeded, "\(removal.text)")
            #expect(try machine.read("etc/portage/bashrc") == Self.bashrc)
            #expect(try machine.read(settings) == edited)
            let left = try await files(of: machine)
            // As Portage does with a file that the user changed: it stays, and the update lies beside it.
            let lists = ["etc/overlayman", "etc/overlayman/overlays.conf", "etc/overlayman/packages"]
            let kept = lists + ["etc/portmanteau", "etc/portmanteau/._cfg0000_hooks.conf", settings]
            #expect(left.subtracting(before).sorted() == kept)
            #expect(before.subtracting(left).sorted() == [])
        }
    }

    @Test func `on an unprefixed system emerge --config switches the hooks on, and unmerging switches them off`()
        async throws
    {
        try await Testbed.shared().withWholeMachine("ebuild-whole") { machine in
            try await prepare(machine, .prebuilt)
            let install = try await machine.emerge(["--quiet-build=n", Self.package], timeout: .seconds(900))
            try #require(install.succeeded, "\(install.text)")
            #expect(try machine.read("etc/init.d/binpkg-agent").contains("command=\"/usr/bin/binpkg\""))
            let config = try await machine.emerge(["--config", Self.package])
            #expect(config.succeeded && config.text.contains("hooks enabled in"), "\(config.text)")
            let hello = try await machine.emerge(["-1", "app-demo/hello"])
            #expect(hello.succeeded && isGraph(hello.text, of: "hello-1.0"), "\(hello.text)")
            let removal = try await machine.emerge(["-C", Self.package])
            #expect(removal.succeeded, "\(removal.text)")
            #expect(try machine.read("etc/portage/bashrc") == Self.bashrc)
        }
    }

    @Test func `both ebuilds are one text`() throws {
        let folder = "\(Self.repository)/\(Self.package)"
        let release = try Files.readText("\(folder)/portmanteau-\(try version()).ebuild")
        #expect(try Files.readText("\(folder)/portmanteau-9999.ebuild") == release)
    }

    /// A prebuilt archive that is cut off, or has one other byte, is not installed.
    private func expectRefusalOfBadArchives(_ machine: Machine) async throws {
        let folder = machine.path("var/cache/distfiles")
        let name = try #require(try Files.list(folder).first { $0.contains("-prebuilt-") })
        let whole = try Files.read("\(folder)/\(name)", limit: 1 << 30)
        var other = whole
        other[whole.count / 2] ^= 1
        let cut = Array(whole.prefix(whole.count / 2))
        for (archive, answer) in [(cut, "Couldn't download"), (other, "_checksum_failure_")] {
            try Files.replace("\(folder)/\(name)", with: archive)
            let refused = try await machine.emerge([Self.package])
            #expect(refused.exitCode == 1 && refused.text.contains(answer), "\(refused.text)")
            #expect(try !machine.installedPackages().contains { $0.hasPrefix(Self.package) })
            #expect(!Files.exists(machine.path("usr/libexec/portmanteau")))
            for file in try Files.list(folder) where file.hasPrefix(name) { try Files.removeTree("\(folder)/\(file)") }
        }
        try Files.replace("\(folder)/\(name)", with: whole)
    }

    private func version() throws -> String {
        let text = try Files.readText(Testbed.checkout + "/Sources/SuiteVersion/SuiteVersion.swift")
        return String(try #require(text.split(separator: "\"").dropFirst().first))
    }

    /// The repository as an overlay, the files of a release as distfiles, and what the testbed's own repository lacks.
    private func prepare(_ machine: Machine, _ kind: Kind) async throws {
        let overlay = machine.prefix + "/var/db/repos/portmanteau"
        try Files.makeDirectories(machine.path("var/db/repos"))
        try await succeed(machine, ["cp", "-R", Self.repository, overlay])
        try await machine.makeRelease(
            (kind == .prebuilt ? ["prebuilt"] : ["source", "deps"]) + ["manifest"], in: "var/cache/distfiles")
        try await succeed(
            machine, ["cp", machine.prefix + "/var/cache/distfiles/Manifest", "\(overlay)/\(Self.package)/Manifest"])
        let python = try await machine.run([
            "/usr/bin/python3", "-c", "import sys; print(*sys.version_info[:2], sep='.')",
        ]).stdout.filter { !$0.isWhitespace }
        let etc = "etc/portage"
        try machine.write("\(etc)/bashrc", Self.bashrc)
        try machine.write(
            "\(etc)/repos.conf/portmanteau.conf", "[portmanteau]\nlocation = \(overlay)\nauto-sync = no\n")
        try machine.write("\(etc)/categories", "app-portage\n")
        try machine.write("\(etc)/package.accept_keywords", "\(Self.package)::portmanteau\n")
        try machine.write(
            "\(etc)/package.use",
            """
            \(Self.package) python_single_target_python\(python.replacing(".", with: "_"))
            \(Self.package) \(kind == .prebuilt ? "" : "-")prebuilt

            """)
        try machine.write(
            "\(etc)/profile/package.provided",
            """
            dev-db/sqlite-3.50.0
            dev-lang/python-\(python).0
            dev-lang/swift-6.3.1
            dev-vcs/git-2.50.0
            sys-apps/bubblewrap-0.11.0
            sys-apps/portage-3.0.83
            sys-apps/util-linux-2.41
            virtual/pkgconfig-3
            virtual/zlib-1.3.1

            """)
        try machine.append(
            "\(etc)/make.conf",
            """
            DISTDIR="\(machine.prefix)/var/cache/distfiles"
            PORTAGE_RO_DISTDIRS="\(machine.testbed.distfiles)"
            MAKEOPTS="-j2"

            """)
    }

    /// The folder of the Swift that these tests are built with.
    private func swift() throws -> String {
        let path = try #require(ProcessEnvironment.variable("PATH")).split(separator: ":").map(String.init)
        return try #require(path.first { Files.exists($0 + "/swift") }, "swift is not in PATH")
    }

    private func succeed(_ machine: Machine, _ command: [String]) async throws {
        let output = try await machine.run(command)
        try #require(output.succeeded, "\(output.text)")
    }

    /// Whether a text has the first line of a graph of one package, and a box with its name.
    private func isGraph(_ text: String, of name: String) -> Bool {
        let lines = text.split(separator: "\n")
        return lines.contains { $0.hasPrefix("1 of 1 ") && $0.contains(name) }
            && lines.contains { $0.contains("│") || $0.contains("┃") || $0.contains("[") && $0.contains("hello") }
    }

    /// All paths below EPREFIX but the caches and logs of Portage and Python.
    private func files(of machine: Machine) async throws -> Set<String> {
        let own = [
            "var/cache/edb", "var/cache/binpkgs", "var/cache/distfiles", "var/lib/portage", "var/log",
            "var/tmp/portage", "var/db/pkg", "tmp",
        ]
        let prune = own.flatMap { ["-path", "\(machine.prefix)/\($0)", "-o"] } + ["-name", "__pycache__"]
        let output = try await machine.run(
            ["find", machine.prefix, "("] + prune + [")", "-prune", "-o", "-printf", "%P\n"])
        try #require(output.succeeded, "\(output.text)")
        return Set(output.stdout.split(separator: "\n").map(String.init))
    }
}
