import Glibc
import Posix
import Subprocess
import SystemPackage

/// A program that runs on a machine until it is stopped: a service in a test or in the demo.
public final class BackgroundProcess: Sendable {
    /// Its process number.
    public let pid: Int32
    /// The file on the host that takes its standard output and standard error.
    public let logPath: String
    private let run: String
    private let task: Task<Int, any Error>

    private init(pid: Int32, logPath: String, run: String, task: Task<Int, any Error>) {
        self.pid = pid
        self.logPath = logPath
        self.run = run
        self.task = task
    }

    /// What it has written so far.
    public var log: String { (try? Files.readText(logPath)) ?? "" }

    /// Whether it still runs.
    public var isRunning: Bool {
        guard let text = try? Files.readText("/proc/\(pid)/stat", limit: 4096), let end = text.lastIndex(of: ")") else {
            return false
        }
        return !text[end...].hasPrefix(") Z")
    }

    /// Waits until the log has this text; false when the program ended or the time is over before.
    public func waitForLog(_ text: String, timeout: Duration = .seconds(10)) async -> Bool {
        let clock = ContinuousClock()
        let end = clock.now + timeout
        while clock.now < end {
            if log.contains(text) { return true }
            guard isRunning, (try? await Task.sleep(for: .milliseconds(20))) != nil else { return log.contains(text) }
        }
        return false
    }

    /// Ends the program with SIGTERM, and all that it started with SIGKILL; returns the program's exit code, or 128 and
    /// the signal's number.
    @discardableResult
    public func stop(grace: Duration = .seconds(5)) async throws -> Int {
        if isRunning { kill(pid, SIGTERM) }
        return try await end(within: grace)
    }

    /// Waits until it ends by itself, and returns its exit code; after the grace everything of it is killed.
    public func end(within grace: Duration = .seconds(60)) async throws -> Int {
        let run = run
        let timer = Task {
            do { try await Task.sleep(for: grace) } catch { return }
            await ProcessTree.end(run: run)
        }
        let code = try await task.value
        timer.cancel()
        await ProcessTree.end(run: run)
        return code
    }

    static func start(
        _ arguments: [String], environment: [String: String], run: String, logPath: String
    ) async throws -> BackgroundProcess {
        let log = try FileDescriptor.open(
            FilePath(logPath), .writeOnly, options: [.create, .truncate, .append, .closeOnExec],
            permissions: FilePermissions(rawValue: 0o644))
        let (pids, announce) = AsyncStream.makeStream(of: Int32.self)
        let task = Task { () -> Int in
            defer { announce.finish() }
            var options = PlatformOptions()
            options.createSession = true
            let result = try await Subprocess.run(
                .path("/usr/bin/unshare"), arguments: Arguments(arguments),
                environment: Command.custom(environment), workingDirectory: "/", platformOptions: options,
                input: .none, output: .fileDescriptor(log, closeAfterSpawningProcess: true),
                error: .combinedWithOutput
            ) { execution in
                announce.yield(execution.processIdentifier.value)
                announce.finish()
            }
            switch result.terminationStatus {
            case .exited(let code): return Int(code)
            case .signaled(let signal): return 128 + Int(signal)
            }
        }
        for await pid in pids { return BackgroundProcess(pid: pid, logPath: logPath, run: run, task: task) }
        let code = try await task.value
        throw TestbedError.command(arguments.joined(separator: " "), reason: "ended at once with code \(code)")
    }
}

extension Machine {
    /// Starts a program on the machine and returns while it runs. Its output goes to a file in the machine's
    /// `var/log`.
    public func start(
        _ command: [String], environment: [String: String] = [:]
    ) async throws -> BackgroundProcess {
        guard recordedTemplate != nil else { throw TestbedError.noMachine(name) }
        let (arguments, run) = entry(command)
        return try await BackgroundProcess.start(
            arguments, environment: self.environment.merging(environment) { _, new in new }, run: run,
            logPath: path("var/log/testbed-\(run).log"))
    }
}
