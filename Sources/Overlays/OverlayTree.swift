internal import EbuildRepository
internal import Glibc
internal import Posix

/// The files of an overlay, as data: nothing follows a link, and nothing is run.
struct OverlayTree: Sendable {
    /// What a path of it is.
    enum Kind: Equatable, Sendable {
        case file(executable: Bool)
        case link(target: String)
        case other
    }

    /// The directory.
    let root: String
    /// What says which state of the overlay this is: a commit, or `local`.
    let commit: String
    /// For a git work tree what each path is: links are plain files there. Nil for a directory of this machine.
    let index: [String: Kind]?

    /// A file's bytes; nil when there is no regular file, a link on the way included.
    func read(_ path: String, limit: Int = 16 << 20) throws(OverlaysError) -> [UInt8]? {
        guard case .file = kind(path) else { return nil }
        return try filing { () throws(PosixError) in try Files.read(root + "/" + path, limit: limit) }
    }

    /// A file's text.
    func text(_ path: String) throws(OverlaysError) -> String? {
        try read(path).map { String(decoding: $0, as: UTF8.self) }
    }

    /// What stands at a path; nil when nothing does, or what is above it is not a directory.
    func kind(_ path: String) -> Kind? {
        guard RepositoryNames.isSafePath(path) else { return nil }
        if let index { return index[path] }
        let parts = path.split(separator: "/")
        for count in 1..<max(parts.count, 1) {
            let above = parts.prefix(count).joined(separator: "/")
            guard Files.status(root + "/" + above)?.isDirectory == true else { return nil }
        }
        guard let status = Files.status(root + "/" + path), !status.isDirectory else { return nil }
        if status.isLink { return .link(target: Self.linkTarget(root + "/" + path)) }
        return status.isRegular ? .file(executable: status.mode & 0o100 != 0) : .other
    }

    /// Every path below a directory with what it is, sorted; directories themselves are not among them.
    func paths(below directory: String) throws(OverlaysError) -> [(path: String, kind: Kind)] {
        if let index {
            return index.filter { $0.key.hasPrefix(directory + "/") }.sorted { $0.key < $1.key }
                .map { ($0.key, $0.value) }
        }
        var found: [(path: String, kind: Kind)] = []
        try walk(directory, into: &found)
        return found
    }

    private func walk(_ directory: String, into found: inout [(path: String, kind: Kind)]) throws(OverlaysError) {
        guard Files.status(root + "/" + directory)?.isDirectory == true else { return }
        for name in try filing({ () throws(PosixError) in try Files.list(root + "/" + directory) }) {
            let path = directory + "/" + name
            if Files.status(root + "/" + path)?.isDirectory == true {
                try walk(path, into: &found)
            } else {
                found.append((path, kind(path) ?? .other))
            }
            guard found.count < 200_000 else { throw OverlaysError(.refused, "\(root) has too many files") }
        }
    }

    private static func linkTarget(_ path: String) -> String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink(path, &buffer, buffer.count)
        return String(decoding: buffer[..<max(count, 0)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
