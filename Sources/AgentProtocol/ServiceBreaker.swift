import Glibc
public import Posix

/// What this machine knows of a service that did not answer, so that the next packages do not try in vain: a small file
/// in the run directory, one per service, shared by the agent and by everything that runs without it.
///
/// Times are of the clock that never jumps, and count only since the present boot.
public struct ServiceBreaker: Equatable, Sendable {
    /// Whether to ask the service.
    public enum Verdict: Equatable, Sendable {
        /// As usual.
        case ask
        /// It was away, and it is time to look again, briefly.
        case lookAgain
        /// Not now: it was away, for this reason.
        case away(String)
    }

    /// The file.
    public let path: String

    private let boot: String

    /// Failures of a service that answers, but not well, until it counts as away.
    static let strikes = 3
    /// Milliseconds until a service that was away is looked for again: first, and at most.
    static let firstPause = 30_000
    static let longestPause = 600_000

    /// What is known of the service at an address.
    ///
    /// - Parameters:
    ///   - directory: the run directory, `/run/portmanteau`.
    ///   - boot: names the time since the last boot.
    public init(directory: String, service: String, boot: String = Self.presentBoot) {
        // FNV-1a: only names must not clash.
        let hash = service.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        path = "\(directory)/service-\(String(hash, radix: 16))"
        self.boot = boot
    }

    /// The kernel's name for the time since the last boot.
    public static var presentBoot: String {
        String(((try? Files.readText("/proc/sys/kernel/random/boot_id", limit: 100)) ?? "").prefix { $0 != "\n" })
    }

    /// Whether to ask the service at this moment.
    public func verdict(at now: MonotonicTime = .now) -> Verdict {
        guard let record = read(), record.failures >= Self.strikes, record.pause > 0 else { return .ask }
        return isPausing(record, at: now) ? .away(record.reason) : .lookAgain
    }

    /// Whether the service was away and is there again, but has not yet shown that it does its work.
    public var isOnTrial: Bool { read().map { $0.failures < Self.strikes && $0.pause > 0 } ?? false }

    /// Notes that nobody answered.
    public func noteAway(_ reason: String, at now: MonotonicTime = .now) { note(Self.strikes, reason, at: now) }

    /// Notes that a service did not do what it was asked to, though it is there. So that it is there ends no pause.
    public func noteUnanswered(_ reason: String, at now: MonotonicTime = .now) {
        note(Self.strikes + 1, reason, at: now)
    }

    /// Begins a pause, twice as long as the one before. Who fails during a pause, since it asked at the same time or had
    /// to ask in any case, makes it no longer.
    private func note(_ failures: Int, _ reason: String, at now: MonotonicTime) {
        let before = read()
        if var before, isPausing(before, at: now) {
            guard failures > before.failures else { return }
            before.failures = failures
            before.reason = reason
            return write(before)
        }
        let pause = before.flatMap { $0.pause > 0 ? min($0.pause * 2, Self.longestPause) : nil } ?? Self.firstPause
        write(Record(failures: failures, time: now.nanoseconds, pause: pause, reason: reason))
    }

    private func isPausing(_ record: Record, at now: MonotonicTime) -> Bool {
        let since = now.nanoseconds - record.time
        // A time that is to come is of another boot or damaged.
        return record.failures >= Self.strikes && record.pause > 0 && since >= 0
            && since < Int64(record.pause) * 1_000_000
    }

    /// Notes an answer that could not be used. After a few in a row the service counts as away.
    public func noteStrike(_ reason: String, at now: MonotonicTime = .now) {
        let before = read()
        let failures = (before?.failures ?? 0) + 1
        guard failures < Self.strikes else { return noteUnanswered(reason, at: now) }
        write(Record(failures: failures, time: now.nanoseconds, pause: before?.pause ?? 0, reason: reason))
    }

    /// Notes that a service that was away answers again. Whether it does its work is still to be seen: one more bad
    /// answer, and it is away for longer than before. It changes nothing while a service that was there all the time
    /// has its pause.
    public func noteThere(at now: MonotonicTime = .now) {
        guard let record = read(), record.failures >= Self.strikes,
            record.failures == Self.strikes || !isPausing(record, at: now)
        else { return }
        write(
            Record(
                failures: Self.strikes - 1, time: now.nanoseconds, pause: record.pause, reason: record.reason))
    }

    /// Notes that the service does its work.
    public func noteGood() { unlink(path) }

    private struct Record {
        var failures: Int
        var time: Int64
        var pause: Int
        var reason: String
    }

    private static let header = "portmanteau-service 1"

    /// The file's content; nil when it is none, or of another boot.
    private func read() -> Record? {
        guard let text = try? Files.readText(path, limit: 1 << 14), text.hasSuffix("\n") else { return nil }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.count >= 6, lines[0] == Self.header, lines[1] == boot, let failures = Int(lines[2]),
            let time = Int64(lines[3]), let pause = Int(lines[4]), (0...1_000_000).contains(failures),
            (0...Self.longestPause).contains(pause), (0...Int64.max / 2).contains(time)
        else { return nil }
        return Record(failures: failures, time: time, pause: pause, reason: lines[5])
    }

    /// Writes the file. When that is not possible, the next package tries again and loses no more than this one did.
    private func write(_ record: Record) {
        let fields = [
            Self.header, boot, String(record.failures), String(record.time), String(record.pause),
            record.reason.printable,
        ]
        if let slash = path.lastIndex(of: "/") { try? Files.makeDirectories(String(path[..<slash])) }
        try? Files.replace(path, with: Array((fields.joined(separator: "\n") + "\n").utf8))
    }
}
