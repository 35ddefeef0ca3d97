internal import Glibc
internal import Posix

/// The log of one build, on disk. After the limit nothing more is kept, and a line says so.
actor BuildLog {
    /// The file.
    nonisolated let path: String
    private let limit: Int
    private var written = 0
    private var isFull = false
    private var descriptor: Int32
    private let changed: @Sendable () async -> Void

    /// Begins an empty log. `changed` is called after each addition.
    init(path: String, limit: Int, changed: @escaping @Sendable () async -> Void) {
        self.path = path
        self.limit = limit
        self.changed = changed
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
    }

    /// Adds bytes. A log that cannot be written stops no build.
    func append(_ bytes: [UInt8]) async {
        guard descriptor >= 0, !isFull else { return }
        var bytes = bytes
        if written + bytes.count > limit {
            isFull = true
            bytes = bytes.prefix(limit - written) + Array("\n[the log is longer; the rest is not kept]\n".utf8)
        }
        written += bytes.count
        try? Files.writeAll(descriptor, bytes, path: path)
        await changed()
    }

    /// Closes the file.
    func finish() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// How long a log is; nil when there is none.
    static func size(of path: String) -> Int? { Files.status(path)?.size }

    /// At most 64 KiB of a log from an offset on; empty at its end, or when there is none.
    static func part(of path: String, from offset: Int) -> [UInt8] {
        let fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard fd >= 0 else { return [] }
        defer { close(fd) }
        return [UInt8](unsafeUninitializedCapacity: 65536) { buffer, count in
            count = max(0, pread(fd, buffer.baseAddress, buffer.count, off_t(offset)))
        }
    }
}
