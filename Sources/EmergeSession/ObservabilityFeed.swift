import Glibc
import Posix

/// The snapshots that one emerge publishes, as they come.
public final class ObservabilityFeed {
    /// The descriptor to poll; nil when the emerge publishes nothing, or not yet.
    public var descriptor: Int32? { socket?.descriptor }
    private var socket: UnixSocket?
    private let pid: Int32
    private let started: Double
    private let path: String
    private var lines = LineBuffer()

    /// Where the emerges of a system publish.
    ///
    /// - Parameter prefix: EPREFIX, empty on an ordinary system.
    public static func directory(prefix: String) -> String { prefix + "/run/portage" }

    /// The feed of an emerge; it is there when `connect` finds it.
    ///
    /// - Parameter started: when that emerge began, in seconds since 1970. What is older was left behind by another one,
    ///   which had the same number.
    public init(pid: Int32, started: Double, prefix: String) {
        self.pid = pid
        self.started = started
        path = Self.directory(prefix: prefix) + "/emerge-\(pid)"
    }

    /// Tries to connect, if that is not done. What a dead emerge left behind answers nothing, and is no connection.
    public func connect() {
        guard descriptor == nil, Files.exists(path + ".sock") else { return }
        socket = try? UnixSocket(connectingTo: path + ".sock")
        lines = LineBuffer()
    }

    /// The newest snapshot that has come since the last call; nil when there is none, or it is another emerge's.
    public func read() -> ObservabilitySnapshot? {
        guard let descriptor else { return nil }
        var newest: [UInt8]?
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count > 0 {
                newest = lines.take(buffer.prefix(count)).last ?? newest
                continue
            }
            if count < 0, errno == EINTR { continue }
            if count == 0 || errno != EAGAIN { socket = nil }
            break
        }
        return newest.flatMap(own)
    }

    /// The snapshot in the status file, for whom the socket does not answer.
    public func readFile() -> ObservabilitySnapshot? {
        // What is no file could keep a reader waiting.
        guard Files.status(path + ".json")?.isRegular == true else { return nil }
        return (try? Files.read(path + ".json", limit: ObservabilitySnapshot.sizeLimit)).flatMap(own)
    }

    /// Reads a snapshot of this emerge; nil when it is none, or of another. Start times are known to the second.
    private func own(_ bytes: [UInt8]) -> ObservabilitySnapshot? {
        guard let snapshot = ObservabilitySnapshot(bytes), snapshot.pid == pid, snapshot.time >= started - 2 else {
            return nil
        }
        return snapshot
    }
}

/// Cuts a stream into lines; one that is too long is dropped.
struct LineBuffer {
    private var part: [UInt8] = []
    private var isTooLong = false

    /// Takes the next bytes and returns the lines that are complete, without their ends.
    mutating func take(_ bytes: some Sequence<UInt8>) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        for byte in bytes {
            if byte == 0x0A {
                if !isTooLong { lines.append(part) }
                part = []
                isTooLong = false
            } else if part.count < ObservabilitySnapshot.sizeLimit {
                part.append(byte)
            } else {
                part = []
                isTooLong = true
            }
        }
        return lines
    }
}
