import Posix
import Testbed
import Testing

@testable import PortageHook

extension ScratchDirectory {
    /// Writes a program. A copying process makes the file: this one may be forked by another test while it holds the
    /// file open for writing, and then the program could not be started.
    func writeProgram(_ name: String, _ text: String) throws {
        let draft = try write(name + ".draft", text, mode: 0o755)
        let copied = try ChildProcess.run(
            "/bin/cp", ["-p", draft, "\(path)/\(name)"], environment: [],
            deadline: .now.advanced(byMilliseconds: 20_000))
        try #require(copied.outcome == .exited(0))
    }
}

/// What a hook command wrote.
final class Transcript {
    var output = ""
    var lines: [String] = []
    var ancestors: [ProcessChain.Link] = []

    var context: HookContext {
        HookContext(
            output: { self.output += $0 }, say: { self.lines.append($0) }, ancestors: { self.ancestors },
            limitTime: { _ in })
    }

    /// A transcript of a phase that emerge started.
    static func belowEmerge() -> Transcript {
        let transcript = Transcript()
        transcript.ancestors = [
            .init(pid: 3, started: 30, arguments: ["/bin/bash", "/usr/lib/portage/ebuild.sh", "setup"]),
            .init(pid: 2, started: 20, arguments: ["/usr/bin/python3", "/usr/bin/emerge", "-1", "app"]),
        ]
        return transcript
    }
}
