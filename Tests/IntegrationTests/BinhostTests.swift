import Glibc
import Posix
import Testbed
import Testing

/// A plain emerge and a public binhost: nothing of this suite is on the machine that installs.
@Suite struct BinhostTests {
    /// Runs with a service that has a signing key and a binhost, and a machine that asks it for packages.
    private func withBinhost(
        _ name: String, settings: String = "", isSigned: Bool = false,
        _ body: (Testbed, Service, Machine, ServiceClient, SigningKey?) async throws -> Void
    ) async throws {
        let testbed = try await Testbed.shared()
        try await testbed.withMachine("bh-\(name)-service") { server in
            try await server.installPortmanteau(enable: false)
            let key = isSigned ? try await server.makeSigningKey() : nil
            let signing = key.map { "[signing]\nhome = \"\(server.prefix)/\($0.home)\"\nkey = \"\($0.fingerprint)\"\n" }
            let service = try await server.startService(
                settings: "[[binhost]]\nname = \"main\"\n\(settings)\n\(signing ?? "")")
            do {
                try await testbed.withMachine("bh-\(name)-asker") { asker in
                    try await asker.installPortmanteau(enable: false)
                    try await body(testbed, service, server, ServiceClient(machine: asker, url: service.url), key)
                }
            } catch {
                try await service.stop()
                Issue.record("the service said:\n\(service.process.log)")
                throw error
            }
            #expect(try await service.stop() == 0, "\(service.process.log)")
        }
    }

