internal import Glibc
internal import Posix

/// A repository that is replaced as a whole. `ROOT/NAME` is a link to one of the directories
/// `ROOT/.generations/NAME/NUMBER`; publishing is one rename of that link, so a reader sees the old repository or the
/// new one. Whoever writes holds a lock of its own.
public struct Generations: Sendable {
    /// The directory of all such repositories.
    public let root: String
    /// The repository's name.
    public let name: String

    /// The generations of a repository.
    public init(root: String, name: String) throws(RepositoryError) {
        guard RepositoryNames.isRepository(name) else { throw .badName(name) }
        self.root = root
        self.name = name
    }

    /// The published repository's path, a link.
    public var link: String { root + "/" + name }

    private var store: String { root + "/.generations/" + name }

    /// The directory of a generation.
    public func path(of number: Int) -> String { "\(store)/\(number)" }

    /// The numbers of all complete generations, ascending.
    public func numbers() -> [Int] {
        ((try? Files.list(store)) ?? []).compactMap { Int($0) }.filter { $0 > 0 }.sorted()
    }

    /// The published generation; nil when nothing is published.
    public var current: Int? {
        guard let target = Self.linkTarget(link) else { return nil }
        let prefix = ".generations/\(name)/"
        guard target.hasPrefix(prefix), let number = Int(target.dropFirst(prefix.count)), number > 0,
            Files.status(path(of: number))?.isDirectory == true
        else { return nil }
        return number
    }

    /// An empty directory for the next generation. What an interrupted run left there is removed.
    public func prepare() throws(RepositoryError) -> RepositoryDirectory {
        if Files.status(link).map({ !$0.isLink }) == true { throw .occupied(link) }
        let staging = store + "/staging"
        try filing { () throws(PosixError) in
            try Files.removeTree(staging)
            try Files.makeDirectories(staging)
        }
        return RepositoryDirectory(staging)
    }

    /// Publishes what was prepared as the next generation, and removes generations beyond the last `keeping`. Before the
    /// rename of the link the old generation is published, after it the new one.
    @discardableResult
    public func publish(keeping: Int = 3) throws(RepositoryError) -> Int {
        let before = current
        // A number above the published one was left by an interrupted run, or taken back: it is not used again.
        let number = (numbers().last ?? 0) + 1
        try filing { () throws(PosixError) in try Files.move(store + "/staging", to: path(of: number)) }
        sync()
        try pointLink(to: number)
        let kept = numbers().filter { $0 <= (before ?? 0) }.suffix(max(keeping, 1) - 1)
        for old in numbers() where old != number && !kept.contains(old) { try? Files.removeTree(path(of: old)) }
        return number
    }

    /// Publishes the generation before the present one again, and returns its number.
    public func rollBack() throws(RepositoryError) -> Int {
        guard let current, let earlier = numbers().last(where: { $0 < current }) else {
            throw .noEarlierGeneration(name)
        }
        try pointLink(to: earlier)
        return earlier
    }

    /// Removes the repository and all its generations; the link goes first.
    public func removeAll() throws(RepositoryError) {
        if Files.status(link).map({ !$0.isLink }) == true { throw .occupied(link) }
        try filing { () throws(PosixError) in
            try Files.removeTree(link)
            try Files.removeTree(store)
        }
    }

    private func pointLink(to number: Int) throws(RepositoryError) {
        if Files.status(link).map({ !$0.isLink }) == true { throw .occupied(link) }
        let temporary = "\(store)/link"
        unlink(temporary)
        guard symlink(".generations/\(name)/\(number)", temporary) == 0 else {
            throw .system(PosixError("link", temporary, code: errno))
        }
        try filing { () throws(PosixError) in try Files.move(temporary, to: link) }
    }

    static func linkTarget(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink(path, &buffer, buffer.count)
        guard count > 0 else { return nil }
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
