import Glibc
import Posix

/// Reads what is added to `emerge.log`, and nothing twice. A log that is replaced or cut is read from its beginning.
public struct LogFollower {
    private let path: String
    private var offset: Int
    private var inode: UInt64?
    private var part: [UInt8] = []

    /// Follows a log.
    ///
    /// - Parameters:
    ///   - path: `/var/log/emerge.log`, or where `EMERGE_LOG_DIR` puts it. It need not be there.
    ///   - last: how much of what is there already is read too, in bytes.
    public init(_ path: String, last: Int = 0) {
        self.path = path
        let status = Files.status(path)
        inode = status?.inode
        offset = max(0, (status?.size ?? 0) - last)
    }

    /// The lines that are complete since the last call.
    public mutating func read() -> [EmergeLogLine] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return [] }
        if UInt64(status.st_ino) != inode || Int(status.st_size) < offset {
            (inode, offset, part) = (UInt64(status.st_ino), 0, [])
        }
        guard Int(status.st_size) > offset, lseek(descriptor, offset, SEEK_SET) >= 0 else { return [] }
        guard let bytes = try? Files.readAll(descriptor, path: path, limit: Self.limit) else {
            // Too much at once is no log of one emerge.
            offset = Int(status.st_size)
            return []
        }
        offset += bytes.count
        part += bytes
        guard let end = part.lastIndex(of: 0x0A) else { return [] }
        let lines = EmergeLog.events(in: part[...end])
        part.removeSubrange(...end)
        return lines
    }

    private static let limit = 64 << 20
}
