import Glibc
import Posix
import Testbed

@testable import PythonBridge

/// A virtual environment whose `portage` is a few lines of a test's own.
struct FakePortage {
    private let scratch: ScratchDirectory
    var folder: String { scratch.path }
    var python: String { folder + "/bin/python3" }

    /// - Parameter code: the text of the module `portage`; nil for an environment without one.
    init(_ code: String?) throws {
        scratch = try ScratchDirectory()
        let packages = folder + "/lib/python\(EmbeddedPython.linkedVersion)/site-packages"
        try Files.makeDirectories(packages)
        try Files.makeDirectories(folder + "/bin")
        symlink("/usr/bin/python3", python)
        try Files.replace(folder + "/pyvenv.cfg", with: Array("home = /usr/bin\n".utf8), mode: 0o644)
        if let code { try Files.replace(packages + "/portage.py", with: Array(code.utf8), mode: 0o644) }
    }

    /// Runs a body with a child of this environment.
    static func withChild<R>(
        _ code: String?, timeLimit: Duration? = nil, _ body: (ChildPython) async throws -> R
    ) async throws -> R {
        let fake = try FakePortage(code)
        let child = ChildPython(.init(interpreter: fake.python, environment: [:], timeLimit: timeLimit))
        let result = try await body(child)
        await child.close()
        return result
    }

    /// A `portage` whose setting NAME has the value of this expression over `name`.
    static func settings(_ expression: String) -> String {
        """
        import os, signal, subprocess, sys, time
        class Settings:
            def get(self, name):
                if name == "RPMDIR": return ""
                return \(expression)
        settings = Settings()
        """
    }
}

extension ChildPython {
    /// The reply to `settings` for one name, as text.
    func setting(_ name: String = "X") async throws(PythonError) -> String {
        String(decoding: try await call("settings", Array("{\"names\":[\"\(name)\"]}".utf8)), as: UTF8.self)
    }
}
