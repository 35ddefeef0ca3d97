import AgentProtocol
import Glibc
import Posix
import Testbed
import Testing

@testable import PortageHook

@Suite struct PhaseTests {
    private let directory: ScratchDirectory
    private let temporary: String

    init() throws {
        directory = try ScratchDirectory()
        temporary = directory.path + "/tmp"
        try Files.makeDirectories(temporary)
    }

    private func arguments(_ category: String = "app-demo", _ pf: String = "x-1", _ more: [String] = []) -> [String] {
        [
            "PREFIX=\(directory.path)", "CATEGORY=\(category)", "PF=\(pf)", "PORTAGE_TMPDIR=\(temporary)",
            "EMERGE_FROM=ebuild", "MERGE_TYPE=source", "A=x-1.tar.xz", "DEPGRAPH=off",
        ] + more
    }

    /// A service's client of `code`, in place of the real one.
    private func client(_ code: String) throws {
        try directory.writeProgram("usr/libexec/portmanteau/portmanteau", "#!/bin/bash\n\(code)\n")
    }

    private func stage(_ outcome: StageState.Outcome = .staged, cpv: String = "app-demo/x-1") throws {
        let path = "\(temporary)/portmanteau/app-demo/x-1"
        try Files.makeDirectories(path + "/image")
        try Files.replace(path + "/state", with: Array(StageState(outcome: outcome, cpv: cpv, reason: "").text.utf8))
    }

    @Test func withoutServiceNothingIsAsked() throws {
        try client("[[ $1 != binpkg ]] || touch \(directory.path)/asked")
        let transcript = Transcript.belowEmerge()
        #expect(HookCommand.run(["setup"] + arguments(), in: transcript.context) == 0)
        #expect(transcript.output.isEmpty)
        #expect(transcript.lines.isEmpty)
        #expect(!Files.exists(directory.path + "/asked"))
    }

    @Test(arguments: [
        ["BINPKG_POLICY=off"], ["A="], ["MERGE_TYPE=buildonly"], ["EMERGE_FROM=binary", "MERGE_TYPE=binary"],
    ])
    func isNotAsked(_ more: [String]) throws {
        try client("[[ $1 != binpkg ]] || touch \(directory.path)/asked")
        let transcript = Transcript.belowEmerge()
        let all = arguments("app-demo", "x-1", ["BINPKG_SERVICE=http://127.0.0.1:1"] + more)
        _ = HookCommand.run(["setup"] + all, in: transcript.context)
        #expect(!Files.exists(directory.path + "/asked"))
    }

    @Test func aDeveloperWithEbuildIsNotAsked() throws {
        try client("[[ $1 != binpkg ]] || touch \(directory.path)/asked")
        let transcript = Transcript()
        transcript.ancestors = [
            .init(
                pid: 2, started: 20, arguments: ["/usr/bin/python3", "-b", "/usr/bin/ebuild", "x.ebuild", "compile"]),
            .init(pid: 1, started: 1, arguments: ["emerge", "x"]),
        ]
        _ = HookCommand.run(
            ["setup"] + arguments("app-demo", "x-1", ["BINPKG_SERVICE=http://127.0.0.1:1"]), in: transcript.context)
        #expect(!Files.exists(directory.path + "/asked"))
    }

    @Test func theClientGetsTheRequest() throws {
        try client("[[ $* == 'binpkg stage' ]] && cat >\(directory.path)/request; env >\(directory.path)/env; exit 1")
        let transcript = Transcript.belowEmerge()
        let all = arguments("app-demo", "x-1", ["BINPKG_SERVICE=http://127.0.0.1:1", "USE=a\nb $(c)"])
        _ = HookCommand.run(["setup"] + all, in: transcript.context)
        let request = SetupRequest(encoded: try Files.read(directory.path + "/request"))
        #expect(request["EMERGE_PID"] == "2")
        #expect(request["BINPKG_POLICY"] == "wait:auto")
        #expect(request["BINPKG_ACCURACY"] == "abi")
        #expect(request["USE"] == "a\nb $(c)")
        let environment = try Files.readText(directory.path + "/env")
        #expect(environment.contains("LANG=C.UTF-8"))
        #expect(environment.contains("PORTMANTEAU_PYTHON=/usr/bin/python3\n"))
        #expect(!environment.contains("USE="))
    }

