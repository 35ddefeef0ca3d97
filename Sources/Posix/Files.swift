import Glibc

/// Plain operations on files. Paths are absolute or relative to the working directory; every error names its path.
public enum Files {
    /// What `lstat` says of a path.
    public struct Status: Equatable, Sendable {
        /// The file's number on its file system.
        public let inode: UInt64
        /// Permissions and type, as in `st_mode`.
        public let mode: UInt32
        /// The owner's user id.
        public let owner: UInt32
        /// Size in bytes.
        public let size: Int
        /// Time of the last change of content, in nanoseconds since 1970.
        public let modified: Int64
        /// Time when it was last read, as far as the file system notes that, or anything of it was changed, whichever is
        /// later; in nanoseconds since 1970.
        public let touched: Int64

        /// Whether it is a directory (not a link to one).
        public var isDirectory: Bool { mode & UInt32(S_IFMT) == UInt32(S_IFDIR) }
        /// Whether it is a regular file (not a link to one).
        public var isRegular: Bool { mode & UInt32(S_IFMT) == UInt32(S_IFREG) }
        /// Whether it is a symbolic link.
        public var isLink: Bool { mode & UInt32(S_IFMT) == UInt32(S_IFLNK) }

        init(_ raw: stat) {
            inode = UInt64(raw.st_ino)
            mode = raw.st_mode
            owner = raw.st_uid
            size = Int(raw.st_size)
            modified = Self.nanoseconds(raw.st_mtim)
            touched = max(Self.nanoseconds(raw.st_atim), Self.nanoseconds(raw.st_ctim))
        }

        private static func nanoseconds(_ time: timespec) -> Int64 {
            Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
        }
    }

    /// The status of a path without following a link; nil when nothing is there or it cannot be seen.
    public static func status(_ path: String) -> Status? {
        var raw = stat()
        return lstat(path, &raw) == 0 ? Status(raw) : nil
    }

    /// Whether something is at the path, links followed.
    public static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// The path with every link resolved; nil when nothing is there.
    public static func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// Reads a whole file of at most `limit` bytes; a larger one is refused with `EFBIG`.
    public static func read(_ path: String, limit: Int = 64 << 20) throws(PosixError) -> [UInt8] {
        let fd = open(path, O_RDONLY | O_CLOEXEC)
        guard fd >= 0 else { throw PosixError(errnoOf: "read", path) }
        defer { close(fd) }
        return try readAll(fd, path: path, limit: limit)
    }

    /// Reads a descriptor to its end; more than `limit` bytes are refused with `EFBIG`.
    public static func readAll(_ fd: Int32, path: String, limit: Int) throws(PosixError) -> [UInt8] {
        var raw = stat()
        let hint = fstat(fd, &raw) == 0 ? min(max(Int(raw.st_size), 0), limit) : 0
        var bytes: [UInt8] = []
        bytes.reserveCapacity(hint + 1)
        let chunk = min(max(hint + 1, 4096), 1 << 20)
        while true {
            let start = bytes.count
            var got = 0
            bytes.append(
                contentsOf: [UInt8](unsafeUninitializedCapacity: chunk) { buffer, count in
                    repeat { got = Glibc.read(fd, buffer.baseAddress, chunk) } while got < 0 && errno == EINTR
                    count = max(got, 0)
                })
            if got < 0 { throw PosixError(errnoOf: "read", path) }
            if got == 0 { return bytes }
            if start + got > limit { throw PosixError("read", path, code: EFBIG) }
        }
    }

    /// The file's text, with bytes that are not UTF-8 replaced.
    public static func readText(_ path: String, limit: Int = 64 << 20) throws(PosixError) -> String {
        String(decoding: try read(path, limit: limit), as: UTF8.self)
    }

    /// Writes all bytes to a descriptor.
    public static func writeAll(_ fd: Int32, _ bytes: some Collection<UInt8>, path: String = "") throws(PosixError) {
        let data = Array(bytes)
        var done = 0
        while done < data.count {
            let count = data.withUnsafeBytes { Glibc.write(fd, $0.baseAddress?.advanced(by: done), data.count - done) }
            if count < 0 {
                if errno == EINTR { continue }
                throw PosixError(errnoOf: "write", path)
            }
            done += count
        }
    }

