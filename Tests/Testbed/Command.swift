import Posix
import Subprocess
import Synchronization
import SystemPackage

/// What a command on a machine did.
public struct Output: Sendable {
    /// Its exit code; 128 and the signal's number when a signal ended it.
    public let exitCode: Int
    /// What it wrote to standard output, with bytes that are not UTF-8 replaced.
    public let stdout: String
    /// What it wrote to standard error.
    public let stderr: String
    /// Both, in the order in which they came.
    public let text: String
    /// How long it ran.
    public let duration: Duration
    /// Whether it was ended because its time was over.
    public let timedOut: Bool

    /// Whether it ended by itself with code 0.
    public var succeeded: Bool { exitCode == 0 && !timedOut }
}

/// Starting programs in a machine's mount namespace.
enum Command {
    /// The arguments of `unshare` for a command inside a namespace where `folder` is the Prefix.
    static func entering(
        _ testbed: Testbed, folder: String, template: String, run: String, command: [String]
    ) -> [String] {
        ["-m", "--propagation", "private", Testbed.scripts + "/enter", testbed.root, folder, template, run] + command
    }

    /// The same for a command in a namespace of its own that begins as that of a process.
    static func entering(_ testbed: Testbed, keptBy pid: Int32, run: String, command: [String]) -> [String] {
        let script = """
            mount -t tmpfs -o mode=755 "testbed-run-$1" "$0/run" || exit 125
            shift
            cd / && exec env -u SHLVL -u OLDPWD -- "$@"
            """
        return [
            "/usr/bin/nsenter", "--mount=/proc/\(pid)/ns/mnt", "/usr/bin/unshare", "-m", "--propagation", "private",
            "/bin/bash", "-c", script, testbed.root, run,
        ] + command
    }

    /// A name for a mount namespace that nothing else has.
    static func newRun() -> String { String(UInt64.random(in: 0 ... .max), radix: 36) }

    /// Runs `unshare` with these arguments to the end of its output. When the time is over, or the task is cancelled,
    /// everything in the namespace is killed.
    static func run(
        _ arguments: [String], environment: [String: String], input: [UInt8] = [], run: String,
        workingDirectory: String = "/", timeout: Duration
    ) async throws -> Output {
        let clock = ContinuousClock()
        let start = clock.now
        let collected = Collector()
        var options = PlatformOptions()
        options.createSession = true
        let result = try await Subprocess.run(
            .path("/usr/bin/unshare"), arguments: Arguments(arguments), environment: custom(environment),
            workingDirectory: FilePath(workingDirectory), platformOptions: options, input: .array(input),
            output: .sequence, error: .sequence
        ) { execution in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for try await part in execution.standardOutput { collected.add(part, isError: false) }
                }
                group.addTask {
                    for try await part in execution.standardError { collected.add(part, isError: true) }
                }
                let watch = Task {
                    do {
                        try await Task.sleep(for: timeout)
                        collected.markTimedOut()
                        await ProcessTree.end(run: run)
                    } catch {}
                }
                try await withTaskCancellationHandler {
                    try await group.waitForAll()
                } onCancel: {
                    Task.detached { await ProcessTree.end(run: run) }
                }
                watch.cancel()
            }
        }
        let code =
            switch result.terminationStatus {
            case .exited(let code): Int(code)
            case .signaled(let signal): 128 + Int(signal)
            }
        return collected.output(exitCode: code, duration: clock.now - start)
    }

    /// Exactly these variables. Subprocess takes bytes as C strings, with their end.
    static func custom(_ environment: [String: String]) -> Subprocess.Environment {
        .custom(Array(environment.map { Array("\($0)=\($1)".utf8) + [0] }))
    }
}

/// Gathers the two streams of a command as they come.
private final class Collector: Sendable {
    private struct State {
        var parts: [(isError: Bool, bytes: [UInt8])] = []
        var size = 0
        var timedOut = false
    }
    private let state = Mutex(State())
    private static let limit = 256 << 20

    func add(_ part: SubprocessOutputSequence.Buffer, isError: Bool) {
        let bytes = part.withUnsafeBytes { [UInt8]($0) }
        state.withLock {
            guard $0.size < Self.limit else { return }
            $0.size += bytes.count
            $0.parts.append((isError, bytes))
        }
    }

    func markTimedOut() { state.withLock { $0.timedOut = true } }

    func output(exitCode: Int, duration: Duration) -> Output {
        state.withLock { state in
            func text(_ wanted: (Bool) -> Bool) -> String {
                String(decoding: state.parts.filter { wanted($0.isError) }.flatMap(\.bytes), as: UTF8.self)
            }
            return Output(
                exitCode: exitCode, stdout: text { !$0 }, stderr: text { $0 }, text: text { _ in true },
                duration: duration, timedOut: state.timedOut)
        }
    }
}
