import Glibc

/// The new content of a file, complete on disk beside it: all that can fail for want of room is done before `publish`.
public struct FileDraft: Sendable {
    /// The file that it is for.
    public let path: String
    private let temporary: String

    /// Writes and syncs the content. The path's directory must be there.
    public init(of path: String, _ bytes: some Collection<UInt8>, mode: UInt32 = 0o644) throws(PosixError) {
        self.path = path
        temporary = Files.draft(of: path)
        unlink(temporary)
        let fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard fd >= 0 else { throw PosixError(errnoOf: "write", path) }
        do throws(PosixError) {
            defer { close(fd) }
            try Files.writeAll(fd, bytes, path: path)
            guard fchmod(fd, mode) == 0, fsync(fd) == 0 else { throw PosixError(errnoOf: "write", path) }
        } catch {
            unlink(temporary)
            throw error
        }
    }

    /// Renames it over the file.
    public func publish() throws(PosixError) {
        guard rename(temporary, path) == 0 else {
            let error = PosixError(errnoOf: "replace", path)
            unlink(temporary)
            throw error
        }
    }

    /// Removes it; the file stays as it is.
    public func discard() { unlink(temporary) }
}
