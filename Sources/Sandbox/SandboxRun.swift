import Subprocess
import SystemPackage

/// A sandboxed command that could not be run, or was stopped.
public enum SandboxError: Error, Equatable, CustomStringConvertible {
    /// It could not be started: `unshare`, `bash` or the system refused.
    case cannotStart(reason: String)
    /// It ran longer than allowed and was killed.
    case timedOut(seconds: Int)
    /// The task was cancelled and the command killed.
    case cancelled

    /// A line for people.
    public var description: String {
        switch self {
        case .cannotStart(let reason):
            "cannot start a sandbox: \(reason); 'unshare' (util-linux) and 'bwrap' (bubblewrap) are needed, and root"
        case .timedOut(let seconds): "stopped after \(seconds) s, which is the limit"
        case .cancelled: "stopped"
        }
    }
}

extension SandboxCommand {
    /// Runs a command in the sandbox to its end and hands over what it writes to standard output and standard error.
    /// When the task is cancelled, the time is over or this process dies, everything in the sandbox is killed.
    ///
    /// - Parameters:
    ///   - command: program and arguments, as seen inside.
    ///   - seconds: the longest that it may take.
    ///   - output: gets the bytes as they come.
    /// - Returns: its exit code; 128 and the signal's number if one ended it.
    public func run(
        _ command: [String], seconds: Int, output: @escaping @Sendable ([UInt8]) async -> Void
    ) async throws(SandboxError) -> Int32 {
        let line = arguments + command
        let ended: Ending
        do {
            ended = try await withThrowingTaskGroup(of: Ending.self) { group in
                group.addTask { try await Self.spawn(line, output: output) }
                group.addTask {
                    try await Task.sleep(for: .seconds(seconds))
                    return .timedOut
                }
                defer { group.cancelAll() }
                return try await group.next() ?? .timedOut
            }
        } catch {
            if Task.isCancelled || error is CancellationError { throw .cancelled }
            throw .cannotStart(reason: "\(error)")
        }
        if Task.isCancelled { throw .cancelled }
        switch ended {
        case .code(let code): return code
        case .timedOut: throw .timedOut(seconds: seconds)
        }
    }

    private enum Ending: Sendable {
        case code(Int32)
        case timedOut
    }

    private static func spawn(
        _ line: [String], output: @escaping @Sendable ([UInt8]) async -> Void
    ) async throws -> Ending {
        var platform = PlatformOptions()
        platform.processGroupID = 0
        platform.teardownSequence = [.send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .seconds(1))]
        let result = try await Subprocess.run(
            .path(FilePath(line[0])), arguments: Arguments(Array(line.dropFirst())),
            environment: .custom(["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"]),
            platformOptions: platform, input: .inputWriter, output: .sequence, error: .combinedWithOutput
        ) { execution in
            for try await buffer in execution.standardOutput {
                await output(buffer.withUnsafeBytes { Array($0) })
            }
            try await execution.standardInputWriter.finish()
        }
        switch result.terminationStatus {
        case .exited(let code): return .code(code)
        case .signaled(let signal): return .code(128 + signal)
        }
    }
}
