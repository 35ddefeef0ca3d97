import Testbed
import Testing

@testable import PortageHook

@Suite struct HooksConfigurationTests {
    @Test func readsEveryKey() {
        var configuration = HooksConfiguration()
        let messages = configuration.read(
            """
            # a comment
            BINPKG_SERVICE="http://build.example.org:7700"   # quoted
            BINPKG_POLICY=wait:1h30m # a comment
              BINPKG_ACCURACY = 'exact'
            DEPGRAPH=ascii\r
            DEPGRAPH_SIZE=100x20
            DISTCC_GUARD=off

            """, source: "hooks.conf")
        #expect(messages.isEmpty)
        #expect(configuration.service == "http://build.example.org:7700")
        #expect(configuration.policy == .wait(seconds: 5400))
        #expect(configuration.accuracy == .exact)
        #expect(configuration.graph == .ascii)
        #expect(configuration.graphSize == .init(width: 100, height: 20))
        #expect(configuration.distccGuard == .off)
    }

    @Test func anUnknownKeyIsOneLineAndIgnored() {
        var configuration = HooksConfiguration()
        let messages = configuration.read("FOO=bar\nDEPGRAPH=off\n", source: "/etc/portmanteau/hooks.conf")
        #expect(messages == ["/etc/portmanteau/hooks.conf line 1: unknown key `FOO` (ignored)"])
        #expect(configuration.graph == .off)
    }

    @Test(arguments: [
        "BINPKG_SERVICE=ftp://x", "BINPKG_SERVICE=http://a b", "BINPKG_POLICY=maybe", "BINPKG_POLICY=wait:",
        "BINPKG_POLICY=wait:5x", "BINPKG_POLICY=wait:99999999999999999999", "BINPKG_ACCURACY=near", "DEPGRAPH=on",
        "DEPGRAPH_SIZE=80", "DEPGRAPH_SIZE=5x5", "DEPGRAPH_SIZE=-80x14", "no assignment", "DEPGRAPH=\"auto", "=x",
        "DISTCC_GUARD=on",
    ])
    func aBadLineChangesNothing(_ line: String) {
        var configuration = HooksConfiguration()
        #expect(configuration.read(line, source: "f").count == 1)
        #expect(configuration == HooksConfiguration())
    }

    @Test func messagesStayOneLine() {
        var configuration = HooksConfiguration()
        let messages = configuration.read("A\u{1b}[31mB=1\nX\u{0}=2", source: "f\ng")
        #expect(messages.count == 2)
        #expect(messages.allSatisfy { !$0.contains("\n") && !$0.contains("\u{1b}") && !$0.contains("\u{0}") })
    }

    @Test func randomBytesAreRead() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<500 {
            let bytes = (0..<200).map { _ in UInt8.random(in: 0...127, using: &generator) }
            var configuration = HooksConfiguration()
            _ = configuration.read(String(decoding: bytes, as: UTF8.self), source: "f")
        }
    }

    @Test(arguments: [
        ("off", BinpkgPolicy.off), ("ready", .ready), ("wait:auto", .waitAuto), ("require", .require),
        ("wait:90", .wait(seconds: 90)), ("wait:10m", .wait(seconds: 600)), ("wait:2h", .wait(seconds: 7200)),
    ])
    func policies(_ text: String, _ policy: BinpkgPolicy) {
        #expect(BinpkgPolicy(text) == policy)
        #expect(BinpkgPolicy(policy.text) == policy)
    }

    @Test func variablesOfThePhaseCountOnlyInSourceBuilds() throws {
        let directory = try ScratchDirectory()
        try directory.write("etc/portmanteau/hooks.conf", "DEPGRAPH=ascii\nBINPKG_POLICY=ready\n")
        let arguments = ["PREFIX=\(directory.path)", "DEPGRAPH=off", "BINPKG_SERVICE=https://example.org"]
        let source = try #require(PhaseRequest(arguments + ["EMERGE_FROM=ebuild"]))
        #expect(source.configuration.graph == .off)
        #expect(source.configuration.service == "https://example.org")
        #expect(source.configuration.policy == .ready)
        let binary = try #require(PhaseRequest(arguments + ["EMERGE_FROM=binary"]))
        #expect(binary.configuration.graph == .ascii)
        #expect(binary.configuration.service == nil)
    }
}
