import AgentProtocol
import Posix
import Testbed
import Testing

@testable import PortageHook

@Suite struct NeverAskedTests {
    private func package(_ more: [String: String] = [:]) -> SetupRequest {
        SetupRequest(fields: ["CATEGORY": "app-demo", "PN": "hello", "PF": "hello-1.0"].merging(more) { $1 })
    }

    @Test func theUsualOnes() {
        let usual = NeverAsked.usual
        #expect(usual.text == "acct-*/* virtual/* @live @kernel-modules @bindist")
        #expect(NeverAsked(usual.text) == usual)
        #expect(usual.word(for: package()) == nil)
        #expect(usual.word(for: package(["CATEGORY": "acct-user"])) == "acct-*/*")
        #expect(usual.word(for: package(["CATEGORY": "virtual"])) == "virtual/*")
        #expect(usual.word(for: package(["PORTAGE_PROPERTIES": "interactive live"])) == "@live")
        #expect(usual.word(for: package(["PF": "hello-9999"])) == "@live")
        #expect(usual.word(for: package(["INHERITED": "toolchain-funcs linux-mod-r1"])) == "@kernel-modules")
        #expect(usual.word(for: package(["INHERITED": "linux-info"])) == nil)
        #expect(usual.word(for: package(["PORTAGE_RESTRICT": "mirror bindist"])) == "@bindist")
    }

    @Test(arguments: [
        ("*/*", true), ("app-demo/hello", true), ("app-*/h*o", true), ("app-demo/hell", false), ("*/hello-*", false),
        ("app-demo/*x*", false), ("*/*l*l*", true), ("", false),
    ])
    func patterns(_ text: String, _ expected: Bool) throws {
        #expect(try #require(NeverAsked(text)).word(for: package()) == (expected ? text : nil))
    }

    @Test(arguments: ["hello", "@all", "a/b/c", "a/", "/b", "a/$(b)"])
    func whatCannotBeMeantIsRefused(_ text: String) {
        #expect(NeverAsked(text) == nil)
        var configuration = HooksConfiguration()
        #expect(configuration.set("BINPKG_NEVER", text)?.contains("BINPKG_NEVER") == true)
        #expect(configuration.never == .usual)
    }

    /// The same reasons hold inside emerge and in plans.
    @Test func whySomethingIsNotAskedFor() {
        var configuration = HooksConfiguration()
        let setup = package(["PORTAGE_PROPERTIES": "live"])
        #expect(configuration.refusal(of: setup) == "BINPKG_SERVICE is `off`")
        #expect(configuration.set("BINPKG_SERVICE", "http://127.0.0.1:1") == nil)
        #expect(
            configuration.refusal(of: setup) == "BINPKG_NEVER has @live: a live ebuild, whose sources change")
        #expect(configuration.refusal(of: package()) == nil)
        #expect(configuration.set("BINPKG_NEVER", "app-demo/*") == nil)
        #expect(configuration.refusal(of: setup) == "BINPKG_NEVER has app-demo/*")
        #expect(configuration.set("BINPKG_NEVER", "") == nil)
        #expect(configuration.refusal(of: setup) == nil)
        #expect(configuration.set("BINPKG_POLICY", "off") == nil)
        #expect(configuration.refusal(of: setup) == "BINPKG_POLICY is `off`")
    }

    @Test func setupDoesNotAsk() throws {
        let directory = try ScratchDirectory()
        try directory.writeProgram(
            "usr/libexec/portmanteau/portmanteau", "#!/bin/bash\necho x >>\(directory.path)/asked; exit 1\n")
        func setUp(_ more: [String]) {
            let arguments = [
                "setup", "PREFIX=\(directory.path)", "CATEGORY=app-demo", "PN=x", "PF=x-1",
                "PORTAGE_TMPDIR=\(directory.path)", "EMERGE_FROM=ebuild", "MERGE_TYPE=source", "A=x.tar",
                "DEPGRAPH=off",
                "BINPKG_SERVICE=http://127.0.0.1:1",
            ]
            _ = HookCommand.run(arguments + more, in: Transcript.belowEmerge().context)
        }
        setUp(["PORTAGE_RESTRICT=bindist"])
        #expect(!Files.exists(directory.path + "/asked"))
        setUp(["PORTAGE_RESTRICT=bindist", "BINPKG_NEVER=virtual/*"])
        #expect(Files.exists(directory.path + "/asked"))
    }
}
