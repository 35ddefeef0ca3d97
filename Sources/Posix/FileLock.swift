import Glibc

/// An `flock` on a file, exclusive unless it is shared, held as long as the value lives. It ends with the process, however
/// that dies, and so tells others whether the holder is alive.
public struct FileLock: ~Copyable, Sendable {
    private let descriptor: Int32

    /// Takes the lock, or returns nil when another process has it.
    ///
    /// - Parameter isShared: whether others may share it; nobody can have it alone as long.
    public init?(tryingPath path: String, mode: UInt32 = 0o644, isShared: Bool = false) throws(PosixError) {
        let fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, mode)
        guard fd >= 0 else { throw PosixError(errnoOf: "lock", path) }
        if flock(fd, (isShared ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0 {
            let code = errno
            close(fd)
            if code == EWOULDBLOCK { return nil }
            throw PosixError("lock", path, code: code)
        }
        descriptor = fd
    }

    /// Whether some process holds the lock of this file. A file that is not there is not locked.
    public static func isHeld(_ path: String) -> Bool {
        let fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard fd >= 0 else { return false }
        defer { close(fd) }
        guard flock(fd, LOCK_SH | LOCK_NB) != 0 else { return false }
        return errno == EWOULDBLOCK
    }

    /// Whether the file at this path is still the one that is locked.
    public func isOf(_ path: String) -> Bool {
        var mine = stat()
        var there = stat()
        return fstat(descriptor, &mine) == 0 && lstat(path, &there) == 0 && mine.st_ino == there.st_ino
            && mine.st_dev == there.st_dev
    }

    deinit {
        // A child that another thread is just starting has the file open too until it runs its program: closing it here
        // alone would leave the lock with that child.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }
}
