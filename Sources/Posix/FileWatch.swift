import CPosix
import Glibc

/// Tells when files change, without asking again and again.
public final class FileWatch {
    /// The descriptor to poll; negative when the system has no more of them.
    public let descriptor: Int32

    /// A watch of nothing yet.
    public init() { descriptor = cposix_watch_open() }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Watches a file, or a directory for new, replaced and removed entries. False when that is not possible.
    @discardableResult
    public func add(_ path: String) -> Bool { descriptor >= 0 && cposix_watch_add(descriptor, path) == 0 }

    /// Forgets the changes so far.
    public func clear() {
        var bytes = [UInt8](repeating: 0, count: 8192)
        while read(descriptor, &bytes, bytes.count) > 0 {}
    }
}
