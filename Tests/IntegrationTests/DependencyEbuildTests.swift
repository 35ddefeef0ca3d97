import Posix
import Synchronization
import Testbed
import Testing

/// A package of a user's own repository is built with others of it: the service gets their ebuilds, and makes them for
/// this build alone.
@Suite struct DependencyEbuildTests {
    /// What was asked of a server.
    private final class Journal: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        func add(_ line: String) { lines.withLock { $0.append(line) } }
    }

    private static let loom = """
        EAPI=8
        DESCRIPTION="Is woven by what it is built with"
        SLOT="0"
        KEYWORDS="amd64 arm64"
        BDEPEND=">=app-own/shuttle-2[smooth]"
        S=${WORKDIR}

        src_compile() { shuttle > loom || die; }
        src_install() { dobin loom; }

        """

    /// Its code outside of functions, which is run to evaluate it, calls home.
    private static func shuttle(_ url: String) -> String {
        let place = url.dropFirst("http://".utf8.count).replacing(":", with: "/")
        return #"""
            EAPI=8
            inherit weaving
            DESCRIPTION="Needs another one to run, and something that is downloaded"
            SRC_URI="\#(url)/shuttle-2.tar"
            SLOT="0"
            KEYWORDS="~amd64 ~arm64"
            IUSE="+smooth rough"
            REQUIRED_USE="^^ ( smooth rough )"
            RDEPEND="app-own/reed"
            S=${WORKDIR}

            if [[ -d /cfg ]]; then
                ( { exec 7<> "/dev/tcp/\#(place)" && printf 'GET /called HTTP/1.0\r\n\r\n' >&7; } 2> /dev/null )
            fi

            src_install() { weaving_install "$(cat thread.txt)"; }

            """#
    }

    private static let reed = """
        EAPI=8
        DESCRIPTION="Has a file beside it"
        SLOT="0"
        KEYWORDS="amd64 arm64"
        S=${WORKDIR}

        src_install() { insinto /usr/share/reed; doins "${FILESDIR}/pattern"; }

        """

    private static let eclass = """
        weaving_install() {
            printf '#!/bin/sh\\necho "#!/bin/sh"\\necho "echo %s of $(cat "%s")"\\n' "$1" \\
                "${EPREFIX}/usr/share/reed/pattern" > "${T}/shuttle" || die
            dobin "${T}/shuttle"
        }

        """

    @Test(.timeLimit(.minutes(60))) func ebuildsOfDependenciesComeAlong() async throws {
        let journal = Journal()
        let archive = Mutex<[UInt8]>([])
        try await LoopbackServer.with({ request in
            journal.add(request.target)
            return .response(request.target == "/shuttle-2.tar" ? 200 : 404, body: archive.withLock { $0 })
        }) { web in
            func prepare(_ machine: Machine) async throws {
                try machine.append(
                    "etc/portage/make.conf",
                    """

                    DISTDIR="\(machine.prefix)/var/cache/distfiles"
                    FETCHCOMMAND="/usr/bin/wget -q -O \\"\\${DISTDIR}/\\${FILE}\\" \\"\\${URI}\\""
                    RESUMECOMMAND="${FETCHCOMMAND}"
                    GENTOO_MIRRORS=""

                    """)
            }
            try await PlanServer.with("dependencies", prepare: prepare) { client, service, server in
                let packed = try await client.run([
                    "bash", "-c",
                    "cd \"$0\" && echo linen > thread.txt && tar -cf shuttle-2.tar thread.txt && sha512sum shuttle-2.tar",
                    client.prefix,
                ])
                #expect(packed.succeeded, "\(packed.text)")
                let bytes = try Files.read(client.path("shuttle-2.tar"))
                archive.withLock { $0 = bytes }
                let shuttle = Self.shuttle(web.url)
                try client.addRepository(
                    "own", categories: ["app-own"],
                    ebuilds: [
                        "app-own/loom/loom-1.ebuild": Self.loom, "app-own/shuttle/shuttle-2.ebuild": shuttle,
                        "app-own/shuttle/Manifest":
                            "DIST shuttle-2.tar \(bytes.count) SHA512 \(packed.stdout.prefix(128))\n",
                        "app-own/reed/reed-1.ebuild": Self.reed, "app-own/reed/files/pattern": "stripes\n",
                        "eclass/weaving.eclass": Self.eclass,
                    ])
                try client.write("etc/portage/package.accept_keywords", "app-own/shuttle ~*\n")
                // What the service has of that name is something else, and is not taken for it.
                try server.addRepository(
                    "own", categories: ["app-own"],
                    ebuilds: [
                        "app-own/reed/reed-1.ebuild": Self.reed, "app-own/reed/files/pattern": "dots\n",
                        "app-own/reed/reed-2.ebuild": Self.reed, "app-own/reed/files/other": "",
                        "app-own/shuttle/shuttle-3.ebuild": shuttle.replacing("-2.tar", with: "-3.tar"),
                        "eclass/weaving.eclass": "weaving_install() { die 'not this one'; }\n",
                    ])
                let shown = try await client.run(["binpkg", "request", "--show-request", "app-own/loom"])
                #expect(
                    shown.text.contains("shuttle-2.ebuild") && shown.text.contains("weaving.eclass"), "\(shown.text)")
                let emerge = try await client.runWithoutCompiler(
                    ["binpkg", "emerge", "--require", "-1", "app-own/loom"], timeout: .seconds(900))
                #expect(emerge.succeeded, "\(emerge.text)\(service.process.log)")
                #expect(try await client.run(["loom"]).stdout == "linen of stripes\n")
                // Nobody called from where the network is, and nothing of it stays anywhere.
                #expect(journal.all == ["/shuttle-2.tar"])
                for machine in [client, server] {
                    #expect(!Files.exists(machine.path("usr/bin/shuttle")))
                    #expect(!Files.exists(machine.path("var/db/pkg/app-own/shuttle-2")))
                }
                #expect(try server.read("srv/own/app-own/reed/files/pattern") == "dots\n")
                let layers = server.path("var/lib/portmanteau/binpkgd/layers")
                let kept = Files.exists(layers) ? try Files.list(layers) : []
                #expect(kept.filter { !$0.hasPrefix(".") } == [])

                // What was built for the machine itself is not compiled again for what is built with it.
                let tool = try await client.run(
                    ["binpkg", "request", "--wait", "app-own/reed"], timeout: .seconds(600))
                #expect(tool.succeeded, "\(tool.text)")
                try client.write("srv/own/app-own/loom/loom-1.ebuild", Self.loom + "# once more\n")
                let again = try await client.run(
                    ["binpkg", "request", "--log", "app-own/loom"], timeout: .seconds(600))
                #expect(again.succeeded && again.text.contains("== built before: app-own/reed-1"), "\(again.text)")

                // Installed here, it is asked for in just this version, with these flags.
                try client.write("etc/portage/package.use", "app-own/shuttle -smooth rough\n")
                try client.write(
                    "srv/own/app-own/loom/loom-1.ebuild",
                    Self.loom.replacing("[smooth]", with: "").replacing("shuttle > loom", with: "shuttle rough > loom"))
                let installed = try await client.emerge(["-1", "app-own/shuttle"])
                #expect(installed.succeeded, "\(installed.text)")
                let exact = try await client.run(
                    ["binpkg", "request", "--wait", "--accuracy", "exact", "--json", "app-own/loom"],
                    timeout: .seconds(600))
                #expect(exact.succeeded, "\(exact.text)\(service.process.log)")
                #expect(exact.stdout.contains(#""accuracy":"exact""#), "\(exact.text)")
            }
        }
    }
}
