internal import Glibc
internal import Posix

/// A directory that becomes, or is, an ebuild repository. Every path is relative to it and checked.
public struct RepositoryDirectory: Sendable {
    /// Where it is.
    public let path: String

    /// The repository in this directory, which need not be there yet.
    public init(_ path: String) {
        self.path = path
    }

    /// The absolute path of a file in it.
    public func absolute(_ relative: String) throws(RepositoryError) -> String {
        guard RepositoryNames.isSafePath(relative) else { throw .unsafePath(relative) }
        return path + "/" + relative
    }

    /// Writes a file by one rename, with the directories above it.
    public func write(_ relative: String, _ bytes: some Collection<UInt8>, mode: UInt32 = 0o644) throws(RepositoryError)
    {
        let target = try absolute(relative)
        try makeDirectory(above: target)
        try filing { () throws(PosixError) in try Files.replace(target, with: bytes, mode: mode) }
    }

    /// Writes a text.
    public func write(_ relative: String, text: String) throws(RepositoryError) {
        try write(relative, Array(text.utf8))
    }

    /// Makes a symbolic link that does not leave `directory`.
    public func link(_ relative: String, to target: String, inside directory: String) throws(RepositoryError) {
        guard RepositoryNames.linkStaysInside(relative, target: target, directory: directory) else {
            throw .unsafePath("\(relative) -> \(target)")
        }
        let path = try absolute(relative)
        try makeDirectory(above: path)
        guard symlink(target, path) == 0 else { throw .system(PosixError("link", path, code: errno)) }
    }

    /// Writes what makes the directory a repository: name, layout, categories and, if there is one, the EAPI of the
    /// profiles directory. What is there already is replaced, but other files are left.
    public func writeSkeleton(_ skeleton: RepositorySkeleton) throws(RepositoryError) {
        guard RepositoryNames.isRepository(skeleton.name) else { throw .badName(skeleton.name) }
        try write("profiles/repo_name", text: skeleton.name + "\n")
        try write("metadata/layout.conf", text: skeleton.layout.text)
        try write("profiles/categories", text: Set(skeleton.categories).sorted().map { $0 + "\n" }.joined())
        if let eapi = skeleton.profilesEAPI { try write("profiles/eapi", text: eapi + "\n") }
    }

    private func makeDirectory(above target: String) throws(RepositoryError) {
        guard let slash = target.lastIndex(of: "/") else { return }
        try filing { () throws(PosixError) in try Files.makeDirectories(String(target[..<slash])) }
    }
}

/// What makes a directory a repository.
public struct RepositorySkeleton: Equatable, Sendable {
    /// The repository's name.
    public var name: String
    /// metadata/layout.conf.
    public var layout: RepositoryLayout
    /// Every category that its packages use; Portage adds those of the masters.
    public var categories: [String]
    /// The EAPI of the files in profiles/; nil for the oldest.
    public var profilesEAPI: String?

    /// A skeleton of these values.
    public init(name: String, layout: RepositoryLayout, categories: [String], profilesEAPI: String? = nil) {
        self.name = name
        self.layout = layout
        self.categories = categories
        self.profilesEAPI = profilesEAPI
    }
}
