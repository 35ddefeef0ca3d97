import Crypto
import Glibc
import NIOCore
import Posix
import Synchronization

/// A file in the making, with the hash of what was written to it.
final class PartialFile: Sendable {
    private struct State {
        var hash = SHA256()
        var size = 0
        var stated: String?
        var isThere = true
    }

    private let path: String
    private let descriptor: Int32
    private let state = Mutex(State())

    init(_ path: String) throws(PosixError) {
        unlink(path)
        let fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard fd >= 0 else { throw PosixError("write", path, code: errno) }
        self.path = path
        descriptor = fd
    }

    deinit { close(descriptor) }

    /// How many bytes there are.
    var size: Int { state.withLock { $0.size } }

    /// The hash that the server states for the whole file.
    var stated: String? {
        get { state.withLock { $0.stated } }
        set { state.withLock { $0.stated = newValue } }
    }

    func write(_ part: ByteBufferView) throws(PosixError) {
        let bytes = Array(part)
        try Files.writeAll(descriptor, bytes, path: path)
        state.withLock { state in
            bytes.withUnsafeBytes { state.hash.update(bufferPointer: $0) }
            state.size += bytes.count
        }
    }

    /// Begins anew.
    func reset() throws(PosixError) {
        guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else {
            throw PosixError("write", path, code: errno)
        }
        state.withLock { $0 = State() }
    }

    var sha256: String { state.withLock { Array($0.hash.finalize()).hexadecimal } }

    func finish(as target: String) throws(PosixError) {
        guard fsync(descriptor) == 0 else { throw PosixError("write", path, code: errno) }
        try Files.move(path, to: target)
        state.withLock { $0.isThere = false }
    }

    /// Removes the file, unless it was finished.
    func discard() {
        if state.withLock({ $0.isThere }) { unlink(path) }
    }
}

extension Sequence<UInt8> {
    /// The bytes as lower-case hexadecimal digits.
    fileprivate var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
