import Glibc
import Posix
import Testbed
import Testing

@testable import PortageHook

@Suite struct UserBashrcTests {
    private static let hooks = "/usr/share/portmanteau/hooks/bashrc"

    @Test(arguments: [
        nil, "", "\n", "a=1\n", "a=1", "a=1\n\n", "f() {\n  :\n}", "# portmanteau\n", "caf\u{e9}\r\n", "\u{0}x",
        "a\\\\\n",
    ])
    func disableGivesBackTheBytes(_ text: String?) {
        let file = UserBashrc(bytes: text.map { Array($0.utf8) })
        let enabled = file.enabled(hooks: Self.hooks)
        #expect(enabled.find(hooks: Self.hooks) != nil)
        #expect(!enabled.hasTextAfterLine(hooks: Self.hooks))
        #expect(enabled.enabled(hooks: Self.hooks) == enabled)
        #expect(enabled.disabled(hooks: Self.hooks) == file)
        #expect(file.disabled(hooks: Self.hooks) == file)
    }

    @Test func bytesThatAreNotTextAreKept() {
        let file = UserBashrc(bytes: [0xff, 0xfe, 0x0a, 0x80])
        #expect(file.enabled(hooks: Self.hooks).disabled(hooks: Self.hooks) == file)
    }

    @Test func whatTheUserAddsBehindTheLineStays() {
        var file = UserBashrc(bytes: nil).enabled(hooks: Self.hooks)
        file.bytes? += Array("later=1\n".utf8)
        #expect(file.hasTextAfterLine(hooks: Self.hooks))
        #expect(file.disabled(hooks: Self.hooks).bytes == Array("later=1\n".utf8))
    }

    @Test(arguments: [("a \\\n", true), ("a \\", true), ("a \\\\\n", false), ("a\n", false), ("", false)])
    func seesACommandThatGoesOn(_ text: String, _ expected: Bool) {
        #expect(UserBashrc(bytes: Array(text.utf8)).endsInContinuation == expected)
    }

    @Test func theLineSurvivesAHostilePrefix() throws {
        let directory = try ScratchDirectory()
        let hooks = try directory.write("it's $(touch x)/bashrc", "echo sourced\n")
        let line = UserBashrc.line(hooks: hooks, before: .ordinary)
        let result = try ChildProcess.run(
            "/bin/bash", ["-c", line], environment: [], deadline: .now.advanced(byMilliseconds: 20_000))
        #expect(String(decoding: result.output, as: UTF8.self) == "sourced\n")
    }
}

@Suite struct ManagementTests {
    private let directory: ScratchDirectory
    private var bashrc: String { directory.path + "/etc/portage/bashrc" }

    init() throws {
        directory = try ScratchDirectory()
        for name in [
            "usr/share/portmanteau/hooks/bashrc", "usr/libexec/portmanteau/portage-hook",
            "usr/libexec/portmanteau/portmanteau", "etc/portmanteau/hooks.conf",
        ] { try directory.write(name, "") }
    }

    private func run(_ arguments: String...) -> (code: Int32, transcript: Transcript) {
        let transcript = Transcript()
        return (HookCommand.run(arguments + ["--eprefix", directory.path], in: transcript.context), transcript)
    }

    @Test func enableKeepsModeAndOwner() throws {
        try directory.write("etc/portage/bashrc", "x=1", mode: 0o640)
        if getuid() == 0 { #expect(chown(bashrc, 250, 251) == 0) }
        let before = try #require(Files.status(bashrc))
        #expect(run("enable").code == 0)
        #expect(run("enable").transcript.output.contains("already"))
        let after = try #require(Files.status(bashrc))
        #expect(after.mode == before.mode)
        #expect(after.owner == before.owner)
        #expect(try Files.readText(bashrc).hasPrefix("x=1\n[[ "))
        #expect(run("status").code == 0)
        #expect(run("disable").code == 0)
        #expect(try Files.readText(bashrc) == "x=1")
        #expect(try #require(Files.status(bashrc)).owner == before.owner)
    }

    @Test func aFileMadeForTheLineGoesWithIt() throws {
        #expect(run("enable").code == 0)
        #expect(Files.exists(bashrc))
        #expect(run("disable").code == 0)
        #expect(!Files.exists(bashrc))
    }

    @Test func aLinkStaysALink() throws {
        let target = try directory.write("dotfiles/bashrc", "a=1\n")
        try Files.makeDirectories(directory.path + "/etc/portage")
        #expect(symlink(target, bashrc) == 0)
        #expect(run("enable").code == 0)
        #expect(try #require(Files.status(bashrc)).isLink)
        #expect(try Files.readText(target).contains("portmanteau"))
    }

    @Test func refusesWhatItCannotEdit() throws {
        try Files.makeDirectories(bashrc)
        let result = run("enable")
        #expect(result.code == 2)
        #expect(result.transcript.lines.first?.contains("is not a regular file") == true)
        try Files.removeTree(bashrc)
        try directory.write("etc/portage/bashrc", "x \\\n")
        #expect(run("enable").code == 2)
        #expect(try Files.readText(bashrc) == "x \\\n")
        #expect(run("enable", "--frobnicate").code == 2)
    }

    @Test func statusSeesWhatIsInTheWay() throws {
        try directory.write("etc/portage/bashrc", "[[ $PN == x ]] && return\nf() {\n  return 1\n}\n")
        try directory.write("etc/portage/env/app-demo/x", "pre_pkg_setup() { :; }\nfunction src_install {\n:\n}\n")
        try directory.write("etc/portmanteau/hooks.conf", "NONSENSE=1\n")
        _ = run("enable")
        let (code, transcript) = run("status")
        #expect(code == 1)
        #expect(transcript.output.contains("bashrc line 1 may end"))
        #expect(!transcript.output.contains("line 3 may end"))
        #expect(transcript.output.contains("env/app-demo/x replaces pre_pkg_setup, src_install"))
        #expect(transcript.output.contains("unknown key `NONSENSE`"))
        let json = run("status", "--json").transcript.output
        #expect(json.hasPrefix("{\"enabled\":true,"))
        #expect(json.contains("\"earlyEnds\":[1]"))
        #expect(json.contains("\"functions\":[\"pre_pkg_setup\",\"src_install\"]"))
    }
}
