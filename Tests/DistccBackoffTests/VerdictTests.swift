import DistccBackoff
import Posix
import Testing

/// When a server is blamed: exactly when one of the two ends is code 0 and the other is not.
@Suite struct VerdictTests {
    private static let failures: [ChildProcess.Outcome] = [
        .exited(1), .exited(2), .exited(4), .exited(100), .exited(103), .exited(110), .exited(116), .exited(118),
        .exited(127), .exited(128), .exited(139), .exited(255), .signalled(9), .signalled(11), .timedOut,
    ]

    @Test func successOnBothSidesIsTheSame() {
        #expect(Verdict(remote: .exited(0), local: .exited(0)) == .same)
    }

    @Test(arguments: failures) func anyTwoFailuresAreTheSame(_ remote: ChildProcess.Outcome) {
        for local in Self.failures { #expect(Verdict(remote: remote, local: local) == .same) }
    }

    @Test(arguments: failures) func oneSuccessIsADifference(_ failure: ChildProcess.Outcome) {
        #expect(Verdict(remote: failure, local: .exited(0)) == .different)
        #expect(Verdict(remote: .exited(0), local: failure) == .different)
    }
}

/// What is read in distcc's log; the lines are those of distcc 3.4.
@Suite struct AttemptLogTests {
    private func log(_ lines: String...) -> AttemptLog {
        AttemptLog(lines.map { "distcc[7] \($0)\n" }.joined(), pid: 7)
    }

    @Test(arguments: [
        "ERROR: compile a.c on h:1/2 failed", "ERROR: compile a.c on h:1/2 failed with exit code 110",
        "ERROR: compile a.c on h:1/2: Segmentation fault (core dumped)", "compile a.c on h:1/2 completed ok",
        "ERROR: compile on x failed on h:1/2 failed",
    ])
    func theServerIsNamed(_ line: String) {
        let log = log("exec on h:1/2: gcc -c a.c", "cpp a.c on localhost completed ok", line)
        #expect(log.server == Host("h:1/2"))
        #expect(!log.ranHere)
    }

    @Test func whatRanHereBlamesNobody() {
        let log = log("ERROR: compile a.c on localhost failed")
        #expect(log.ranHere)
        #expect(log.server == nil)
    }

    @Test func whatThePreprocessorRefusedWasNeverSent() {
        let log = log("cpp a.c on localhost failed", "ERROR: compile a.c on h:1/2 failed")
        #expect(log.preprocessingFailed)
        #expect(log.server == nil)
    }

    @Test func theLastServerCounts() {
        #expect(log("compile a.c on h:1 failed", "compile a.c on g:1 failed").server == Host("g:1"))
    }

    @Test func linesOfOthersArePassedOver() {
        let text = """
            distcc[8] ERROR: compile a.c on h:1 failed
            distccd[7] ERROR: compile a.c on h:1 failed
            a.c:1: error: distcc[7] ERROR: compile a.c on h:1 failed
            distcc[7] ERROR: compile a.c on ../../etc failed
            """
        #expect(AttemptLog(text, pid: 7).server == nil)
    }

    @Test func marksOfDistccAreSeen() {
        #expect(log("(dcc_mark_timefile) mark /d/lock/backoff_tcp_h_1_0").marks == ["/d/lock/backoff_tcp_h_1_0"])
    }

    @Test func onlyDistccsOwnLinesLeaveStandardError() {
        let text = """
            distcc[12] ERROR: compile a.c on localhost failed
            a.c:1:1: warning: distcc[12] ERROR
            distccd[3] (dcc_check_compiler_masq) Warning: x
            distcc[x] stays
            distcc[] stays
            no newline at the end
            """
        let kept = String(decoding: AttemptLog.withoutOwnLines(Array(text.utf8)), as: UTF8.self)
        #expect(
            kept == "a.c:1:1: warning: distcc[12] ERROR\ndistcc[x] stays\ndistcc[] stays\nno newline at the end")
    }

    @Test func anyBytesAreRead() {
        var generator = SystemRandomNumberGenerator()
        let parts = ["distcc[7] ", "compile ", " on ", "h:1", " failed", ": ", "\n", "cpp ", "\u{1b}", "é", " "]
        for _ in 0..<2000 {
            let text = (0..<12).compactMap { _ in parts.randomElement(using: &generator) }.joined()
            if let name = AttemptLog(text, pid: 7).server?.markName { #expect(!name.contains("/")) }
            #expect(AttemptLog.withoutOwnLines(Array(text.utf8)).count <= text.utf8.count)
        }
    }
}

/// Which command lines are left to the compiler of this machine.
@Suite struct CompilerCallTests {
    @Test(arguments: [
        ["-c", "a.c"], ["-O2", "-c", "a.c", "-o", "a.o"], ["-S", "a.c"], ["-MD", "-MF", "x.d", "-c", "dir/a.cc"],
    ])
    func compilesMayBeDistributed(_ arguments: [String]) { #expect(CompilerCall.mayBeDistributed(arguments)) }

    @Test(arguments: [
        [], ["--version"], ["a.o", "-o", "a"], ["a.c", "-o", "a"], ["-E", "a.c"], ["-c", "conftest.c"],
        ["-c", "x/conftest.cpp"], ["-c", "tmp.conftest.c"], ["-x", "c", "-c", "-"], ["@file"],
    ])
    func theRestMayNot(_ arguments: [String]) { #expect(!CompilerCall.mayBeDistributed(arguments)) }

    @Test func trialsAreSeenByTheirPlace() {
        #expect(CompilerCall.isTrial(["-c", "/b/CMakeFiles/CMakeScratch/TryCompile-x/a.c"], directory: "/b"))
        #expect(CompilerCall.isTrial(["-c", "a.c"], directory: "/b/CMakeFiles/CMakeTmp"))
        #expect(CompilerCall.isTrial(["-c", "/b/meson-private/tmpx1y2/testfile.c"], directory: "/b"))
        #expect(!CompilerCall.isTrial(["-c", "/b/CMakeFiles/x.dir/a.c"], directory: "/b"))
    }
}
