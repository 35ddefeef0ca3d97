import CPosix
import Glibc

/// A program that stands in for this one: it shares the environment, standard input, the process group and all open
/// descriptors (a jobserver's too), and what ends this process ends it.
public struct InheritedChild: ~Copyable {
    /// What a held child wrote, and how it ended.
    public struct Held: Sendable {
        /// Its process number.
        public var pid: Int32
        /// How it ended.
        public var outcome = ChildProcess.Outcome.exited(127)
        /// Standard output.
        public var output: [UInt8] = []
        /// Standard error.
        public var errors: [UInt8] = []
        /// What it wrote to the log's descriptor; only the first part of a long one.
        public var log: [UInt8] = []
        /// The signal that this process got meanwhile, and passed on; nil when it got none.
        public var interruption: Int32?
        /// Whether it wrote more than the limit, and was ended for that.
        public var isTooLong = false
    }

    /// Its process number.
    public let pid: Int32

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - path: of the program.
    ///   - arguments: with argv[0]; they are passed on byte for byte.
    ///   - output: its standard output; this process's own when it is nil.
    ///   - errors: its standard error, likewise.
    public init(
        _ path: String, arguments: [UnsafeMutablePointer<CChar>], output: Int32? = nil, errors: Int32? = nil
    ) throws(PosixError) {
        var actions = posix_spawn_file_actions_t()
        guard posix_spawn_file_actions_init(&actions) == 0 else { throw PosixError("start", path, code: ENOMEM) }
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let output { posix_spawn_file_actions_adddup2(&actions, output, 1) }
        if let errors { posix_spawn_file_actions_adddup2(&actions, errors, 2) }
        var child: pid_t = 0
        let code = posix_spawn(&child, path, &actions, nil, arguments + [nil], cposix_environment())
        guard code == 0 else { throw PosixError("start", path, code: code) }
        pid = child
    }

    /// Waits for its end. Signals that would end this process meanwhile are passed on to it.
    public consuming func wait() -> ChildProcess.Outcome {
        SignalRelay.begin(pid)
        defer { SignalRelay.end() }
        return collect()
    }

    private func collect() -> ChildProcess.Outcome {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) != pid {
            if errno != EINTR { return .exited(127) }
        }
        let signal = status & 0x7f
        return signal == 0 ? .exited((status >> 8) & 0xff) : .signalled(signal)
    }

    /// Runs a program and holds back what it writes, at most `limit` bytes; when it writes more, it is ended.
    ///
    /// - Parameter logVariable: the environment variable that tells the program the number of a descriptor for its log.
    public static func hold(
        _ path: String, arguments: [UnsafeMutablePointer<CChar>], limit: Int, logVariable: String
    ) throws(PosixError) -> Held {
        let output = try Pipe(for: path)
        let errors = try Pipe(for: path)
        let log = try Pipe(for: path)
        _ = fcntl(log.writing, F_SETFD, 0)
        setenv(logVariable, String(log.writing), 1)
        let child = try InheritedChild(path, arguments: arguments, output: output.writing, errors: errors.writing)
        SignalRelay.begin(child.pid)
        defer { SignalRelay.end() }
        output.closeWriting()
        errors.closeWriting()
        log.closeWriting()
        var held = Held(pid: child.pid)
        var open = [output.reading, errors.reading, log.reading]
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while !open.isEmpty {
            var polled = open.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            let ready = poll(&polled, nfds_t(polled.count), -1)
            if ready < 0, errno != EINTR { break }
            // What the child leaves behind may hold its output open.
            if SignalRelay.received != 0 { break }
            if ready <= 0 { continue }
            for entry in polled where entry.revents != 0 {
                let count = read(entry.fd, &buffer, buffer.count)
                if count < 0, errno == EINTR || errno == EAGAIN { continue }
                if count <= 0 {
                    open.removeAll { $0 == entry.fd }
                } else if entry.fd == output.reading {
                    held.output += buffer.prefix(count)
                } else if entry.fd == errors.reading {
                    held.errors += buffer.prefix(count)
                } else if held.log.count < logLimit {
                    held.log += buffer.prefix(count)
                }
            }
            if held.output.count + held.errors.count > limit {
                held.isTooLong = true
                kill(child.pid, SIGTERM)
                break
            }
        }
        held.outcome = child.collect()
        held.interruption = SignalRelay.received == 0 ? nil : SignalRelay.received
        return held
    }

    private static let logLimit = 1 << 20
}

/// A pipe; both ends are closed with the value, and at exec.
private struct Pipe: ~Copyable {
    let reading: Int32
    let writing: Int32
    private let isWritingOpen = UnsafeMutablePointer<Bool>.allocate(capacity: 1)

    init(for path: String) throws(PosixError) {
        var ends: [Int32] = [-1, -1]
        guard cposix_pipe(&ends) == 0 else { throw PosixError(errnoOf: "start", path) }
        reading = ends[0]
        writing = ends[1]
        isWritingOpen.initialize(to: true)
    }

    func closeWriting() {
        guard isWritingOpen.pointee else { return }
        close(writing)
        isWritingOpen.pointee = false
    }

    deinit {
        closeWriting()
        close(reading)
        isWritingOpen.deallocate()
    }
}

/// Passes the signals that end a process on to a child.
private enum SignalRelay {
    // Read by a signal handler: plain words only.
    nonisolated(unsafe) private static var target: pid_t = 0
    nonisolated(unsafe) private(set) static var received: Int32 = 0
    private static let signals = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]

    static func begin(_ pid: pid_t) {
        target = pid
        received = 0
        for number in signals {
            let old = signal(number) { number in
                SignalRelay.received = number
                if SignalRelay.target > 0 { kill(SignalRelay.target, number) }
            }
            // What is ignored, as under nohup, stays ignored.
            if unsafeBitCast(old, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) { signal(number, SIG_IGN) }
        }
    }

    static func end() {
        target = 0
        for number in signals {
            let old = signal(number, SIG_DFL)
            if unsafeBitCast(old, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) { signal(number, SIG_IGN) }
        }
    }
}
