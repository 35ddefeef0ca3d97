import CPosix
import Glibc

/// Running another program in bounded time, without threads: what the hot programs need and no more.
public enum ChildProcess {
    /// How a program ended.
    public enum Outcome: Equatable, Sendable {
        /// It ended by itself with this code.
        case exited(Int32)
        /// A signal ended it.
        case signalled(Int32)
        /// It was still running at the deadline; its process group was killed.
        case timedOut
    }

    /// A program's end and what it wrote to standard output.
    public struct Result: Equatable, Sendable {
        /// How it ended.
        public let outcome: Outcome
        /// Standard output; at most `outputLimit` bytes, the rest dropped.
        public let output: [UInt8]
    }

    /// Runs a program to its end. It gets `input` on standard input and shares standard error; its process group is
    /// killed at the deadline.
    ///
    /// - Parameters:
    ///   - path: the program's absolute path.
    ///   - arguments: without argv[0].
    ///   - environment: the whole environment, `NAME=VALUE`.
    ///   - isWanted: asked about once a second while it runs; when nobody wants it any more, that is its deadline.
    public static func run(
        _ path: String, _ arguments: [String], environment: [String], input: [UInt8] = [], outputLimit: Int = 1 << 20,
        deadline: MonotonicTime, isWanted: () -> Bool = { true }
    ) throws(PosixError) -> Result {
        var inPipe: [Int32] = [-1, -1]
        var outPipe: [Int32] = [-1, -1]
        guard cposix_pipe(&inPipe) == 0 else { throw PosixError(errnoOf: "start", path) }
        guard cposix_pipe(&outPipe) == 0 else {
            let error = PosixError(errnoOf: "start", path)
            inPipe.forEach { close($0) }
            throw error
        }
        let pid = withCStrings([path] + arguments) { argv in
            withCStrings(environment) { envp in cposix_spawn(path, argv, envp, inPipe[0], outPipe[1], 2) }
        }
        close(inPipe[0])
        close(outPipe[1])
        guard pid > 0 else {
            close(inPipe[1])
            close(outPipe[0])
            throw PosixError("start", path, code: -pid)
        }
        signal(SIGPIPE, SIG_IGN)
        var deadline = deadline
        let output = exchange(input: input, to: inPipe[1], from: outPipe[0], limit: outputLimit, deadline: &deadline) {
            isWanted()
        }
        close(outPipe[0])
        return Result(outcome: wait(for: pid, until: deadline), output: output)
    }

    /// Writes the input and reads the output side by side until the output ends or the deadline passes, which is now when
    /// nobody wants it any more. Closes `inFD`.
    private static func exchange(
        input: [UInt8], to inFD: Int32, from outFD: Int32, limit: Int, deadline: inout MonotonicTime,
        while isWanted: () -> Bool
    ) -> [UInt8] {
        var inFD = inFD
        var written = 0
        var output: [UInt8] = []
        _ = fcntl(inFD, F_SETFL, O_NONBLOCK)
        func closeInput() {
            close(inFD)
            inFD = -1
        }
        if input.isEmpty { closeInput() }
        while deadline.millisecondsLeft > 0 {
            var polled = [pollfd(fd: outFD, events: Int16(POLLIN), revents: 0)]
            if inFD >= 0 { polled.append(pollfd(fd: inFD, events: Int16(POLLOUT), revents: 0)) }
            let ready = poll(&polled, nfds_t(polled.count), Int32(min(deadline.millisecondsLeft, 1000)))
            if ready < 0, errno != EINTR { break }
            if ready == 0, !isWanted() { deadline = .now }
            if ready <= 0 { continue }
            if inFD >= 0, polled[1].revents != 0 {
                let count = input.withUnsafeBytes {
                    write(inFD, $0.baseAddress?.advanced(by: written), input.count - written)
                }
                if count > 0 { written += count }
                if written == input.count || (count < 0 && errno != EAGAIN && errno != EINTR) { closeInput() }
            }
            if polled[0].revents != 0 {
                var buffer = [UInt8](repeating: 0, count: 65536)
                let count = read(outFD, &buffer, buffer.count)
                if count == 0 || (count < 0 && errno != EINTR) { break }
                if count > 0 { output.append(contentsOf: buffer.prefix(min(count, limit - output.count))) }
            }
        }
        if inFD >= 0 { close(inFD) }
        return output
    }

    /// Waits for the program; at the deadline its process group is killed.
    private static func wait(for pid: pid_t, until deadline: MonotonicTime) -> Outcome {
        var status: Int32 = 0
        var pause: useconds_t = 200
        while true {
            let done = waitpid(pid, &status, WNOHANG)
            if done == pid { break }
            if done < 0, errno != EINTR { return .exited(127) }
            if deadline.millisecondsLeft == 0 {
                killpg(pid, SIGKILL)
                waitpid(pid, &status, 0)
                return .timedOut
            }
            usleep(pause)
            pause = min(pause * 2, 20_000)
        }
        let signal = status & 0x7f
        return signal == 0 ? .exited((status >> 8) & 0xff) : .signalled(signal)
    }
}

/// Calls `body` with a NULL-terminated array of C strings. A string with a NUL is cut there.
func withCStrings<R>(_ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> R) -> R {
    let copies: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) }
    defer { copies.forEach { free($0) } }
    return body(copies + [nil])
}
