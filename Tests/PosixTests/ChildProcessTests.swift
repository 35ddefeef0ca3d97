import Glibc
import Posix
import Testbed
import Testing

@Suite struct ChildProcessTests {
    private func run(_ script: String, input: String = "", milliseconds: Int = 20_000) throws -> ChildProcess.Result {
        try ChildProcess.run(
            "/bin/sh", ["-c", script], environment: ["PATH=/usr/bin:/bin", "GIVEN=yes"], input: Array(input.utf8),
            deadline: .now.advanced(byMilliseconds: milliseconds))
    }

    @Test func inputGoesThroughAndTheCodeComesBack() throws {
        let text = String(repeating: "line\n", count: 40_000)
        let result = try run("cat; exit 3", input: text)
        #expect(result.outcome == .exited(3))
        #expect(String(decoding: result.output, as: UTF8.self) == text)
    }

    @Test func theEnvironmentIsJustWhatWasGiven() throws {
        let result = try run("echo \"$GIVEN${HOME-none}\"")
        #expect(String(decoding: result.output, as: UTF8.self) == "yesnone\n")
    }

    @Test func aProgramThatIgnoresItsInputIsNoError() throws {
        let result = try run("exit 0", input: String(repeating: "x", count: 1 << 20))
        #expect(result.outcome == .exited(0))
    }

    /// Asked while it runs, and for as long as it is wanted.
    @Test func whatNobodyWantsAnyMoreEnds() throws {
        var asked = 0
        let result = try ChildProcess.run(
            "/bin/sh", ["-c", "exec sleep 1000"], environment: ["PATH=/usr/bin:/bin"],
            deadline: .now.advanced(byMilliseconds: 500_000)
        ) {
            asked += 1
            return asked < 2
        }
        #expect(result.outcome == .timedOut && asked == 2)
    }

    /// The number alone says nothing: another process may have it.
    @Test func aProcessLivesAsLongAsItHasItsStart() {
        let here = ProcessChain.ancestors()
        #expect(!here.isEmpty && here.allSatisfy { ProcessChain.isAlive($0) })
        #expect(!here.contains { ProcessChain.isAlive(.init(pid: $0.pid, started: $0.started + 1, arguments: [])) })
    }

    @Test func theWholeGroupEndsAtTheDeadline() throws {
        let scratch = try ScratchDirectory()
        let pidFile = scratch.path + "/pid"
        let result = try run("sleep 1000 & echo $! > '\(pidFile)'; wait", milliseconds: 400)
        #expect(result.outcome == .timedOut)
        let text = try Files.readText(pidFile)
        let pid = try #require(Int32(text.split(separator: "\n").first ?? ""))
        var tries = 0
        while isRunning(pid), tries < 1000 {
            usleep(1000)
            tries += 1
        }
        #expect(!isRunning(pid))
    }

    /// Whether a process is there and no zombie that nobody has waited for.
    private func isRunning(_ pid: Int32) -> Bool {
        guard let text = try? Files.readText("/proc/\(pid)/stat"), let bracket = text.lastIndex(of: ")") else {
            return false
        }
        return !text[bracket...].hasPrefix(") Z")
    }

    @Test func aMissingProgramIsAnErrorOfItsPath() {
        let error = #expect(throws: PosixError.self) {
            try ChildProcess.run(
                "/nonexistent/program", [], environment: [], deadline: .now.advanced(byMilliseconds: 100)
            )
        }
        #expect(error?.description == "cannot start /nonexistent/program: No such file or directory")
    }

    @Test func outputOverTheLimitIsDropped() throws {
        let result = try ChildProcess.run(
            "/bin/sh", ["-c", "head -c 300000 /dev/zero"], environment: ["PATH=/usr/bin:/bin"], outputLimit: 1000,
            deadline: .now.advanced(byMilliseconds: 20_000))
        #expect(result.output.count == 1000)
    }

    @Test func theChainStartsWithTheParent() throws {
        let chain = ProcessChain.ancestors()
        #expect(chain.first?.pid == getppid())
        #expect(chain.allSatisfy { $0.pid > 0 })
    }
}
