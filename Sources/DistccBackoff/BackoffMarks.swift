import Glibc
public import Posix

/// distcc's marks: a file in DISTCC_DIR/lock for each server that is not to be used for a while. Only its time counts.
public struct BackoffMarks: Sendable {
    /// A mark that is there.
    public struct Mark: Equatable, Sendable {
        /// The file's name.
        public let name: String
        /// The time it was set, in nanoseconds since 1970.
        public let time: Int64

        /// For how many more seconds distcc passes the server over; 0 when the mark is old, or its time is to come
        /// (distcc takes such a mark for a new one until the clock has reached it).
        public func secondsLeft(period: Int, now: Int64) -> Int {
            let age = now / 1_000_000_000 - time / 1_000_000_000
            return age < 0 ? 0 : max(0, period - Int(clamping: age))
        }
    }

    /// The directory of the marks and of distcc's slots.
    public let directory: String
    /// For how many seconds a mark counts; with 0 distcc neither sets nor reads marks.
    public let period: Int

    /// The marks below DISTCC_DIR.
    public init(distccDirectory: String, period: Int = 60) {
        directory = distccDirectory + "/lock"
        self.period = period
    }

    /// The period in DISTCC_BACKOFF_PERIOD: what C's `atoi` makes of it; 60 without it.
    public static func period(_ text: String?) -> Int {
        guard let text else { return 60 }
        let trimmed = text.drop { $0.isWhitespace }
        let sign = trimmed.first == "-" ? -1 : 1
        let digits = trimmed.drop { $0 == "-" || $0 == "+" }.prefix { $0.isASCII && $0.isNumber }
        return sign * (Int(digits.prefix(9)) ?? 0)
    }

    /// All marks, by name.
    public func all() -> [Mark] {
        ((try? Files.list(directory)) ?? []).filter { $0.hasPrefix("backoff_") }.compactMap { name in
            Files.status("\(directory)/\(name)").flatMap {
                $0.isRegular ? Mark(name: name, time: $0.modified) : nil
            }
        }
    }

    /// Marks a server from now on, as distcc does: the file is made or written again, never replaced. With a period of
    /// 0, and for this machine, nothing is done.
    public func set(_ host: Host) throws(PosixError) {
        guard period != 0, let name = host.markName else { return }
        let path = "\(directory)/\(name)"
        let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666)
        guard file >= 0 else { throw PosixError("mark", path, code: errno) }
        defer { close(file) }
        do throws(PosixError) {
            try Files.writeAll(file, "x".utf8, path: path)
        } catch {
            // A full disk has no room for a byte, but still for a time, and only that counts.
            guard futimens(file, nil) == 0 else { throw error }
        }
    }

    /// Takes back the mark of a server that a compile of ours set between two times, unless another process has set it
    /// again since.
    public func takeBack(_ host: Host, setBetween start: Int64, and end: Int64) {
        guard let name = host.markName else { return }
        let path = "\(directory)/\(name)"
        let aside = "\(directory)/.\(name).\(getpid())"
        guard let mark = Files.status(path), mark.isRegular, (start...end).contains(mark.modified),
            rename(path, aside) == 0
        else { return }
        // A mark set between the look and the rename is another's: it goes back, unless there is a newer one already.
        if let taken = Files.status(aside), taken.modified > end { link(aside, path) }
        unlink(aside)
    }

    /// The time of the file system's clock, in nanoseconds since 1970.
    static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
