import BuildEnvironments
import Testing

@testable import BinpkgService

@Suite struct ConfigurationTests {
    @Test func valuesAreRead() throws {
        let settings = try ServiceConfiguration(
            text: """
                listen = "127.0.0.2:1"
                eprefix = "/gentoo"
                workers = 3
                path = ["/tools"]
                [limits]
                log_bytes = 5
                plan_bytes = 7
                """, file: "f")
        #expect(settings.host == "127.0.0.2" && settings.port == 1)
        #expect(settings.stateDirectory == "/gentoo/var/lib/portmanteau/binpkgd")
        #expect(
            settings.workers == 3 && settings.logBytes == 5 && settings.planBytes == 7 && settings.path == ["/tools"])
    }

    @Test func environmentsAreRead() throws {
        let settings = try ServiceConfiguration(
            text: """
                eprefix = "/gentoo"
                [[environment]]
                name = "own"
                source = "host"
                [[environment]]
                name = "plain"
                source = "stage3"
                tarball = "/s.tar.xz"
                [[environment]]
                name = "desk"
                source = "target"
                prefix = "/other"
                ssh = { host = "desk.example.org", user = "reader", identity = "/k", known_hosts = "/h" }
                """, file: "f")
        let target = SSHTarget(host: "desk.example.org", user: "reader", identity: "/k", knownHosts: "/h")
        #expect(
            settings.environments == [
                BuildEnvironment(name: "own", root: .host, eprefix: "/gentoo"),
                BuildEnvironment(name: "plain", root: .stage3(tarball: "/s.tar.xz"), eprefix: ""),
                BuildEnvironment(name: "desk", root: .target(target), eprefix: "/other"),
            ])
        let none = try ServiceConfiguration(text: "eprefix = \"/gentoo\"", file: "f")
        #expect(none.environments == [BuildEnvironment(name: "host", root: .host, eprefix: "/gentoo")])
    }

    @Test func whatNoBuildMaySeeIsCollected() throws {
        let ssh = "ssh = { host = \"h\", user = \"u\", identity = \"/keys/desk\", known_hosts = \"/h\" }"
        let settings = try ServiceConfiguration(
            text: """
                private_hosts = ["Mirror", "10.0.0.1"]
                [tls]
                certificate = "/c.pem"
                key = "/keys/tls"
                [signing]
                home = "/gpg"
                key = "0x1234567890ABCDEF"
                [limits]
                memory_files_bytes = 7
                [[environment]]
                name = "own"
                source = "host"
                [[environment]]
                name = "desk"
                source = "target"
                \(ssh)
                [[environment]]
                name = "again"
                source = "target"
                \(ssh)
                """, file: "f")
        #expect(settings.buildHost.secrets == ["/gpg", "/keys/tls", "/keys/desk"])
        #expect(settings.buildHost.privateHosts == ["mirror", "10.0.0.1"])
        #expect(settings.buildHost.limits.memoryFiles == 7)
        #expect(ServiceConfiguration().buildHost.secrets == [])
    }

    private static func target(host: String = "h", user: String = "u", identity: String = "/k") -> String {
        "source = \"target\"\n[environment.ssh]\nhost = \"\(host)\"\nuser = \"\(user)\"\nidentity = \"\(identity)\"\n"
            + "known_hosts = \"/h\""
    }

    @Test(arguments: [
        ("source = \"cloud\"", "must be \"host\", \"stage3\", \"directory\", \"image\" or \"target\", not 'cloud'"),
        ("source = \"stage3\"", "'tarball' must be the absolute path of an archive"),
        ("source = \"target\"", "needs a table 'ssh'"),
        ("source = \"host\"\nprefix = \"/x\"", "the prefix of this machine"),
        ("source = \"host\"\ncolour = 1", "unknown key"),
        ("source = \"host\"\n[[environment]]\nname = \"e\"\nsource = \"host\"", "must have a name of its own"),
        (ConfigurationTests.target(host: "-oProxyCommand=id"), "'ssh.host' must be a name or an address"),
        (ConfigurationTests.target(user: "a b"), "'ssh.user' must be the name of a user"),
        (ConfigurationTests.target(identity: "/k,rw"), "'ssh.identity' must be an absolute path"),
    ]) func mistakesInEnvironmentsAreSentences(text: String, sentence: String) {
        let whole = "[[environment]]\nname = \"e\"\n" + text
        let error = #expect(throws: ServiceError.self) { try ServiceConfiguration(text: whole, file: "binpkgd.toml") }
        let line = error?.description ?? ""
        #expect(line.hasPrefix("binpkgd.toml: ") && line.contains(sentence), "\(line)")
    }

    @Test(arguments: [
        ("workers = \"x\"", "'workers' must be a number"), ("colour = 1", "unknown key 'colour'"),
        ("workers = 0", "'workers' must be at least 1"), ("listen = \"7700\"", "'listen' must be ADDRESS:PORT"),
        ("state = \"relative\"", "'state' must be an absolute path"), ("a = = b", "line 1"),
        ("[limits]\nlog_bytes = \"x\"", "'limits.log_bytes' must be a number"),
        ("[limits]\nlogs = 1", "unknown key 'limits.logs'"),
        ("[limits]\nmemory_files_bytes = 0", "'limits.memory_files_bytes' must be at least 1"),
        ("private_hosts = [\"http://x/\"]", "'private_hosts' must be names and addresses of hosts"),
        ("[limits]\nburst = 0", "'limits.burst' must be at least 1"),
        ("[tls]\ncertificate = \"/c\"", "'tls.key' must be a text"),
        ("[tls]\ncertificate = \"c\"\nkey = \"/k\"", "'tls.certificate' must be an absolute path"),
    ]) func mistakesAreSentences(text: String, sentence: String) {
        let error = #expect(throws: ServiceError.self) { try ServiceConfiguration(text: text, file: "binpkgd.toml") }
        let line = error?.description ?? ""
        #expect(line.hasPrefix("binpkgd.toml: ") && line.contains(sentence), "\(line)")
    }

    @Test(arguments: [
        ("127.0.0.1", true), ("127.9.9.9", true), ("localhost", true), ("::1", true), ("0.0.0.0", false),
        ("192.168.0.1", false), ("127.evil.example.org", false), ("::", false), ("1270.0.0.1", false),
    ]) func onlyLoopbackIsListenedOn(host: String, isLoopback: Bool) async {
        var settings = ServiceConfiguration()
        settings.host = host
        #expect(settings.isLoopback == isLoopback)
        guard !isLoopback else { return }
        let error = await #expect(throws: ServiceError.self) { try await BinpkgServer.serve(settings) }
        let line = error?.description ?? ""
        #expect(line.contains("refusing to listen on") && line.contains("without TLS"), "\(line)")
    }
}
