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
            #expect(zen3.obstacle(to: ["-march=\(name)"]) == nil, "\(name)")
        }
        #expect(old.obstacle(to: ["-march=x86-64"]) == nil)
        let reason = try #require(zen3.obstacle(to: ["-march=x86-64-v4"]))
        #expect(
            reason.hasSuffix("-march=x86-64-v4: it has no avx512bw avx512cd avx512dq avx512f avx512vl"), "\(reason)")
        #expect(old.obstacle(to: ["-march=x86-64-v2"])?.hasSuffix(" …") == true)
        #expect(zen3.obstacle(to: ["-march=znver9"])?.contains("not known") == true)
        #expect(zen3.obstacle(to: ["-march=native"])?.contains("nobody knows") == true)
        #expect(zen3.obstacle(to: ["-march=native"], native: old) == nil)
        #expect(old.obstacle(to: ["-march=native"], native: zen3) != nil)
        #expect(old.obstacle(to: ["-march=znver3 -mno-vaes"], native: zen3) != nil)
        let virtual = try #require(
            Processor(cpuinfo: "flags : \(zen3.flags.subtracting(["vaes"]).joined(separator: " "))"))
        #expect(virtual.obstacle(to: ["-march=znver3"])?.hasSuffix("-march=znver3: it has no vaes") == true)
        #expect(virtual.obstacle(to: ["-march=znver3 -mno-vaes"]) == nil)
        #expect(virtual.obstacle(to: ["-march=native -mno-vaes"], native: zen3) == nil)
        #expect(Processor(cpuinfo: "Features : fp asimd\n") == nil)
    }

    @Test(
        arguments: [
            ("-O2 -march=znver3\t-pipe -march=native", ["-march=znver3", "-march=native"]),
            ("-mcpu=znver4 -mtune=znver4 -m64 -mfpmath=sse", ["-mcpu=znver4"]),
            ("-msse4.2 -mavx512f -mno-avx512f -mavx512vnni", ["-msse4.2", "-mavx512vnni"]),
            ("-march=znver3 -mno-vaes -mno-avx512f", ["-march=znver3 -mno-vaes"]),
            ("-mno-avx2 -march=x86-64-v3 -mno-aes -mno-bmi -mbmi", ["-march=x86-64-v3 -mno-avx2", "-mbmi"]),
            ("-mno-avx2 -mavx2", ["-mavx2"]), ("-C target-cpu=znver4 -Copt-level=3", ["target-cpu=znver4"]),
            (
                "--codegen target-cpu=x86-64-v3 -Ctarget-feature=+avx512f,-sse4.1,+crt-static",
                ["target-cpu=x86-64-v3", "target-feature=+avx512f"]
            ),
            ("-C target-feature=+avx2 --codegen=target-feature=-avx2", []),
        ] as [(String, [String])]) func demandsAreReadFromFlags(flags: String, demands: [String])
    {
        #expect(Processor.demands(in: flags) == demands)
    }

    /// A demand, the end of what is said where it is not met, and a processor that meets it.
    @Test(arguments: [
        ("-mcpu=znver4", "-mcpu=znver4: it has no abm adx aes avx avx2 …", "znver4"),
        ("-mavx512f", "-mavx512f: it has no avx512f", "x86-64-v4"), ("-mvaes", "-mvaes: it has no vaes", "znver3"),
        ("-msse4", "-msse4: it has no sse4_1 sse4_2", "x86-64-v2"), ("-msse3", "-msse3: it has no pni", "nocona"),
        ("target-cpu=haswell", "target-cpu=haswell: it has no abm aes avx avx2 bmi1 …", "haswell"),
        ("target-feature=+sse4.1", "target-feature=+sse4.1: it has no sse4_1", "x86-64-v2"),
        ("cpu_flags_x86_avx2", "USE=cpu_flags_x86_avx2: it has no avx2", "haswell"),
        ("cpu_flags_x86_fma3", "USE=cpu_flags_x86_fma3: it has no fma", "x86-64-v3"),
        ("cpu_flags_x86_sha", "USE=cpu_flags_x86_sha: it has no sha_ni", "znver1"),
    ]) func demandsAreComparedWithTheProcessor(demand: String, end: String, able: String) throws {
        let old = try #require(Processor(march: "x86-64"))
        let reason = try #require(old.obstacle(to: [demand]))
        #expect(reason == "this machine's processor does not run code for \(end)")
        #expect(try #require(Processor(march: able)).obstacle(to: [demand]) == nil)
    }

    @Test func whatIsInstalledRunsHere() throws {
        let old = try #require(Processor(march: "x86-64-v2"))
        #expect(old.obstacle(to: ["cpu_flags_x86_mmxext", "-mcpu=generic", "target-cpu=generic"]) == nil)
        #expect(old.obstacle(to: ["cpu_flags_x86_nosuch"])?.hasSuffix("it has no nosuch") == true)
        #expect(Processor.demands(ofUse: ["ssl", "cpu_flags_x86_avx"]) == ["cpu_flags_x86_avx"])
        #expect(Processor.demands(ofFlagsVariable: "sse2 -avx") == ["cpu_flags_x86_sse2"])
        let package = InstalledPackage(
            cpv: "media-libs/x-1", slot: "0", use: ["cpu_flags_x86_avx2", "cpu_flags_x86_sse4_2", "opengl"])
        #expect(old.runnable(package).use == ["cpu_flags_x86_sse4_2", "opengl"])
    }

    @Test func changesOfRepositoriesAreNamed() {
        var before = UsedFiles()
        for name in ["a", "b", "c", "d"] { before.files["/r/\(name)"] = FileFacts(sha256: name, size: 1) }
        before.profile = ["/r/profiles/base/make.defaults": "x"]
        #expect(before.change(to: before) == nil)
        var after = before
        after.files["/r/b"] = FileFacts(sha256: "other", size: 1)
        #expect(before.change(to: after) == "/r/b changed")
        after.profile["/r/profiles/base/package.use"] = "y"
        #expect(before.change(to: after) == "/r/b, /r/profiles/base/package.use changed")
        after.files = [:]
        #expect(before.change(to: after) == "/r/a, /r/b, /r/c … changed")
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
