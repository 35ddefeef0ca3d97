import Posix
import Testbed
import Testing

@testable import PortageHook

/// Where distcc-guard goes in PATH.
@Suite struct CompilePhaseTests {
    @Test(arguments: [
        ("/usr/lib/distcc/bin:/usr/bin", "M:/usr/lib/distcc/bin:/usr/bin"),
        ("/p/usr/lib/ccache/bin:/p/usr/lib64/distcc:/bin", "/p/usr/lib/ccache/bin:M:/p/usr/lib64/distcc:/bin"),
        ("/a:/usr/lib/distcc/bin/:/b", "/a:M:/usr/lib/distcc/bin/:/b"),
    ])
    func oursIsRightBeforeDistccs(_ path: String, _ expected: String) {
        #expect(CompilePhase.path(path, with: "M") == expected)
    }

    @Test(arguments: ["", "/usr/bin", "M:/usr/lib/distcc/bin", "/usr/lib/distccd:/bin"])
    func otherwiseNothingChanges(_ path: String) { #expect(CompilePhase.path(path, with: "M") == nil) }

    @Test func theCodeIsQuotedAndTheSwitchCounts() throws {
        let directory = try ScratchDirectory()
        func output(_ more: [String]) -> String {
            let transcript = Transcript()
            let arguments = ["compile", "PREFIX=\(directory.path)", "PATH=/$(x)'/distcc:/bin", "EMERGE_FROM=ebuild"]
            #expect(HookCommand.run(arguments + more, in: transcript.context) == 0)
            return transcript.output
        }
        #expect(output([]).isEmpty)
        try directory.writeProgram("usr/bin/distcc-guard", "#!/bin/sh\n")
        try directory.write("usr/libexec/portmanteau/masquerade/gcc", "")
        let masquerade = directory.path + "/usr/libexec/portmanteau/masquerade"
        #expect(output([]) == "PATH='\(masquerade):/$(x)'\\''/distcc:/bin'\n")
        #expect(output(["DISTCC_GUARD=off"]).isEmpty)
    }
}
