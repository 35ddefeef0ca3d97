import CPosix
import Glibc

/// Signals as bytes that an event loop reads. There is one queue in a process.
public struct SignalQueue: Sendable {
    /// The descriptor to poll.
    public let descriptor: Int32

    /// Takes these signals from now on; those that are ignored stay so.
    public init(_ signals: [Int32]) throws(PosixError) {
        let fd = cposix_signal_pipe(signals, Int32(signals.count))
        guard fd >= 0 else { throw PosixError("wait for signals", code: -fd) }
        descriptor = fd
    }

    /// The signals that came since the last call, in their order.
    public func read() -> [Int32] {
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        return count > 0 ? bytes.prefix(count).map(Int32.init) : []
    }

    /// Stops this process and its group as SIGTSTP does by default, and returns when it goes on.
    public func stopProcess() {
        cposix_signal_default(SIGTSTP)
        kill(0, SIGTSTP)
        cposix_signal_queued(SIGTSTP)
    }
}