    /// Replaces a file by a new one with this content: written beside it, synced, and renamed over it, so that a reader
    /// sees the old or the new content and never a part. The path's directory must be there.
    public static func replace(_ path: String, with bytes: some Collection<UInt8>, mode: UInt32 = 0o644)
        throws(PosixError)
    {
        try FileDraft(of: path, bytes, mode: mode).publish()
    }

    /// Where this process writes what is to take the place of a path by one rename: `.NAME.new-PID` beside it. It is
    /// hidden: who reads a whole directory of configuration, as Portage does, passes over what a killed process left.
    public static func draft(of path: String) -> String {
        let (directory, name) = split(path)
        return "\(directory).\(name).new-\(getpid())"
    }

    /// Removes the drafts of a path that processes left which are gone.
    public static func removeAbandonedDrafts(of path: String) {
        let (directory, name) = split(path)
        for entry in (try? list(directory.isEmpty ? "." : directory)) ?? [] where entry.hasPrefix(".\(name).new-") {
            guard let pid = pid_t(entry.dropFirst(name.utf8.count + ".".utf8.count + ".new-".utf8.count)), pid > 0,
                kill(pid, 0) != 0, errno == ESRCH
            else { continue }
            try? removeTree(directory + entry)
        }
    }

    /// A path's directory with its slash, and its name.
    private static func split(_ path: String) -> (directory: String, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return ("", path) }
        return (String(path[...slash]), String(path[path.index(after: slash)...]))
    }

    /// Makes a directory and those above it; one that is there already is left as it is.
    public static func makeDirectories(_ path: String, mode: UInt32 = 0o755) throws(PosixError) {
        guard !path.isEmpty, path != "/" else { return }
        if mkdir(path, mode) == 0 { return }
        if errno == EEXIST {
            var raw = stat()
            if stat(path, &raw) == 0, raw.st_mode & S_IFMT == S_IFDIR { return }
            throw PosixError("create directory", path, code: ENOTDIR)
        }
        guard errno == ENOENT, let slash = path.dropLast().lastIndex(of: "/"), slash != path.startIndex else {
            throw PosixError(errnoOf: "create directory", path)
        }
        try makeDirectories(String(path[..<slash]), mode: mode)
        if mkdir(path, mode) != 0, errno != EEXIST { throw PosixError(errnoOf: "create directory", path) }
    }

    /// The names in a directory, sorted, without `.` and `..`.
    public static func list(_ path: String) throws(PosixError) -> [String] {
        guard let directory = opendir(path) else { throw PosixError(errnoOf: "list", path) }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Removes a file, or a directory with all that is in it. Links are removed, not followed; what is not there is no
    /// error.
    public static func removeTree(_ path: String) throws(PosixError) {
        guard let status = status(path) else { return }
        if status.isDirectory {
            let directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            guard directory >= 0 else { throw PosixError(errnoOf: "remove", path) }
            try removeEntries(of: directory, path)
            guard rmdir(path) == 0 || errno == ENOENT else { throw PosixError(errnoOf: "remove", path) }
        } else {
            guard unlink(path) == 0 || errno == ENOENT else { throw PosixError(errnoOf: "remove", path) }
        }
    }

    /// Removes what is in a directory, and closes it. Names are taken as bytes: they need not be UTF-8.
    private static func removeEntries(of file: Int32, _ path: String) throws(PosixError) {
        guard let directory = fdopendir(file) else {
            let error = PosixError(errnoOf: "remove", path)
            close(file)
            throw error
        }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            var name = entry.pointee.d_name
            let nameSize = MemoryLayout.size(ofValue: name)
            let failed = withUnsafeMutablePointer(to: &name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: nameSize) { name -> PosixError? in
                    if strcmp(name, ".") == 0 || strcmp(name, "..") == 0 { return nil }
                    let inner = openat(file, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
                    let innerPath = path + "/" + String(cString: name)
                    if inner >= 0 {
                        do throws(PosixError) { try removeEntries(of: inner, innerPath) } catch { return error }
                    }
                    let flags = inner >= 0 ? AT_REMOVEDIR : 0
                    guard unlinkat(file, name, Int32(flags)) == 0 || errno == ENOENT else {
                        return PosixError(errnoOf: "remove", innerPath)
                    }
                    return nil
                }
            }
            if let failed { throw failed }
        }
    }

    /// Renames within one file system.
    public static func move(_ from: String, to target: String) throws(PosixError) {
        guard rename(from, target) == 0 else { throw PosixError(errnoOf: "move", from) }
    }
}
