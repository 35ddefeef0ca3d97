internal import Glibc
internal import Posix

/// The packages on the disk, each under the name of its artifact. A file here is whole: it was synced before it got its
/// name.
struct PackageFiles: Sendable {
    let directory: String

    /// Where a package is.
    func path(_ id: String) -> String { "\(directory)/\(id).gpkg.tar" }

    /// Whether it is there.
    func has(_ id: String) -> Bool { Files.exists(path(id)) }

    /// Opens it; nil when it is not there. What is open stays whole, also when it is removed.
    func open(_ id: String) -> OpenFile? { OpenFile(path(id)) }

    /// Takes a finished file of the same file system. When this returns, it is on the disk under its name.
    func take(_ file: String, as id: String) throws(PosixError) {
        try Self.sync(file, O_RDONLY)
        try Files.move(file, to: path(id))
        try Self.sync(directory, O_RDONLY | O_DIRECTORY)
    }

    /// Removes what no name is known of: a package whose service ended before it wrote of it, and what else lies here.
    func removeAll(but known: Set<String>) throws(PosixError) {
        let wanted = Set(known.map { "\($0).gpkg.tar" })
        for name in try Files.list(directory) where !wanted.contains(name) {
            try Files.removeTree("\(directory)/\(name)")
        }
    }

    private static func sync(_ path: String, _ flags: Int32) throws(PosixError) {
        let descriptor = Glibc.open(path, flags | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw PosixError("open", path, code: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw PosixError("write", path, code: errno) }
    }
}
