import CPosix
import Glibc

/// A program that runs beside an event loop and whose output is read as it comes. It is killed with the value.
public final class BackgroundChild {
    /// The descriptor to poll; nil when the output has ended.
    public private(set) var descriptor: Int32?
    /// Standard output so far.
    public private(set) var output: [UInt8] = []
    /// How it ended; nil while it runs.
    public private(set) var outcome: ChildProcess.Outcome?
    private let pid: Int32
    private let limit: Int

    /// Starts a program in a process group of its own, without standard input and with standard error dropped.
    ///
    /// - Parameters:
    ///   - path: of the program.
    ///   - arguments: with argv[0].
    ///   - environment: the whole environment, `NAME=VALUE`.
    ///   - limit: the bytes of output that are kept.
    public init(_ path: String, arguments: [String], environment: [String], limit: Int = 64 << 20) throws(PosixError) {
        var pipe: [Int32] = [-1, -1]
        guard cposix_pipe(&pipe) == 0 else { throw PosixError(errnoOf: "start", path) }
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        defer {
            close(null)
            close(pipe[1])
        }
        let pid = withCStrings(arguments) { argv in
            withCStrings(environment) { envp in cposix_spawn(path, argv, envp, null, pipe[1], null) }
        }
        guard pid > 0 else {
            close(pipe[0])
            throw PosixError("start", path, code: -pid)
        }
        _ = fcntl(pipe[0], F_SETFL, O_NONBLOCK)
        descriptor = pipe[0]
        self.pid = pid
        self.limit = limit
    }

    deinit {
        if let descriptor { close(descriptor) }
        if outcome == nil {
            killpg(pid, SIGKILL)
            reap()
        }
    }

    /// Reads what is there. When the output has ended, so has the program.
    public func read() {
        guard let descriptor else { return }
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count > 0 {
                output.append(contentsOf: buffer.prefix(min(count, limit - output.count)))
                continue
            }
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN { return }
            close(descriptor)
            self.descriptor = nil
            return reap()
        }
    }

    private func reap() {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7f
        outcome = signal == 0 ? .exited((status >> 8) & 0xff) : .signalled(signal)
    }
}

/// Becoming another program.
public enum ProcessReplacement {
    /// Replaces this process by a program; returns only when that is not possible.
    ///
    /// - Parameters:
    ///   - path: of the program.
    ///   - arguments: with argv[0].
    ///   - environment: the whole environment, `NAME=VALUE`.
    public static func replace(_ path: String, arguments: [String], environment: [String]) -> PosixError {
        withCStrings(arguments) { argv in
            withCStrings(environment) { envp in
                execve(path, argv, envp)
                return PosixError(errnoOf: "start", path)
            }
        }
    }

    /// The absolute path of a program that a shell would find by this name; nil when there is none.
    public static func find(_ name: String, path: String) -> String? {
        for folder in path.split(separator: ":") where folder.hasPrefix("/") {
            let candidate = "\(folder)/\(name)"
            if access(candidate, X_OK) == 0, Files.realPath(candidate).flatMap(Files.status)?.isRegular == true {
                return candidate
            }
        }
        return nil
    }
}
