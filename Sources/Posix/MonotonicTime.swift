import Glibc

/// A point on the clock that never jumps.
public struct MonotonicTime: Comparable, Sendable {
    /// Nanoseconds since an arbitrary start.
    public let nanoseconds: Int64

    /// The point so many nanoseconds after that start.
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// The present.
    public static var now: MonotonicTime {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicTime(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    /// This point, moved by a number of milliseconds.
    public func advanced(byMilliseconds milliseconds: Int) -> MonotonicTime {
        MonotonicTime(nanoseconds: nanoseconds + Int64(milliseconds) * 1_000_000)
    }

    /// Milliseconds from now to this point; 0 when it has passed.
    public var millisecondsLeft: Int { max(0, Int((nanoseconds - MonotonicTime.now.nanoseconds) / 1_000_000)) }

    /// Whether the first point comes earlier.
    public static func < (a: MonotonicTime, b: MonotonicTime) -> Bool { a.nanoseconds < b.nanoseconds }
}
