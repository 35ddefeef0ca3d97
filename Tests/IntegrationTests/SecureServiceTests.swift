import Posix
import Testbed
import Testing

/// A service that other machines can reach: TLS, an authority of its own, tokens.
@Suite struct SecureServiceTests {
    private static let certificates = """
        set -eu
        mkdir -p "$1" && cd "$1"
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -keyout ca.key -out ca.pem \
            -subj '/CN=Our authority'
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out request -subj '/CN=builder'
        printf 'subjectAltName=IP:127.0.0.1' > extension
        openssl x509 -req -in request -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out certificate.pem \
            -extfile extension
        chmod 600 key.pem
        """

    private func token(_ server: Machine, _ arguments: [String]) async throws -> Output {
        try await server.run([server.prefix + "/usr/bin/binpkgd", "token"] + arguments)
    }

    /// Emerges app-demo/hello anew; the output and whether it was compiled.
    private func emerge(_ machine: Machine) async throws -> (text: String, isCompiled: Bool) {
        let output = try await machine.emerge(["--oneshot", "app-demo/hello"])
        #expect(output.succeeded, "\(output.text)")
        return (output.text, output.text.contains("\n>>> Compiling source"))
    }

    /// Ends an emerge where it begins to build here, as `BUILD=no` wants.
    private static let ending = "pre_src_unpack() { [[ ${BUILD-} != no ]] || die \"it is built here\"; }\n"

    /// The same, up to the moment where it is built here.
    private func begin(_ machine: Machine) async throws -> (text: String, isCompiled: Bool) {
        let output = try await machine.emerge(["--oneshot", "app-demo/hello"], environment: ["BUILD": "no"])
        return (output.text, !output.succeeded && output.text.contains("it is built here"))
    }

    /// A token that has expired, and one that nobody knows: with the agent, and in plans.
    private func endedTokens(_ server: Machine, _ machine: Machine) async throws {
        let added = try await token(server, ["add", "old", "--expires", "1"])
        let old = added.stdout.filter { !$0.isWhitespace }
        let expiry = """
            import sqlite3, sys
            with sqlite3.connect(sys.argv[1], timeout=60) as store:
                store.execute("UPDATE token SET expires = 1 WHERE name = 'old'")
            """
        let changed = try await server.run([
            "/usr/bin/python3", "-c", expiry, server.prefix + "/var/lib/portmanteau/binpkgd/store.sqlite",
        ])
        try #require(changed.succeeded, "\(changed.text)")
        try await Task.sleep(for: .milliseconds(1100))
        let agent = try await machine.startAgent()
        for (text, line) in [
            (old, "the token cannot be used: it has expired"), ("pmt_wrong", "this service does not know it"),
        ] {
            try machine.write("etc/portmanteau/token", text + "\n", mode: 0o600)
            let built = try await emerge(machine)
            let lines = built.text.split(separator: "\n").filter { $0.hasSuffix(": building here") }
            #expect(built.isCompiled && lines.count == 1 && lines[0].contains(line), "\(built.text)")
            #expect(!built.text.contains(text) && !agent.log.contains(text), "\(agent.log)")
            let strict = try await machine.emerge(
                ["--oneshot", "app-demo/hello"], environment: ["BINPKG_POLICY": "require"])
            #expect(!strict.succeeded && strict.text.contains(line), "\(strict.text)")
            #expect(!strict.text.contains(">>> Compiling source"))
            for command in [["plan"], ["emerge"], ["emerge", "--require"]] {
                let refused = try await machine.run(["binpkg"] + command + ["--oneshot", "app-demo/hello"])
                #expect(refused.exitCode == 2 && refused.stdout.isEmpty, "\(refused.text)")
                let said = refused.stderr.split(separator: "\n")
                #expect(said.count == 1 && said[0].contains(line), "\(refused.text)")
            }
        }
        try await agent.stop()
        try Files.removeTree(machine.path("run/portmanteau"))
    }

    @Test func aPackageComesOverTLSWithATokenAndWithoutOneItIsBuilt() async throws {
        let testbed = try await Testbed.shared()
        try await testbed.withMachine("secure-service") { server in
            try await server.installPortmanteau(enable: false)
            let place = server.prefix + "/etc/portmanteau/tls"
            let made = try await server.run(["bash", "-c", Self.certificates, "certificates", place])
            try #require(made.succeeded, "\(made.text)")
            let settings = "[tls]\ncertificate = \"\(place)/certificate.pem\"\nkey = \"\(place)/key.pem\""

            // Without a token it does not start; without TLS neither.
            try server.write(
                "etc/portmanteau/binpkgd.toml",
                "listen = \"0.0.0.0:0\"\nstate = \"\(server.prefix)/var/lib/portmanteau/binpkgd\"\n\(settings)\n")
            let refused = try await server.run([server.prefix + "/usr/bin/binpkgd", "serve"])
            #expect(refused.exitCode == 2)
            #expect(refused.text.contains("refusing to listen on 0.0.0.0:0, beyond this machine, without a token"))

            let good = try await token(server, ["add", "desk", "--expires", "30"])
            try #require(good.succeeded, "\(good.text)")
            let service = try await server.startService(settings: settings, address: "0.0.0.0", isSecure: true)
            do {
                try await testbed.withMachine("secure-client") { machine in
                    try machine.write("etc/portage/bashrc", Self.ending)
                    try await machine.installPortmanteau()
                    try machine.useService(service.url)
                    let secret = good.stdout.filter { !$0.isWhitespace }

                    // It is not known who vouches for the service.
                    try machine.write("etc/portmanteau/token", secret + "\n", mode: 0o600)
                    let stranger = try await emerge(machine)
                    #expect(stranger.isCompiled && stranger.text.contains("not from an authority that is known here"))
                    try machine.write("etc/portmanteau/ca.pem", server.read("etc/portmanteau/tls/ca.pem"))
                    try Files.removeTree(machine.path("run/portmanteau"))

                    let served = try await emerge(machine)
                    #expect(!served.isCompiled, "\(served.text)")
                    #expect(!served.text.contains(secret) && !service.process.log.contains(secret))

                    // Another token, no token, and one that others can read: one line, and a local build.
                    for (text, mode, line) in [
                        ("pmt_wrong", 0o600, "the token cannot be used: this service does not know it"),
                        ("", 0o600, "this service wants a token"), (secret, 0o644, "closed to others (mode 0600)"),
                    ] as [(String, UInt32, String)] {
                        try machine.write("etc/portmanteau/token", text + "\n", mode: mode)
                        let built = try await begin(machine)
                        #expect(built.isCompiled && built.text.contains(line), "\(built.text)")
                        #expect(!built.text.contains(secret))
                    }

                    try await endedTokens(server, machine)

                    // A token that is revoked while the service runs.
                    let revoked = try await token(server, ["revoke", "desk"])
                    #expect(revoked.succeeded)
                    let listed = try await token(server, ["list"])
                    // How long ago that was depends on how busy the machine is.
                    #expect(listed.stdout.contains("desk  request  domain default  revoked  used "), "\(listed.text)")
                    try await Task.sleep(for: .milliseconds(1100))
                    try machine.write("etc/portmanteau/token", secret + "\n", mode: 0o600)
                    let late = try await begin(machine)
                    #expect(late.isCompiled && late.text.contains("it was revoked"), "\(late.text)")
                }
            } catch {
                try await service.stop()
                throw error
            }
            try await service.stop()
        }
    }
}
