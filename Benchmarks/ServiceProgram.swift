import ArgumentParser
import Glibc
import Posix
import Subprocess
import SystemPackage
import Testbed

/// The service as a program, without workers, on a free port of loopback.
enum ServiceProgram {
    /// Runs it on a state directory until `body` is done with it.
    static func run(
        state: String, settings: String = "",
        _ body: @escaping @Sendable (_ port: Int, _ pid: pid_t) async throws -> Void
    ) async throws {
        let scratch = try ScratchDirectory()
        try scratch.write("binpkgd.toml", "listen = \"127.0.0.1:0\"\n" + settings)
        try Files.makeDirectories(scratch.path + "/journal")
        let program = (Files.realPath("/proc/self/exe") ?? "").replacing("/bench", with: "/trial-binpkgd")
        _ = try await Subprocess.run(
            .path(FilePath(program)),
            arguments: [state, scratch.path + "/journal", "0", scratch.path + "/binpkgd.toml"], input: .none,
            output: .sequence, error: .discarded
        ) { execution in
            for try await line in execution.standardOutput.strings() {
                guard line.hasPrefix("listening "), let port = Int(line.dropFirst(10).filter(\.isNumber)) else {
                    throw ValidationError("\(program): \(line)")
                }
                let pid = execution.processIdentifier.value
                defer { kill(pid, SIGKILL) }
                try await body(port, pid)
            }
        }
    }
}
