import Posix
import Testing

@testable import PythonBridge

@Suite struct ChildPythonTests {
    @Test func answersAndKnowsItsEnvironment() async throws {
        try await FakePortage.withChild(FakePortage.settings("name + '!'")) { child async throws in
            #expect(try await child.setting() == #"{"X": "X!"}"#)
            let facts = String(decoding: try await child.call("python", Array("{}".utf8)), as: UTF8.self)
            #expect(facts.contains("/portmanteau-test-"))
        }
    }

    @Test func manyCallersGetTheirOwnAnswers() async throws {
        try await FakePortage.withChild(FakePortage.settings("name * 2")) { child async throws in
            try await withThrowingTaskGroup(of: (Int, String).self) { group in
                for number in 0..<50 { group.addTask { (number, try await child.setting("n\(number)")) } }
                for try await (number, reply) in group { #expect(reply.contains("\"n\(number)n\(number)\"")) }
            }
        }
    }

    @Test func exceptionsBecomeErrorsAndTheChildGoesOn() async throws {
        try await FakePortage.withChild(FakePortage.settings("{'A': 1}[name]")) { child async throws in
            await #expect(throws: PythonError.raised(type: "KeyError", message: "'X'", output: "")) {
                try await child.setting()
            }
            await #expect(throws: PythonError.raised(type: "GlueError", message: "no function nope", output: "")) {
                try await child.call("nope", Array("{}".utf8))
            }
        }
    }

    @Test(arguments: [
        ("sys.exit('make.conf is broken')", "SystemExit", "make.conf is broken"),
        ("sys.exit(7)", "SystemExit", "exit code 7"), ("sys.exit()", "SystemExit", "exit code 0"),
        ("signal.default_int_handler(0, None)", "KeyboardInterrupt", ""),
    ])
    func whatWouldEndPythonBecomesAnError(code: String, type: String, message: String) async throws {
        let module = FakePortage.settings("(print('!!! said why'), \(code))")
        try await FakePortage.withChild(module) { child async throws in
            let expected = PythonError.raised(type: type, message: message, output: "!!! said why\n")
            await #expect(throws: expected) { try await child.setting() }
            await #expect(throws: expected) { try await child.setting() }
            #expect(expected.description.contains("said why"))
        }
    }

    @Test func missingPortageIsAnError() async throws {
        try await FakePortage.withChild(nil) { child async throws in
            let expected = PythonError.raised(
                type: "ModuleNotFoundError", message: "No module named 'portage'", output: "")
            await #expect(throws: expected) { try await child.setting() }
        }
    }

    @Test func whatPythonsChildrenPrintIsNoReply() async throws {
        try await FakePortage.withChild(FakePortage.settings("str(os.system('echo junk'))")) { child async throws in
            #expect(try await child.setting() == #"{"X": "0"}"#)
        }
    }

    @Test(arguments: [
        ("os._exit(3)", "exit code 3"), ("os.kill(os.getpid(), signal.SIGKILL)", "signal 9"),
    ])
    func aChildThatDiesIsAnError(code: String, status: String) async throws {
        let module = FakePortage.settings("(os.write(2, b'last words'), \(code))")
        try await FakePortage.withChild(module) { child async throws in
            await #expect(throws: PythonError.childEnded(status: status, output: "last words")) {
                try await child.setting()
            }
            await #expect(throws: PythonError.closed) { try await child.setting() }
        }
    }

    @Test func garbageIsRefused() async throws {
        let command = "echo garbage; exec cat > /dev/null"
        let shell = ChildPython(.init(interpreter: "x", prefix: ["/bin/sh", "-c", command]))
        await #expect(throws: PythonError.badReply(text: "garbage")) { try await shell.setting() }
        await #expect(throws: PythonError.closed) { try await shell.setting() }
        let echo = ChildPython(.init(interpreter: "/bin/echo"))
        await #expect(throws: PythonError.self) { try await echo.setting() }
    }

    @Test func aMissingInterpreterIsAnError() async throws {
        let child = ChildPython(.init(interpreter: "/nonexistent/python3"))
        await #expect(throws: PythonError.interpreterMissing(path: "/nonexistent/python3")) {
            try await child.setting()
        }
        await child.close()
        await #expect(throws: PythonError.self) { try await child.setting() }
    }

    @Test func aCallHasItsTimeLimit() async throws {
        let module = FakePortage.settings("time.sleep(60)")
        try await FakePortage.withChild(module, timeLimit: .milliseconds(500)) { child async throws in
            await #expect(throws: PythonError.timedOut(seconds: 0.5)) { try await child.setting() }
            await #expect(throws: PythonError.closed) { try await child.setting() }
        }
    }

    @Test func cancellingACallEndsTheChild() async throws {
        let fake = try FakePortage(FakePortage.settings("(open(sys.prefix + '/here', 'w'), time.sleep(60))"))
        let child = ChildPython(.init(interpreter: fake.python))
        let call = Task { try await child.setting() }
        while !Files.exists(fake.folder + "/here") { try await Task.sleep(for: .milliseconds(10)) }
        call.cancel()
        await #expect(throws: PythonError.cancelled) { try await call.value }
        await child.close()
    }

    @Test func anEarlyCancelledCallIsNeverMade() async throws {
        try await FakePortage.withChild(FakePortage.settings("name")) { child async throws in
            let call = Task {
                while !Task.isCancelled { await Task.yield() }
                return try await child.setting("early")
            }
            call.cancel()
            await #expect(throws: PythonError.cancelled) { try await call.value }
            #expect(try await child.setting() == #"{"X": "X"}"#)
        }
    }

    @Test func closingRunsPortagesExitFunctions() async throws {
        let module =
            FakePortage.settings("name") + """

                class Process:
                    def run_exitfuncs(self): open(sys.prefix + "/ended", "w")
                sys.modules["portage.process"] = Process()
                """
        let fake = try FakePortage(module)
        let child = ChildPython(.init(interpreter: fake.python))
        _ = try await child.setting()
        await child.close()
        #expect(Files.exists(fake.folder + "/ended"))
        await #expect(throws: PythonError.closed) { try await child.setting() }
    }

    @Test func aCallIsOneLine() async throws {
        let child = ChildPython(.init(interpreter: "/usr/bin/python3"))
        await #expect(throws: PythonError.self) { try await child.call("settings", Array("{}\n{}".utf8)) }
        await #expect(throws: PythonError.self) { try await child.call("a b", Array("{}".utf8)) }
        await child.close()
    }
}
