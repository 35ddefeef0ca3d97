public import Posix
import Synchronization

/// Remembers which packages were staged: emerge.log has them like compiled ones, and they would spoil its medians.
public struct StagedRecord {
    private let path: String
    private static let kept = 2000
    /// Held while the file is read and written again: the agent stages several packages at a time.
    private static let writing = Mutex<Void>(())

    /// The record of a system.
    ///
    /// - Parameter prefix: EPREFIX, empty on an ordinary system.
    public init(prefix: String) { path = prefix + "/var/cache/portmanteau/staged" }

    /// What was staged: `SECONDS CPV` lines; others are passed over.
    var entries: [(cpv: String, time: Int)] {
        let text = (try? Files.readText(path, limit: 1 << 20)) ?? ""
        return text.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard words.count == 2, let time = Int(words[0]) else { return nil }
            return (String(words[1]), time)
        }
    }

    /// Adds a package. The oldest entries go.
    ///
    /// - Parameter time: when it was staged, in seconds since 1970.
    public func add(_ cpv: String, time: Int) throws(PosixError) {
        try Self.writing.withLock { _ throws(PosixError) in
            let lines = (entries + [(cpv, time)]).suffix(Self.kept).map { "\($0.time) \($0.cpv)\n" }
            try Files.replace(path, with: Array(lines.joined().utf8))
        }
    }
}
