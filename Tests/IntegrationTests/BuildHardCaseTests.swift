import Posix
import Testbed
import Testing

/// Packages that cannot be built, each for another reason: the answer names it, and the service goes on.
@Suite struct BuildHardCaseTests {
    private static let ebuilds: [String: String] = [
        // Two that need each other, and one that needs another only with a flag.
        "app-hard/wants-ring-1": #"DEPEND="app-hard/ring-a""#,
        "app-hard/ring-a-1": #"DEPEND="app-hard/ring-b""#, "app-hard/ring-b-1": #"DEPEND="app-hard/ring-a""#,
        "app-hard/wants-boot-1": #"DEPEND="app-hard/boot""#,
        "app-hard/boot-1": "IUSE=\"+full\"\nDEPEND=\"full? ( app-hard/boot-tool )\"",
        "app-hard/boot-tool-1": #"DEPEND="app-hard/boot""#,
        // A dependency that fails, one that nobody may use, one that is not there, and a flag that is off.
        "app-hard/wants-failure-1": #"DEPEND="app-hard/failure""#,
        "app-hard/failure-1": #"src_install() { die "as was to be expected"; }"#,
        "app-hard/wants-licence-1": #"DEPEND="app-hard/closed""#, "app-hard/closed-1": #"LICENSE="no-licence""#,
        "app-hard/wants-nothing-1": #"DEPEND="app-hard/nowhere""#,
        "app-hard/wants-flag-1": #"DEPEND="app-hard/boot[-full]""#,
        // Two versions of a library that cannot be installed side by side are needed at once.
        "app-hard/library-1": #"SLOT="0/1""#, "app-hard/library-2": #"SLOT="0/2""#,
        "app-hard/old-user-1": #"RDEPEND="<app-hard/library-2""#,
        "app-hard/wants-both-1": #"DEPEND="app-hard/old-user >=app-hard/library-2""#,
        // Tools that a processor here cannot run: one that is built with, and one of its own that Python starts.
        "app-hard/newer-1": "\(illegal)\nsrc_install() { dobin newer; }",
        "app-hard/wants-newer-1": #"BDEPEND="app-hard/newer"\#nsrc_compile() { newer || die "no answer"; }"#,
        "app-hard/own-newer-1": illegal
            + #"\#nsrc_test() { :; }\#nsrc_install() { python3 -c 'import subprocess as s; s.check_call("./newer")' || die; }"#,
        // What is used to a network while it is built.
        "app-hard/online-1": #"""
        RESTRICT="network-sandbox"
        src_compile() { python3 -c 'import socket; socket.create_connection(("192.0.2.1", 80), 2)' || die "no answer"; }
        """#,
        // What says of itself that its sources move.
        "app-hard/moving-1": #"PROPERTIES="live""#,
    ]

    /// Compiles a program whose only instruction no processor has.
    private static let illegal = #"""
        src_compile() {
            local code="ud2"
            [[ ${CHOST} == x86_64-* ]] || code=".inst 0"
            echo "int main(void) { __asm__(\"${code}\"); return 0; }" > newer.c || die
            ${CC:-gcc} newer.c -o newer || die
        }
        """#

    /// What is asked for, and words of the answer.
    private static let refused: [(cpv: String, words: [String])] = [
        ("app-hard/wants-ring-1", ["circular"]), ("app-hard/wants-boot-1", ["circular"]),
        ("app-hard/wants-failure-1", ["as was to be expected"]), ("app-hard/wants-licence-1", ["licen"]),
        ("app-hard/wants-nothing-1", ["no repository of the environment 'host' has an ebuild of app-hard/nowhere"]),
        ("app-hard/wants-flag-1", ["USE"]),
        ("app-hard/wants-both-1", ["slot conflict", "app-hard/library"]),
        ("app-hard/wants-newer-1", ["seems to need a processor feature that this builder lacks", "no answer"]),
        ("app-hard/own-newer-1", ["seems to need a processor feature that this builder lacks"]),
        ("app-hard/online-1", ["no answer; it may want the network (RESTRICT=network-sandbox)"]),
        ("app-hard/moving-1", ["not built for others", "(PROPERTIES=live)"]),
    ]

    /// The asking machine has a compiler that the service has not.
    @Test func lessThanWasAskedForIsNotBuilt() async throws {
        let testbed = try await Testbed.shared()
        try await testbed.withMachine("less-service") { server in
            try await testbed.withMachine("less-desk") { desk in
                for machine in [server, desk] { try await machine.installPortmanteau(enable: false) }
                try desk.addOwnRepository(categories: ["sys-devel"])
                try desk.write(
                    "repo/sys-devel/gcc/gcc-14.1.ebuild",
                    "EAPI=8\nDESCRIPTION=\"Named so\"\nSLOT=\"14\"\nKEYWORDS=\"amd64 arm64\"\nS=${WORKDIR}\n")
                let merged = try await desk.emerge(["-1", "sys-devel/gcc"])
                #expect(merged.succeeded, "\(merged.text)")
                let service = try await server.startService()
                do {
                    let client = ServiceClient(machine: desk, url: service.url)
                    let exact = try await client.ask("app-demo/hello-1.0", accuracy: "exact")
                    #expect(exact.value("state") == "declined", "\(exact.text)")
                    #expect(
                        exact.value("message")
                            == "not built: it would only be abi, and exact was asked for: sys-devel/gcc 14.1 \\u2260 none",
                        "\(exact.text)")
                    let log = try server.read(
                        "var/lib/portmanteau/binpkgd/logs/\(exact.value("id") ?? "").log")
                    #expect(!log.contains("== build:"), "\(log)")
                    let abi = try await client.ask("app-demo/hello-1.0")
                    #expect(abi.value("state") == "ready" && abi.value("accuracy") == "abi", "\(abi.text)")
                    #expect(abi.text.contains("sys-devel/gcc 14.1"), "\(abi.text)")
                } catch {
                    try await service.stop()
                    throw error
                }
                #expect(try await service.stop() == 0, "\(service.process.log)")
            }
        }
    }

    @Test func whatCannotBeBuiltIsSaid() async throws {
        let testbed = try await Testbed.shared()
        try await testbed.withMachine("hard-service") { server in
            try await testbed.withMachine("hard-desk") { desk in
                for machine in [server, desk] {
                    try await machine.installPortmanteau(enable: false)
                    try machine.addOwnRepository(categories: ["app-hard"])
                    try machine.write("repo/licenses/no-licence", "No.\n")
                    for (cpv, text) in Self.ebuilds {
                        let name = cpv.dropLast(2)
                        try machine.write(
                            "repo/\(name)/\(cpv.split(separator: "/")[1]).ebuild",
                            "EAPI=8\nDESCRIPTION=\"Hard\"\nSLOT=\"0\"\nKEYWORDS=\"amd64 arm64\"\nS=${WORKDIR}\n\(text)\n"
                        )
                    }
                }
                try server.append("etc/portage/make.conf", "\nACCEPT_LICENSE=\"* -no-licence\"\n")
                let before = try server.installedPackages()
                let service = try await server.startService()
                do {
                    let client = ServiceClient(machine: desk, url: service.url)
                    for (cpv, words) in Self.refused {
                        let reply = try await client.ask(cpv)
                        #expect(["failed", "declined"].contains(reply.value("state") ?? ""), "\(cpv): \(reply.text)")
                        for word in words { #expect(reply.text.contains(word), "\(cpv): \(reply.text)") }
                        #expect(reply.package == nil)
                    }
                    let good = try await client.ask("app-demo/hello-1.0")
                    #expect(good.value("state") == "ready", "\(good.text)")
                } catch {
                    try await service.stop()
                    throw error
                }
                #expect(try await service.stop() == 0, "\(service.process.log)")
                // No package came of the others, not even of what one of them was built with.
                #expect(try Files.list(server.path("var/lib/portmanteau/binpkgd/artifacts")).count == 1)
                // Nothing of this was written to the configuration, and nothing was installed.
                #expect(try server.installedPackages() == before)
                #expect(try Files.list(server.path("etc/portage")).allSatisfy { !$0.hasPrefix("._cfg") })
            }
        }
    }
}
