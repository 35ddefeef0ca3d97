import CPosix
import Glibc

/// A program that runs as the foreground job of a terminal made for it. Whoever has the other end reads what it writes,
/// and types.
public final class TerminalJob {
    /// What became of the job.
    public enum Event: Equatable, Sendable {
        /// It runs with this process number, which is also its group's.
        case started(pid: Int32)
        /// The program could not be started: the value of `errno`.
        case failed(Int32)
        /// A signal stopped it.
        case stopped(Int32)
        /// It goes on.
        case continued
        /// It ended.
        case ended(ChildProcess.Outcome)
    }

    /// The end of the terminal to read from and to type into; it does not block.
    public let controller: Int32
    /// The descriptor to poll for events.
    public let events: Int32
    /// The job's process number; nil before it has started.
    public private(set) var pid: Int32?
    private let leader: Int32

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - path: the program's absolute path.
    ///   - arguments: with argv[0].
    ///   - environment: the whole environment, `NAME=VALUE`.
    ///   - size: of its terminal.
    ///   - modes: the modes that its terminal begins with.
    ///   - input: a descriptor in place of the terminal as standard input.
    public init(
        _ path: String, arguments: [String], environment: [String], size: TerminalSize, modes: TerminalMode?,
        input: Int32? = nil
    ) throws(PosixError) {
        var controller: Int32 = -1
        var terminal: Int32 = -1
        let code = cposix_open_terminal(&controller, &terminal)
        guard code == 0 else { throw PosixError("make a terminal for", path, code: code) }
        defer { close(terminal) }
        modes?.set(terminal)
        _ = cposix_set_terminal_size(terminal, Int32(size.columns), Int32(size.rows))
        var pipe: [Int32] = [-1, -1]
        guard cposix_pipe(&pipe) == 0 else {
            let error = PosixError(errnoOf: "start", path)
            close(controller)
            throw error
        }
        let leader = withCStrings(arguments) { argv in
            withCStrings(environment) { envp in
                cposix_start_job(path, argv, envp, terminal, input ?? -1, pipe[1])
            }
        }
        close(pipe[1])
        guard leader > 0 else {
            close(controller)
            close(pipe[0])
            throw PosixError("start", path, code: -leader)
        }
        _ = fcntl(controller, F_SETFL, O_NONBLOCK)
        self.controller = controller
        self.events = pipe[0]
        self.leader = leader
    }

    deinit {
        close(controller)
        close(events)
        var status: Int32 = 0
        while waitpid(leader, &status, 0) < 0, errno == EINTR {}
    }

    /// The next event; waits for it. When the leader is gone without one, the job ended by a hang-up.
    public func nextEvent() -> Event {
        var record = cposix_report()
        var count = 0
        repeat { count = read(events, &record, MemoryLayout<cposix_report>.size) } while count < 0 && errno == EINTR
        guard count == MemoryLayout<cposix_report>.size else { return .ended(.signalled(SIGHUP)) }
        switch UInt8(truncatingIfNeeded: record.kind) {
        case UInt8(ascii: "p"):
            pid = record.value
            return .started(pid: record.value)
        case UInt8(ascii: "x"): return .failed(record.value)
        case UInt8(ascii: "s"): return .stopped(record.value)
        case UInt8(ascii: "c"): return .continued
        case UInt8(ascii: "k"): return .ended(.signalled(record.value))
        default: return .ended(.exited(record.value))
        }
    }

    /// Sends a signal to the job.
    public func send(_ signal: Int32) {
        if let pid { killpg(pid, signal) }
    }

    /// The byte that, typed now, stops what runs in the foreground of the job's terminal; nil when none does.
    public var stopKey: UInt8? {
        var modes = termios()
        guard tcgetattr(controller, &modes) == 0, modes.c_lflag & tcflag_t(ISIG) != 0 else { return nil }
        return withUnsafeBytes(of: modes.c_cc) { $0.count > Int(VSUSP) ? $0[Int(VSUSP)] : nil }
    }

    /// Whether the job waits in the kernel and takes no signal, as while a child of vfork has not begun its program.
    public var isUninterruptible: Bool {
        guard let pid, let text = try? Files.readText("/proc/\(pid)/stat", limit: 4096),
            let end = text.lastIndex(of: ")")
        else { return false }
        return text[text.index(after: end)...].hasPrefix(" D")
    }

    /// Tells the job the size of its terminal.
    public func resize(_ size: TerminalSize) {
        _ = cposix_set_terminal_size(controller, Int32(size.columns), Int32(size.rows))
    }
}
