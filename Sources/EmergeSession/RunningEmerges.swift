import Glibc
import Posix

/// An emerge that runs on this machine.
public struct RunningEmerge: Equatable, Sendable {
    /// Its process number.
    public let pid: Int32
    /// When it started, in clock ticks since boot.
    public let ticks: UInt64
    /// Its arguments, from `emerge` on.
    public let arguments: [String]

    /// An emerge of these values.
    public init(pid: Int32, ticks: UInt64, arguments: [String]) {
        self.pid = pid
        self.ticks = ticks
        self.arguments = arguments
    }

    /// A name that no other emerge since boot has.
    public var name: String { "\(pid)-\(ticks)" }
    /// When it started, in seconds since 1970.
    public var started: Double { ProcessChain.date(ofTicks: ticks) ?? 0 }
    /// Whether it still runs.
    public var isAlive: Bool { ProcessChain.started(pid) == ticks }

    /// An emerge of this process number; nil when there is no such process.
    public init?(pid: Int32) {
        guard let ticks = ProcessChain.started(pid) else { return nil }
        self.init(pid: pid, ticks: ticks, arguments: [])
    }

    /// The emerges that run on this system, oldest first: not those of chroots and containers, whose prefix is another
    /// directory, and not the helpers that an emerge forks of itself.
    ///
    /// - Parameter prefix: EPREFIX, empty on an ordinary system.
    public static func all(prefix: String) -> [RunningEmerge] {
        let own = directory(prefix + "/.")
        let found = ProcessChain.all().filter { ProcessChain.program($0.link.arguments) == "emerge" }
        let numbers = Set(found.map(\.link.pid))
        return found.filter { process in
            !numbers.contains(process.parent)
                && directory("/proc/\(process.link.pid)/root\(prefix)/.") == own
        }.map { process in
            let words = process.link.arguments
            let start = words.firstIndex { $0.split(separator: "/").last == "emerge" } ?? 0
            return RunningEmerge(
                pid: process.link.pid, ticks: process.link.started, arguments: Array(words[start...]))
        }.sorted { $0.ticks < $1.ticks }
    }

    /// What tells a directory from all others; nil when it cannot be seen.
    private static func directory(_ path: String) -> [UInt64]? {
        var status = stat()
        return stat(path, &status) == 0 ? [UInt64(status.st_dev), UInt64(status.st_ino)] : nil
    }
}