    @Test func aDeadServiceIsNotAskedAgain() throws {
        try client("echo x >>\(directory.path)/asked; exit 75")
        let service = "http://127.0.0.1:1"
        let breaker = ServiceBreaker(directory: directory.path + "/run/portmanteau", service: service)
        breaker.noteAway("nobody there")
        let all = ["setup"] + arguments("app-demo", "x-1", ["BINPKG_SERVICE=\(service)"])
        let transcript = Transcript.belowEmerge()
        _ = HookCommand.run(all, in: transcript.context)
        #expect(
            transcript.lines == [
                "portmanteau: app-demo/x-1: service \(service) was away a moment ago (nobody there): building here"
            ])
        #expect(!Files.exists(directory.path + "/asked"))
        // Whoever wants nothing else gets another try.
        _ = HookCommand.run(all + ["BINPKG_POLICY=require"], in: Transcript.belowEmerge().context)
        #expect(try Files.readText(directory.path + "/asked") == "x\n")
        breaker.noteGood()
        _ = HookCommand.run(all, in: Transcript.belowEmerge().context)
        #expect(try Files.readText(directory.path + "/asked") == "x\nx\n")
    }

    @Test(arguments: ["kill -9 $$", "exit 3", "exit 0"])
    func aBrokenClientLeavesALocalBuild(_ code: String) throws {
        try client(code)
        let transcript = Transcript.belowEmerge()
        let all = arguments("app-demo", "x-1", ["BINPKG_SERVICE=http://127.0.0.1:1"])
        #expect(HookCommand.run(["setup"] + all, in: transcript.context) == 0)
        #expect(transcript.output.isEmpty)
        #expect(transcript.lines.count == 1)
        #expect(transcript.lines.first?.hasSuffix(": building here") == true)
    }

    @Test func requireDies() throws {
        try client("exit 1")
        let transcript = Transcript.belowEmerge()
        let all = arguments("app-demo", "x-1", ["BINPKG_SERVICE=http://127.0.0.1:1", "BINPKG_POLICY=require"])
        _ = HookCommand.run(["setup"] + all, in: transcript.context)
        #expect(transcript.output.hasPrefix("die 'portmanteau: app-demo/x-1: the service does not provide it"))
    }

    @Test(arguments: ["x\n-1", "$(touch /tmp/x)", "../x-1", "", "x'; touch /tmp/x; '"])
    func aHostileNameIsOneLineAndBuiltHere(_ pf: String) throws {
        try client("[[ $1 != binpkg ]] || touch \(directory.path)/asked")
        let transcript = Transcript.belowEmerge()
        let all = arguments("app-demo", pf, ["BINPKG_SERVICE=http://127.0.0.1:1"])
        _ = HookCommand.run(["setup"] + all, in: transcript.context)
        #expect(transcript.output.isEmpty)
        #expect(transcript.lines.count == 1)
        #expect(transcript.lines.first?.contains("\n") == false)
        #expect(!Files.exists(directory.path + "/asked"))
        _ = HookCommand.run(["unpack"] + all, in: transcript.context)
        #expect(transcript.output.isEmpty)
    }

    @Test func setupRemovesAnOlderStaging() throws {
        try stage()
        _ = HookCommand.run(["setup"] + arguments(), in: Transcript.belowEmerge().context)
        #expect(!Files.exists(temporary + "/portmanteau/app-demo/x-1"))
    }

    @Test func forgetRemovesOnlyWhatIsOurs() throws {
        try stage()
        _ = HookCommand.run(["forget"] + arguments(), in: Transcript().context)
        #expect(!Files.exists(temporary + "/portmanteau/app-demo/x-1"))
        let elsewhere = directory.path + "/elsewhere"
        try Files.makeDirectories(elsewhere + "/x-1")
        try Files.removeTree(temporary + "/portmanteau/app-demo")
        #expect(symlink(elsewhere, temporary + "/portmanteau/app-demo") == 0)
        _ = HookCommand.run(["forget"] + arguments(), in: Transcript().context)
        #expect(Files.exists(elsewhere + "/x-1"))
    }

    @Test func unpackAndInstallUseAStagedImage() throws {
        try stage()
        let transcript = Transcript()
        _ = HookCommand.run(["unpack"] + arguments(), in: transcript.context)
        #expect(transcript.output.hasPrefix("___pm_inject '\(temporary)/portmanteau/app-demo/x-1' || echo "))
        transcript.output = ""
        _ = HookCommand.run(["install"] + arguments(), in: transcript.context)
        #expect(transcript.output == "___pm_take '\(temporary)/portmanteau/app-demo/x-1'\n")
    }

    @Test func unpackTakesNothingOfAnotherPackageOrUser() throws {
        try stage(cpv: "app-demo/y-1")
        let transcript = Transcript()
        _ = HookCommand.run(["unpack"] + arguments(), in: transcript.context)
        #expect(transcript.output.isEmpty)
        #expect(transcript.lines.count == 1)
        try stage(.local)
        _ = HookCommand.run(["unpack"] + arguments(), in: transcript.context)
        #expect(transcript.output.isEmpty)
        try stage()
        #expect(chmod(temporary + "/portmanteau", 0o777) == 0)
        transcript.lines = []
        _ = HookCommand.run(["unpack"] + arguments(), in: transcript.context)
        #expect(transcript.output.isEmpty)
        #expect(transcript.lines.first?.contains("can be written by others") == true)
    }

    @Test func theOutermostOfEmergesForksCounts() throws {
        let arguments = ["/p/bin/python3", "/p/bin/emerge", "-1", "x"]
        let chain: [ProcessChain.Link] = [
            .init(pid: 9, started: 90, arguments: ["/bin/bash", "ebuild.sh", "setup"]),
            .init(pid: 8, started: 80, arguments: arguments), .init(pid: 7, started: 70, arguments: arguments),
            .init(pid: 6, started: 60, arguments: ["bash"]), .init(pid: 5, started: 50, arguments: arguments),
        ]
        let emerge = try #require(EmergeProcess(chain: chain))
        #expect(emerge.name == "7-70")
        #expect(emerge.python == "/p/bin/python3")
    }

    @Test func emergeIsFoundByItsArguments() {
        #expect(
            EmergeProcess.program(["/usr/bin/python3.11", "-b", "/usr/lib/python-exec/python3.11/emerge"]) == "emerge")
        #expect(EmergeProcess.program(["emerge -1 x"]) == "emerge")
        #expect(EmergeProcess.program(["/bin/bash", "/x/ebuild.sh", "setup"]) == "bash")
        #expect(EmergeProcess.program(["python3", "-c", "emerge"]) == "python3")
        #expect(EmergeProcess.program([]) == "")
    }

    @Test(arguments: [
        ("LANG=C.UTF-8", true), ("LANG=de_DE.utf8", true), ("LANG=C", false), ("LANG=de_DE@euro", false), ("A=", false),
        ("LC_ALL=en_US.UTF-8@x LANG=C", true), ("LC_CTYPE=en_US.UTF-8 LANG=C", true), ("LC_ALL=C LANG=C.UTF-8", false),
        ("LC_CTYPE=C.UTF-8 LANG=C", false), ("LC_CTYPE=C.UTF-8", false), ("LC_CTYPE=C.UTF-8 LC_TIME=C.UTF-8", true),
    ])
    func theLocaleDecidesTheCharacters(_ variables: String, _ expected: Bool) {
        let setup = SetupRequest(arguments: variables.split(separator: " ").map(String.init))
        #expect(GraphPicture.isUTF8(setup) == expected)
    }
}
