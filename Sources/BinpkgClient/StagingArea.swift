import AgentProtocol
import Glibc
import Posix

/// The staging directory of one package, taken for the life of the object: parents checked, lock held, emptied.
final class StagingArea: Sendable {
    let directory: StagingDirectory
    private let lock: FileLock
    /// Where the image is unpacked, before it gets its name: a process that an earlier holder left behind cannot reach it.
    let unpacking: String

    /// A file that only keeps room: on a disk that is full in the end, the state file can still say so.
    private var reserve: String { directory.path + "/reserve" }
    /// More than any state file has.
    private static let reserveSize = 16 << 10

    /// Takes the directory.
    ///
    /// Everything below PORTAGE_TMPDIR must be a directory of this user that nobody else may write: a build, as the user
    /// `portage`, could otherwise put a link where a privileged program unpacks files.
    init(_ setup: SetupRequest) throws(StageFailure) {
        let root = setup["PORTAGE_TMPDIR"]
        guard
            let directory = StagingDirectory(
                temporaryDirectory: root, category: setup["CATEGORY"], pf: setup["PF"])
        else { throw .broken("'\(setup.cpv.printable)' below '\(root.printable)' has no place for staging") }
        try Self.makeDirectories(setup)
        let lock = try Self.takeLock(directory)
        self.directory = directory
        self.lock = lock
        unpacking = directory.path + "/unpacking-\(getpid())-\(String(UInt32.random(in: 0 ... .max), radix: 36))"
    }

    /// Whether the directory is still ours: a new emerge of the package removes it and makes another.
    var isOurs: Bool { lock.isOf(directory.lock) }

    /// Shows the phase that waits that somebody works on the package.
    func showLife() { utimensat(AT_FDCWD, directory.lock, nil, AT_SYMLINK_NOFOLLOW) }

    /// Adds a line to what the waiting phase shows.
    func tell(_ line: String) {
        guard isOurs else { return }
        let fd = open(directory.progress, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard fd >= 0 else { return }
        defer { close(fd) }
        try? Files.writeAll(fd, Array((line.printable + "\n").utf8))
    }

    /// Keeps room for the state file, notes which emerge waits, and makes the file of ``tell(_:)``.
    func begin(for emerge: EmergeProcess) throws(PosixError) {
        try add(reserve, [UInt8](repeating: UInt8(ascii: "\n"), count: Self.reserveSize))
        try add(directory.emerge, Array("\(emerge.name)\n".utf8))
        try add(directory.progress, [])
    }

    /// Makes a file. It need not outlive the machine, and setup waits for it: nothing is synced.
    private func add(_ path: String, _ bytes: [UInt8]) throws(PosixError) {
        let fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard fd >= 0 else { throw PosixError("write", path, code: errno) }
        defer { close(fd) }
        try Files.writeAll(fd, bytes, path: path)
    }

    /// Whether the emerge that a staging directory belongs to still runs.
    private static func hasEmerge(_ path: String) -> Bool {
        guard let text = try? Files.readText(path + "/emerge", limit: 100) else { return false }
        let parts = text.dropLast().split(separator: "-")
        guard parts.count == 2, let pid = Int32(parts[0]), let started = UInt64(parts[1]) else { return false }
        return ProcessChain.isAlive(pid, started: started)
    }

    private static func makeDirectories(_ setup: SetupRequest) throws(StageFailure) {
        var path = setup["PORTAGE_TMPDIR"]
        try checkRoot(path)
        for name in ["portmanteau", setup["CATEGORY"], setup["PF"]] {
            path += "/" + name
            try makePrivate(path)
        }
    }

    private static func takeLock(_ directory: StagingDirectory) throws(StageFailure) -> FileLock {
        do {
            if let lock = try FileLock(tryingPath: directory.lock) {
                try empty(directory, keeping: ["lock"])
                return lock
            }
        } catch {
            throw .broken(error.description)
        }
        throw .broken("another process is staging the same package")
    }

    /// Makes the empty directories for image and metadata.
    func prepare() throws(PosixError) {
        try Files.makeDirectories(unpacking + "/image")
        try Files.makeDirectories(unpacking + "/build-info")
    }

    /// Gives what was unpacked its names.
    func finish() throws(PosixError) {
        guard isOurs else { throw PosixError("use", directory.path, code: ESTALE) }
        try Files.move(unpacking + "/image", to: directory.image)
        try Files.move(unpacking + "/build-info", to: directory.buildInfo)
        try Files.removeTree(unpacking)
    }

    /// Removes everything but the lock and the lines of a phase that waits.
    func empty() throws(PosixError) {
        if isOurs { try Self.empty(directory, keeping: ["lock", "progress", "emerge", "reserve"]) }
    }

    /// Writes the state: the last act.
    func write(_ state: StageState) throws(PosixError) {
        guard isOurs else { throw PosixError("use", directory.path, code: ESTALE) }
        unlink(reserve)
        try directory.write(state)
    }

    /// Removes the whole directory: nobody waits for it any more.
    func remove() {
        if isOurs { try? Files.removeTree(directory.path) }
    }

    private static func empty(_ directory: StagingDirectory, keeping kept: Set<String>) throws(PosixError) {
        for name in try Files.list(directory.path) where !kept.contains(name) {
            try Files.removeTree(directory.path + "/" + name)
        }
    }

    /// PORTAGE_TMPDIR may be a link or open to all, as /var/tmp is; but nobody may rename what root makes in it.
    private static func checkRoot(_ path: String) throws(StageFailure) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw .broken(PosixError("use PORTAGE_TMPDIR", path, code: errno).description)
        }
        let isShared = status.st_mode & (S_IWGRP | S_IWOTH) != 0 && status.st_mode & S_ISVTX == 0
        guard status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid() || status.st_uid == 0, !isShared else {
            throw .broken("PORTAGE_TMPDIR \(path.printable) is not root's, or others may rename what is in it")
        }
    }

    private static func makePrivate(_ path: String) throws(StageFailure) {
        if mkdir(path, 0o755) != 0, errno != EEXIST {
            throw .broken(PosixError("create directory", path, code: errno).description)
        }
        guard let status = Files.status(path), status.isDirectory, status.owner == geteuid(),
            status.mode & UInt32(S_IWGRP | S_IWOTH) == 0
        else {
            throw .broken("\(path.printable) is a link, or others may write it: remove it")
        }
        chmod(path, 0o755)
    }

    /// Removes what interrupted runs left: directories that nobody works on, without a state or with an old one.
    static func sweep(temporaryDirectory: String, now: Int64, keeping: String) {
        let root = temporaryDirectory + "/portmanteau"
        guard Files.status(root)?.owner == geteuid() else { return }
        for category in (try? Files.list(root)) ?? [] {
            guard Files.status("\(root)/\(category)")?.owner == geteuid() else { continue }
            for pf in (try? Files.list("\(root)/\(category)")) ?? [] {
                let path = "\(root)/\(category)/\(pf)"
                guard path != keeping, Files.status(path)?.isDirectory == true, !FileLock.isHeld(path + "/lock"),
                    !hasEmerge(path)
                else { continue }
                if let state = Files.status(path + "/state"), now - state.modified < 86400 * 1_000_000_000 { continue }
                try? Files.removeTree(path)
            }
            rmdir("\(root)/\(category)")
        }
    }
}
