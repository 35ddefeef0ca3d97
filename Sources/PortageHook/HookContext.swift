import Glibc
import Posix

/// The world that a hook command acts on; a test gives another one.
struct HookContext {
    /// Writes to standard output: code for the phase, or a command's result.
    var output: (String) -> Void
    /// Writes one line for people to standard error.
    var say: (String) -> Void
    /// The processes above this one, nearest first.
    var ancestors: () -> [ProcessChain.Link]
    /// The environment that a process of the chain was started with.
    var environment: (ProcessChain.Link) -> [String] = { _ in [] }
    /// Whether a process of the chain still runs.
    var isAlive: (ProcessChain.Link) -> Bool = { _ in true }
    /// Ends the process, without an error, after so many seconds from now.
    var limitTime: (Int) -> Void

    /// The process's own streams and chain.
    static var process: HookContext {
        HookContext(
            output: { text in try? Files.writeAll(1, Array(text.utf8)) },
            say: { line in try? Files.writeAll(2, Array("\(line)\n".utf8)) },
            ancestors: ProcessChain.ancestors,
            environment: { ProcessChain.environment(of: $0) ?? [] },
            isAlive: { ProcessChain.isAlive($0) },
            limitTime: { seconds in
                signal(SIGALRM) { _ in _exit(0) }
                alarm(UInt32(seconds))
            })
    }
}