    /// Points a machine's Portage to the binhost, by its own means only.
    private func configure(_ machine: Machine, _ service: Service, verify: Bool) throws {
        try machine.write(
            "etc/portage/binrepos.conf",
            """
            [main]
            sync-uri = \(service.url)/binhost/main
            location = \(machine.prefix)/var/cache/binhost/main
            verify-signature = \(verify)

            """)
        try machine.append(
            "etc/portage/make.conf", #"\#nFETCHCOMMAND="wget -q -O \"\${DISTDIR}/\${FILE}\" \"\${URI}\""\#n"#)
    }

    private func index(_ service: Service, on machine: Machine) async throws -> String {
        try await machine.run(["wget", "-q", "-O", "-", "\(service.url)/binhost/main/Packages"]).stdout
    }

    private func waitForIndex(_ service: Service, on machine: Machine, having text: String) async throws -> String {
        for _ in 0..<600 {
            let index = try await index(service, on: machine)
            if index.contains(text) { return index }
            try await Task.sleep(for: .milliseconds(200))
        }
        throw TestbedError.command("the index", reason: try await index(service, on: machine) + service.process.log)
    }

    @Test func plainEmergeInstalls() async throws {
        try await withBinhost("plain") { testbed, service, server, asker, _ in
            _ = try await asker.ask("app-demo/hello-1.0")
            let index = try await waitForIndex(service, on: asker.machine, having: "CPV: app-demo/hello-1.0\n")
            #expect(index.contains("\nPATH: app-demo/hello/hello-1.0-1.gpkg.tar\n") && index.contains("\nMD5: "))
            #expect(index.contains("\nBUILD_ID: 1\n") && index.contains("\nSHA1: ") && index.contains("\nREPO: "))
            // From here on the clock does not reach the index: what is published next comes within the same second.
            let set = "UPDATE binhost SET timestamp = strftime('%s', 'now') + 3600"
            let script = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], 30); c.execute(sys.argv[2]); c.commit()"
            let store = server.prefix + "/var/lib/portmanteau/binpkgd/store.sqlite"
            let output = try await server.run(["/usr/bin/python3", "-c", script, store, set])
            try #require(output.succeeded, "\(output.text)")
            try await testbed.withMachine("bh-plain-user") { user in
                try configure(user, service, verify: false)
                let first = try await user.emerge(["--getbinpkg", "--oneshot", "app-demo/hello"])
                #expect(first.succeeded && !first.text.contains("Compiling source"), "\(first.text)")
                #expect(try user.installedPackages().contains("app-demo/hello-1.0"))
                // It is not signed: who asks for signatures does not get it.
                try user.append("etc/portage/make.conf", "\nFEATURES=\"${FEATURES} binpkg-request-signature\"\n")
                try configure(user, service, verify: true)
                let unsigned = try await user.emerge(["--getbinpkgonly", "--oneshot", "app-demo/hello"])
                #expect(!unsigned.succeeded, "\(unsigned.text)")
                try user.append("etc/portage/make.conf", "\nFEATURES=\"${FEATURES} -binpkg-request-signature\"\n")
                try configure(user, service, verify: false)
                // A second package is seen by the next emerge, however soon it comes.
                _ = try await asker.ask("lib-demo/alpha-1.0")
                let later = try await waitForIndex(service, on: asker.machine, having: "CPV: lib-demo/alpha-1.0\n")
                let cached = try IndexText(user.read("var/cache/edb/binhost/127.0.0.1/binhost/main/Packages"))
                let times = [cached, IndexText(later)].map { Int($0.header["TIMESTAMP"] ?? "") ?? 0 }
                #expect(times[1] == times[0] + 1)
                let second = try await user.emerge(["--getbinpkg", "--oneshot", "=lib-demo/alpha-1.0"])
                #expect(second.succeeded && !second.text.contains("Compiling source"), "\(second.text)")
                #expect(!second.text.contains("did not respect If-Modified-Since"), "\(second.text)")
                let again = try await user.emerge(["--getbinpkg", "--pretend", "--oneshot", "=lib-demo/alpha-1.0"])
                #expect(again.succeeded && again.text.contains("is up-to-date and will be used"), "\(again.text)")
                try await compareWithPortage(IndexText(later), of: service, on: server)
                // An altered file on the service's disk is refused by who fetches it, and found by who looks.
                let state = server.path("var/lib/portmanteau/binpkgd")
                let stored = try Files.list(state + "/artifacts").map { "\(state)/artifacts/\($0)" }
                for path in stored {
                    let package = try Files.read(path)
                    try Files.replace(path, with: DamagedPackage.image(package) ?? [])
                }
                try Files.removeTree(user.path("var/cache/binhost"))
                let bad = try await user.emerge(["--getbinpkgonly", "--oneshot", "app-demo/hello"])
                #expect(!bad.succeeded, "\(bad.text)")
                let check = try await server.run([server.prefix + "/usr/bin/binpkgd", "check", "--json"])
                #expect(check.exitCode == 1 && check.stdout.contains("\"altered\""), "\(check.text)")
                let mended = try await server.run([server.prefix + "/usr/bin/binpkgd", "check", "--repair"])
                #expect(mended.exitCode == 1 && mended.stdout.contains("; mended\n"), "\(mended.text)")
                let clean = try await server.run([server.prefix + "/usr/bin/binpkgd", "check"])
                #expect(clean.succeeded, "\(clean.text)")
                let after = try await self.index(service, on: asker.machine)
                #expect(after.contains("\nPACKAGES: 0\n"), "\(after)")
            }
        }
    }

    /// Portage makes an index of the same packages, by the configuration that the service has: every key is the same.
    private func compareWithPortage(
        _ index: IndexText, of service: Service, on server: Machine
    ) async throws {
        for entry in index.packages.values {
            // With the time of the file, as the service says it.
            let fetched = try await server.run([
                "wget", "-q", "-x", "-nH", "--cut-dirs=2", "-P", server.prefix + "/compared",
                "\(service.url)/binhost/main/\(entry["PATH"] ?? "none")",
            ])
            try #require(fetched.succeeded, "\(fetched.text)")
        }
        let made = try await server.run(
            ["emaint", "--fix", "binhost"], environment: ["PKGDIR": server.prefix + "/compared"])
        let theirs = try IndexText(server.read("compared/Packages"))
        #expect(Set(theirs.packages.keys) == ["app-demo/hello-1.0", "lib-demo/alpha-1.0"], "\(made.text)")
        for (cpv, theirs) in theirs.packages {
            let own = index.packages[cpv] ?? [:]
            for key in Set(theirs.keys).union(own.keys).sorted() {
                #expect(own[key] == theirs[key], "\(key) of \(cpv)")
            }
        }
        #expect(index.packages.count == 2)
        // When it was made, and nothing else.
        let header = theirs.header.filter { $0.key != "TIMESTAMP" }
        #expect(header == index.header.filter { $0.key != "TIMESTAMP" })
        #expect(header.count > 10 && index.packages.values.allSatisfy { $0.count > 15 }, "\(theirs)")
    }

    /// A binhost that is not for everybody: Portage sends the token as the password of its address.
    @Test func plainEmergeSendsAToken() async throws {
        try await withBinhost("token", settings: "access = \"token\"") { testbed, service, server, asker, _ in
            // Until there is a token, the rest of the service is open to this machine, and the binhost is not.
            #expect(try await asker.ask("app-demo/hello-1.0").value("state") == "ready")
            let program = server.prefix + "/usr/bin/binpkgd"
            let added = try await server.run([program, "token", "add", "--scope", "read", "desk"])
            try #require(added.succeeded, "\(added.text)")
            let secret = added.stdout.filter { !$0.isWhitespace }
            try await Task.sleep(for: .milliseconds(1100))
            let place = service.url.dropFirst("http://".count)
            try await testbed.withMachine("bh-token-user") { user in
                try user.append(
                    "etc/portage/make.conf", #"\#nFETCHCOMMAND="wget -q -O \"\${DISTDIR}/\${FILE}\" \"\${URI}\""\#n"#)
                func emerge(_ login: String) async throws -> Output {
                    try user.write(
                        "etc/portage/binrepos.conf",
                        """
                        [main]
                        sync-uri = http://\(login)\(place)/binhost/main
                        location = \(user.prefix)/var/cache/binhost/main
                        verify-signature = false

                        """, mode: 0o600)
                    for cache in ["var/cache/binhost", "var/cache/edb/binhost", "var/cache/binpkgs"] {
                        try Files.removeTree(user.path(cache))
                    }
                    return try await user.emerge(["--getbinpkgonly", "--oneshot", "app-demo/hello"])
                }
                for login in ["", "desk:pmt_wrong@", "\(secret):@"] {
                    let refused = try await emerge(login)
                    #expect(!refused.succeeded, "\(login): \(refused.text)")
                    #expect(try !user.installedPackages().contains("app-demo/hello-1.0"))
                }
                let good = try await emerge("desk:\(secret)@")
                #expect(good.succeeded && !good.text.contains("Compiling source"), "\(good.text)")
                #expect(try user.installedPackages().contains("app-demo/hello-1.0"))
                // Whatever stands before the token does not matter, and one that was revoked is none.
                let other = try await emerge("x:\(secret)@")
                #expect(other.succeeded, "\(other.text)")
                #expect(try await server.run([program, "token", "revoke", "desk"]).succeeded)
                try await Task.sleep(for: .milliseconds(1100))
                let late = try await emerge("desk:\(secret)@")
                #expect(!late.succeeded, "\(late.text)")
                #expect(!service.process.log.contains(secret))
            }
        }
    }

    @Test func otherFlagsAndUploadsStayOutside() async throws {
        try await withBinhost("mine", settings: "packages = [\"app-demo/*\"]") { _, service, server, asker, _ in
            let machine = asker.machine
            let patch = "--- a/package.mk\n+++ b/package.mk\n@@ -1,1 +1,2 @@\n PROGRAM = hello\n+# mine\n"
            try machine.write("etc/portage/patches/app-demo/hello/mark.patch", patch)
            #expect(try await asker.ask("app-demo/hello-1.0").value("state") == "ready")
            try Files.removeTree(machine.path("etc/portage/patches"))
            try machine.append("etc/portage/make.conf", "\nCFLAGS=\"-O1 -DOTHER\"\n")
            #expect(try await asker.ask("app-demo/hello-1.0").value("state") == "ready")
            try machine.append("etc/portage/make.conf", "\nCFLAGS=\"-O2 -pipe\"\n")
            _ = try await asker.ask("app-demo/note-1.0")
            let index = try await waitForIndex(service, on: machine, having: "CPV: app-demo/note-1.0\n")
            #expect(!index.contains("CPV: app-demo/hello-1.0\n"), "\(index)")
            _ = server
        }
    }

    @Test func signedPackagesAreVerified() async throws {
        try await withBinhost("signed", isSigned: true) { testbed, service, server, asker, key in
            let key = try #require(key)
            let reply = try await asker.ask("app-demo/hello-1.0")
            #expect(reply.value("state") == "ready", "\(reply.text)")
            _ = try await waitForIndex(service, on: asker.machine, having: "CPV: app-demo/hello-1.0\n")
            try await testbed.withMachine("bh-signed-user") { user in
                try configure(user, service, verify: true)
                // Nobody is trusted yet.
                try user.append(
                    "etc/portage/make.conf", "\nFEATURES=\"${FEATURES} binpkg-request-signature\"\n")
                let stranger = try await user.makeSigningKey("stranger")
                try await user.trust(stranger)
                let refused = try await user.emerge(["--getbinpkgonly", "--oneshot", "app-demo/hello"])
                #expect(!refused.succeeded, "\(refused.text)")
                try Files.removeTree(user.path("etc/portage/gnupg"))
                try Files.removeTree(user.path("var/cache/binhost"))
                try await user.trust(key)
                let good = try await user.emerge(["--getbinpkg", "--oneshot", "app-demo/hello"])
                #expect(good.succeeded && !good.text.contains("Compiling source"), "\(good.text)")
                #expect(try user.installedPackages().contains("app-demo/hello-1.0"))
                // The same file again, and altered.
                let file = "app-demo/hello/hello-1.0-1.gpkg.tar"
                let package = try Files.read(user.path("var/cache/binhost/main/\(file)"))
                let local = user.path("var/cache/binpkgs/\(file)")
                for (bytes, isGood) in [(package, true), (DamagedPackage.image(package) ?? [], false)] {
                    try Files.removeTree(user.path("var/cache/binpkgs"))
                    try Files.makeDirectories(user.path("var/cache/binpkgs/app-demo/hello"))
                    try Files.replace(local, with: bytes)
                    let result = try await user.emerge(
                        ["--usepkgonly", "--oneshot", "app-demo/hello"],
                        environment: ["FEATURES": "-pkgdir-index-trusted"])
                    #expect(result.succeeded == isGood, "\(result.text)")
                }
            }
            // The same package through the hooks, where a signature is asked for.
            try await testbed.withMachine("bh-signed-hooks") { user in
                try await user.installPortmanteau()
                try user.useService(service.url)
                try user.append("etc/portage/make.conf", "\nFEATURES=\"${FEATURES} binpkg-request-signature\"\n")
                try await user.trust(key)
                let injected = try await user.emerge(["--oneshot", "app-demo/hello"])
                #expect(injected.succeeded && injected.text.contains(": hit, "), "\(injected.text)")
                #expect(!injected.text.contains("\n>>> Compiling source"), "\(injected.text)")
            }
            // A build looks for the key and does not find it.
            let machine = asker.machine
            try machine.write("repo/profiles/repo_name", "mine\n")
            try machine.write("repo/profiles/categories", "app-demo\n")
            try machine.write("repo/metadata/layout.conf", "masters = gentoo\nthin-manifests = true\n")
            try machine.write(
                "repo/app-demo/spy/spy-1.ebuild",
                """
                EAPI=8
                DESCRIPTION="Looks for keys"
                SLOT="0"
                KEYWORDS="amd64"
                S=${WORKDIR}
                look() {
                    einfo "keys: $(cat \(server.prefix)/\(key.home)/private-keys-v1.d/* 2>/dev/null | wc -c) bytes"
                    einfo "found: $(find \(server.prefix)/\(key.home) -mindepth 1 2>/dev/null | wc -l) files"
                    einfo "through: $(cat /proc/[0-9]*/root\(server.prefix)/\(key.home)/pubring.kbx 2>/dev/null | wc -c) bytes"
                }
                pkg_setup() { look; }
                src_install() { look; insinto /usr/share/spy; newins - text <<< spy; }

                """)
            try machine.write("etc/portage/repos.conf/mine.conf", "[mine]\nlocation = \(machine.prefix)/repo\n")
            let spied = try await asker.ask("app-demo/spy-1")
            #expect(spied.value("state") == "ready", "\(spied.text)")
            let log = try server.read("var/lib/portmanteau/binpkgd/logs/\(try #require(spied.value("id"))).log")
            #expect(log.contains("keys: 0 bytes") && log.contains("found: 0 files") && log.contains("through: 0 bytes"))
            #expect(!log.contains("keys: 1"), "\(log)")
            #expect(Files.exists(server.path("\(key.home)/pubring.kbx")))
        }
    }
}

/// An index, taken apart.
private struct IndexText {
    let header: [String: String]
    /// By CPV.
    let packages: [String: [String: String]]

    init(_ text: String) {
        let sections = text.split(separator: "\n\n").map { section in
            Dictionary(
                section.split(separator: "\n").map { line in
                    let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                    return (String(parts[0]), parts.dropFirst().joined().trimmingPrefix(" ").description)
                }, uniquingKeysWith: { "\($0) and \($1)" })
        }
        header = sections.first ?? [:]
        // As Portage reads it: what an entry does not say of these is what the header says.
        let inherited = sections.first?.filter { ["CHOST", "REPO"].contains($0.key) } ?? [:]
        packages = Dictionary(
            sections.dropFirst().map { ($0["CPV"] ?? "", inherited.merging($0) { $1 }) },
            uniquingKeysWith: { one, _ in one })
    }
}
