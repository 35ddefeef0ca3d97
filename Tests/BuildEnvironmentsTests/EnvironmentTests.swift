import BinpkgModel
import Testing

@testable import BuildEnvironments

@Suite struct RootStampTests {
    private let before = Self.stamp("app-a/b-1 1763841000.0000000000\nlib-c/d-2 1763841001.0\ncounter 7\n")

    private static func stamp(_ lines: String) -> RootStamp {
        RootStamp(text: lines.split(separator: "\n").map { "= \($0)\n" }.joined() + "bash: line 1: Killed\n")
    }

    @Test func equalStampsAreNoChange() {
        let same = Self.stamp("counter 7\nlib-c/d-2 1763841001.0\napp-a/b-1 1763841000.0000000000\n")
        #expect(before.change(to: same) == nil)
    }

    @Test(arguments: [
        ("app-a/b-1 1763841000.0000000000\ncounter 7\n", "lib-c/d-2 changed"),
        ("app-a/b-1 1763841009.0\nlib-c/d-2 1763841001.0\ncounter 7\n", "app-a/b-1 changed"),
        ("app-a/b-1 1763841000.0000000000\nlib-c/d-2 1763841001.0\ncounter 8\n", "a package was merged"),
        ("app-a/b-1 1\nlib-c/d-2 2\nlib-c/-MERGING-e-3 5\ncounter 8\n", "lib-c/e-3 is being merged"),
        ("", "app-a/b-1, lib-c/d-2 changed"),
    ]) func everyChangeIsNamed(text: String, sentence: String) {
        #expect(before.change(to: Self.stamp(text)) == sentence)
    }
}

@Suite struct RefusalTests {
    @Test func everyRefusalIsSaid() {
        let away = ("desk", BuildError.unusableHost(reason: "no answer"))
        let other = ("own", BuildError.declined(reason: "another profile"))
        #expect(BuildJob.error(of: [other]) == .declined(reason: "another profile"))
        #expect(
            BuildJob.error(of: [away, other]) == .failed(reason: "desk: no answer; own: another profile"))
        #expect(
            BuildJob.error(of: [other, other])
                == .declined(reason: "own: another profile; own: another profile"))
    }
}

@Suite struct RootTests {
    @Test(arguments: [
        ("x86_64-pc-linux-gnu", "x86_64", true), ("i686-pc-linux-gnu", "x86_64", true),
        ("i486-pc-linux-gnu", "i686", true), ("aarch64-unknown-linux-gnu", "x86_64", false),
        ("armv7a-unknown-linux-gnueabihf", "armv7l", true), ("powerpc64le-unknown-linux-gnu", "ppc64le", true),
    ]) func processorsAreCompared(chost: String, machine: String, runs: Bool) {
        #expect(Processor.runs(chost, on: machine) == runs)
    }

    @Test func codeIsComparedWithTheProcessor() throws {
        let zen3 = try #require(Processor(march: "znver3"))
        let old = try #require(
            Processor(cpuinfo: "processor\t: 0\nflags\t\t: fpu lm cmov cx8 fxsr mmx syscall sse sse2\n"))
        for name in ["x86-64", "x86-64-v2", "x86-64-v3", "znver1", "znver2", "znver3", "core2", "i686"] {
            #expect(zen3.obstacle(march: name, native: nil) == nil, "\(name)")
        }
        #expect(old.obstacle(march: "x86-64", native: nil) == nil)
        let reason = try #require(zen3.obstacle(march: "x86-64-v4", native: nil))
        #expect(
            reason.hasSuffix("-march=x86-64-v4: it has no avx512bw avx512cd avx512dq avx512f avx512vl"), "\(reason)")
        #expect(old.obstacle(march: "x86-64-v2", native: nil)?.hasSuffix(" …") == true)
        #expect(zen3.obstacle(march: "znver9", native: nil)?.contains("not known") == true)
        #expect(zen3.obstacle(march: "native", native: nil)?.contains("nobody knows") == true)
        #expect(zen3.obstacle(march: "native", native: old) == nil)
        #expect(old.obstacle(march: "native", native: zen3) != nil)
        #expect(Processor.marches(in: "-O2 -march=znver3\t-pipe -march=native") == ["znver3", "native"])
        #expect(Processor(cpuinfo: "Features : fp asimd\n") == nil)
    }

    @Test func surveyIsRead() {
        let survey = HostFacts.parse(
            survey: """
                emerge /usr/bin
                has make.conf
                has package.use
                repositories [DEFAULT]
                repositories main-repo = x

                """)
        #expect(survey["emerge"] == ["/usr/bin"] && survey["has"] == ["make.conf", "package.use"])
        #expect(survey["repositories"] == ["[DEFAULT]", "main-repo = x"] && survey["python"] == nil)
    }

    @Test func sshGetsNoOptionOfAPath() async throws {
        let target = SSHTarget(
            host: "::1", port: 2222, user: "reader", identity: "/k", knownHosts: "/h")
        let command = try await target.mountCommand(at: "/place")
        #expect(command.suffix(2) == ["reader@[::1]:/", "/place"])
        let options = (command.dropFirst().first { $0.contains("IdentityFile") } ?? "").split(separator: ",")
        for option in ["ro", "kernel_cache", "StrictHostKeyChecking=yes", "BatchMode=yes", "port=2222"] {
            #expect(options.contains(Substring(option)), "\(option)")
        }
    }
}
