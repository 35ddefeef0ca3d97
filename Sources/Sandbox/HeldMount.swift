import Subprocess
import SystemPackage

/// Why there is no mount, or no longer.
public enum HeldMountError: Error, Equatable, CustomStringConvertible {
    /// The program did not mount.
    case notMounted(reason: String)
    /// The program ended while its mount was in use.
    case lost(reason: String)
    /// The task was cancelled; the mount is gone.
    case cancelled

    /// A line for people.
    public var description: String {
        switch self {
        case .notMounted(let reason): reason
        case .lost(let reason): "the connection was lost: \(reason)"
        case .cancelled: "stopped"
        }
    }
}

/// A mount that a program serves, in mount and process namespaces of its own: no other process sees it, and it goes away
/// with the program, with the end of the task, and with this process, however that ends.
public struct HeldMount: Equatable, Sendable {
    /// The program and its arguments. It mounts at ``place`` and runs as long as the mount is there.
    public var command: [String]
    /// An empty directory.
    public var place: String
    /// The longest that mounting may take, in seconds.
    public var seconds: Int

    /// A mount by this program.
    public init(command: [String], place: String, seconds: Int = 60) {
        self.command = command
        self.place = place
        self.seconds = seconds
    }

    /// What happened to one of the tasks that ``hold(_:)`` starts.
    private enum Event<Outcome: Sendable>: Sendable {
        case done(Outcome)
        case ended(HeldMountError)
        case nothing
    }

    /// Mounts, runs the body, and unmounts. When the program ends before the body does, the body's task is cancelled.
    ///
    /// - Parameter body: gets a process that sees the mount, for ``SandboxCommand/mountsOfProcess``.
    public func hold<Value: Sendable, Failure: Error>(
        _ body: @escaping @Sendable (Int32) async -> Result<Value, Failure>
    ) async throws(HeldMountError) -> Result<Value, Failure> {
        let (ready, announce) = AsyncStream.makeStream(of: Int32.self)
        let (result, end) = await withTaskGroup(of: Event<Result<Value, Failure>>.self) { group in
            group.addTask { .ended(await serve(announce)) }
            group.addTask {
                for await process in ready { return .done(await body(process)) }
                return .nothing
            }
            var result: Result<Value, Failure>?
            var end: HeldMountError?
            var isStopping = false
            while let event = await group.next() {
                switch event {
                case .done(.success(let value)):
                    result = result ?? .success(value)
                    isStopping = true
                case .done(.failure(let error)):
                    result = result ?? .failure(error)
                    // If it failed because the mount is gone, the program's end tells that in a moment.
                    group.addTask {
                        try? await Task.sleep(for: .seconds(1))
                        return .nothing
                    }
                case .ended(let reason):
                    if !isStopping { end = reason }
                    isStopping = true
                case .nothing: isStopping = isStopping || result != nil
                }
                if isStopping { group.cancelAll() }
            }
            return (result, end)
        }
        if Task.isCancelled { throw .cancelled }
        if let end { throw end }
        guard let result else { throw .notMounted(reason: "it did not mount") }
        return result
    }

    /// Runs the program to its end. Says who sees the mount, once it is there.
    private func serve(_ announce: AsyncStream<Int32>.Continuation) async -> HeldMountError {
        defer { announce.finish() }
        let line =
            ["--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "/bin/bash", "-c", Self.script]
            + ["mount", place, "\(seconds * 20)"] + command
        var platform = PlatformOptions()
        platform.processGroupID = 0
        platform.teardownSequence = [.send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .seconds(1))]
        var isMounted = false
        var text = ""
        do {
            let result = try await Subprocess.run(
                .path("/usr/bin/unshare"), arguments: Arguments(line),
                environment: .custom(["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"]),
                platformOptions: platform, input: .inputWriter, output: .sequence, error: .combinedWithOutput
            ) { execution in
                var text = ""
                var isMounted = false
                for try await buffer in execution.standardOutput {
                    text += buffer.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
                    if !isMounted, text.contains(Self.mark + "\n") {
                        isMounted = true
                        announce.yield(execution.processIdentifier.value)
                    }
                    text = String(text.suffix(4096))
                }
                try await execution.standardInputWriter.finish()
                return (text, isMounted)
            }
            (text, isMounted) = result.closureResult
        } catch {
            text = "\(error)"
        }
        let lines = text.split(whereSeparator: \.isNewline).filter { $0 != Self.mark }
        let reason = lines.isEmpty ? "\(command.first ?? "the program") ended" : lines.suffix(3).joined(separator: "; ")
        return isMounted ? .lost(reason: reason) : .notMounted(reason: reason)
    }

    /// The line that says that the mount is there.
    private static let mark = "[mounted]"

    /// As the first process of its namespace the shell takes everything with it when it ends. The end of standard input
    /// ends the program, and so the shell.
    private static let script = """
        place=$1 rounds=$2
        shift 2
        exec 3<&0 </dev/null
        "$@" 3<&- &
        child=$!
        { read -r _ <&3; kill -KILL "$child"; } >/dev/null 2>&1 &
        exec 3<&-
        until mountpoint -q "$place"; do
            kill -0 "$child" 2>/dev/null || exit 1
            ((rounds-- > 0)) || { echo "no answer"; exit 1; }
            sleep 0.05
        done
        echo "\(mark)"
        wait "$child"
        exit 1
        """
}
