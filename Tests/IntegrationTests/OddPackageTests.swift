import Posix
import Testbed
import Testing

/// Packages that are built like all others and come to another end: tests that fail, binaries that may not be passed on,
/// and files with uncommon names and holes.
@Suite struct OddPackageTests {
    /// What a file with a hole has of it. `make soak` takes more than tar's first format can count.
    private static let hole = ProcessEnvironment.variable("PORTMANTEAU_SOAK") == nil ? 64 << 20 : 9 << 30

    private static let ebuilds: [String: String] = [
        "tests": #"""
        S=${WORKDIR}
        IUSE="test"
        RESTRICT="!test? ( test )"
        src_test() { die "two and two are five"; }
        """#,
        "closed": #"""
        S=${WORKDIR}
        IUSE="+closed"
        RESTRICT="closed? ( bindist )"
        """#,
        "files": #"""
        SRC_URI="https://example.org/distfiles/hello-1.0.tar.xz"
        S=${WORKDIR}/hello-1.0
        src_install() {
            local odd=${ED}/usr/share/odd long
            long=$(printf 'n%.0s' {1..200})
            mkdir -p "${odd}/${long}" || die
            echo long > "${odd}/${long}/${long}" || die
            echo latin > "${odd}/"$'caf\xe9' || die
            truncate -s \#(hole) "${odd}/sparse" || die
            echo end >> "${odd}/sparse" || die
        }
        """#,
    ]

    private func addPackages(to machine: Machine) async throws {
        try machine.addOwnRepository(categories: ["app-odd"])
        for (name, text) in Self.ebuilds {
            try machine.write(
                "repo/app-odd/\(name)/\(name)-1.ebuild",
                "EAPI=8\nDESCRIPTION=\"Odd\"\nSLOT=\"0\"\nKEYWORDS=\"amd64 arm64\"\n\(text)\n")
        }
        let copied = try await machine.run([
            "cp", machine.testbed.repository + "/app-demo/hello/Manifest", machine.prefix + "/repo/app-odd/files/",
        ])
        #expect(copied.succeeded, "\(copied.text)")
    }

    @Test func theyComeToTheirEnd() async throws {
        let testbed = try await Testbed.shared()
        try await testbed.withMachine("odd-service") { server in
            try await testbed.withMachine("odd-desk") { desk in
                for machine in [server, desk] {
                    try await machine.installPortmanteau(enable: false)
                    try await addPackages(to: machine)
                }
                let service = try await server.startService(settings: "[[binhost]]\nname = \"main\"")
                do {
                    let client = ServiceClient(machine: desk, url: service.url)

                    // Answered, and not published; the reason is the only one.
                    let closed = try await client.ask("app-odd/closed-1")
                    #expect(closed.value("state") == "ready", "\(closed.text)")
                    let reason = "it may not be passed on in binary form (RESTRICT=bindist)"
                    #expect(await service.process.waitForLog(reason, timeout: .seconds(120)))
                    #expect(!service.process.log.contains("\(reason);"), "\(service.process.log)")

                    let configuration = try desk.read("etc/portage/make.conf")
                    try desk.append("etc/portage/make.conf", "\nFEATURES=\"test\"\n")
                    let tests = try await client.ask("app-odd/tests-1")
                    #expect(tests.value("state") == "failed", "\(tests.text)")
                    let message = tests.value("message") ?? ""
                    #expect(message.contains("failed (test phase): two and two are five"), "\(message)")
                    try desk.write("etc/portage/make.conf", configuration)

                    let hook = desk.prefix + "/usr/libexec/portmanteau/portage-hook"
                    #expect(try await desk.run([hook, "enable", "--eprefix", desk.prefix]).succeeded)
                    try desk.useService(service.url)
                    try await filesAreMerged(on: desk)
                    // Holes take no room in a package.
                    let state = server.path("var/lib/portmanteau/binpkgd")
                    for file in try Files.list(state + "/artifacts") {
                        #expect(Files.status("\(state)/artifacts/\(file)").map { $0.size < Self.hole >> 6 } == true)
                    }
                } catch {
                    try await service.stop()
                    throw error
                }
                #expect(try await service.stop() == 0, "\(service.process.log)")
            }
        }
    }

    /// The service's package gives the files that a build here gives.
    private func filesAreMerged(on desk: Machine) async throws {
        let time = Duration.seconds(1800)
        let merged = try await desk.emerge(["-1", "app-odd/files"], timeout: time)
        #expect(merged.succeeded, "\(merged.text)")
        #expect(!merged.text.contains("\n>>> Compiling source"), "\(merged.text)")
        let files = try await desk.files(of: "app-odd/files-1")
        let local = try await desk.emerge(
            ["-1", "app-odd/files"], environment: ["BINPKG_POLICY": "off"], timeout: time)
        #expect(local.succeeded && local.text.contains("\n>>> Compiling source"), "\(local.text)")
        #expect(try await desk.files(of: "app-odd/files-1") == files)
        let long = String(repeating: "n", count: 200)
        #expect(files.contains { $0.contains("/odd/\(long)/\(long) 100644 ") }, "\(files)")
        #expect(files.contains { $0.contains("/odd/sparse 100644 0:0 1 \(Self.hole + 4) ") }, "\(files)")
        #expect(files.contains { $0.contains("/odd/caf") }, "\(files)")
    }
}
