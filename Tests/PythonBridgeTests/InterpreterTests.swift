import Posix
import Testing

@testable import PythonBridge

@Suite struct InterpreterTests {
    @Test(arguments: [
        ("#!/opt/p/bin/python3\n", "/opt/p/bin/python3"),
        ("#! /usr/bin/python3.11 -b\nimport x", "/usr/bin/python3.11"),
        ("#!/bin/sh\n'''exec' \"/a b/bin/python3\" \"$0\" \"$@\"\n' '''\n", "/a b/bin/python3"),
        ("#!/bin/sh\n'''exec' /long/bin/python3 \"$0\" \"$@\"\n", "/long/bin/python3"),
        ("#!/bin/sh\necho\n", nil), ("\u{7F}ELF", nil), ("", nil), ("#!", nil), ("#!python3\n", nil),
        ("#!/usr/bin/env bash\n", nil), ("#!/usr/bin/env -S python3-nowhere\n", nil),
    ])
    func shebang(text: String, expected: String?) {
        #expect(Interpreter.interpreter(ofScript: text, searchPath: "/nonexistent") == expected)
    }

    @Test func theVariableWinsThenEmergeThenTheBuiltIn() throws {
        let fake = try FakePortage(nil)
        try Files.replace(
            fake.folder + "/bin/emerge", with: Array("#!\(fake.python)\n".utf8), mode: 0o755)
        let path = "/nonexistent:\(fake.folder)/bin:/usr/bin"
        #expect(Interpreter.candidate(environment: ["PORTMANTEAU_PYTHON": "/x/python3", "PATH": path]) == "/x/python3")
        #expect(Interpreter.candidate(environment: ["PATH": path]) == fake.python)
        #expect(Interpreter.candidate(environment: ["PATH": "/nonexistent"]) == Interpreter.builtIn)
        #expect(Interpreter.candidate(environment: [:]) == Interpreter.builtIn)
    }

    @Test func emergeBehindACompiledFront() throws {
        let fake = try FakePortage(nil)
        let scripts = fake.folder + "/lib/python-exec/python\(EmbeddedPython.linkedVersion)"
        try Files.makeDirectories(scripts)
        try Files.replace(fake.folder + "/bin/emerge", with: [0x7F, 0x45, 0x4C, 0x46], mode: 0o755)
        try Files.replace(scripts + "/emerge", with: Array("#!/usr/bin/python3.99\n".utf8), mode: 0o755)
        #expect(Interpreter.candidate(environment: ["PATH": fake.folder + "/bin"]) == "/usr/bin/python3.99")
    }

    @Test func itMustBeThereAndOfTheSameVersion() async throws {
        await #expect(throws: PythonError.interpreterMissing(path: "/nonexistent/python3")) {
            try await Interpreter.choose(environment: ["PORTMANTEAU_PYTHON": "/nonexistent/python3"])
        }
        let fake = try FakePortage(nil)
        let other = fake.folder + "/bin/python3.2"
        try Files.replace(other, with: Array("#!/bin/sh\n".utf8), mode: 0o755)
        let linked = EmbeddedPython.linkedVersion
        await #expect(throws: PythonError.versionDiffers(path: other, found: "3.2", linked: linked)) {
            try await Interpreter.choose(environment: ["PORTMANTEAU_PYTHON": other])
        }
        #expect(try await Interpreter.choose(environment: ["PORTMANTEAU_PYTHON": fake.python]) == fake.python)
    }
}
