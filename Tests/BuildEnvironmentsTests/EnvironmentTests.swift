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

@Suite struct EnvironmentChoiceTests {
    @Test func closerMeansMorePromised() {
        #expect(EnvironmentChoice.isCloser(.abi, than: .flags) && EnvironmentChoice.isCloser(.flags, than: nil))
        #expect(!EnvironmentChoice.isCloser(.abi, than: .abi) && !EnvironmentChoice.isCloser(nil, than: nil))
    }

    @Test func everyRefusalIsSaid() {
        let away = ("desk", BuildError.unusableHost(reason: "no answer"))
        let other = ("own", BuildError.declined(reason: "another profile"))
        #expect(EnvironmentChoice.error(of: [other]) == .declined(reason: "another profile"))
        #expect(
            EnvironmentChoice.error(of: [away, other]) == .failed(reason: "desk: no answer; own: another profile"))
        #expect(
            EnvironmentChoice.error(of: [other, other])
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
