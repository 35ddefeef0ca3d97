import Posix

/// The packages that the running emerge has not finished: `mergelist` of `resume` in Portage's mtimedb.
public enum ResumeList {
    /// A larger mtimedb is not read: a list of 10,000 packages is 1 MB.
    static let limit = 16 << 20
    /// A package of the list.
    public struct Entry: Equatable, Sendable {
        /// `ebuild` or `binary`.
        public let type: String
        /// Where it is installed, with a slash at the end.
        public let root: String
        /// Category, name and version.
        public let cpv: String
    }

    /// The list that has a package: when another emerge starts, it moves the list that it finds to `resume_backup`.
    ///
    /// - Parameters:
    ///   - path: of mtimedb.
    ///   - cpv: the package.
    ///   - roots: how the list may name its root.
    /// - Returns: nil when there is no such list, or the file cannot be read as one.
    static func read(_ path: String, having cpv: String, in roots: [String]) -> (entries: [Entry], root: String)? {
        guard let bytes = bytes(of: path) else { return nil }
        for key in ["resume", "resume_backup"] {
            guard let entries = parse(bytes, key: key) else { return nil }
            if let own = entries.first(where: { $0.cpv == cpv && roots.contains($0.root) }) {
                return (entries, own.root)
            }
        }
        return nil
    }

    /// The list of the newest emerge; nil when the file cannot be read as one, empty when there is no list.
    public static func read(_ path: String) -> [Entry]? { bytes(of: path).flatMap { parse($0) } }

    private static func bytes(of path: String) -> [UInt8]? {
        guard let status = Files.status(path), status.isRegular, status.size <= limit else { return nil }
        return try? Files.read(path, limit: limit)
    }

    /// Reads a list from the mtimedb's bytes. Nil when they are not JSON of the expected shape; empty when there is no
    /// list.
    public static func parse(_ bytes: [UInt8], key wanted: String = "resume") -> [Entry]? {
        var entries: [Entry] = []
        var scanner = JSONScanner(bytes)
        let done: Void? = scanner.object { scanner, key in
            guard key == wanted, scanner.isAtObject() else { return scanner.skip() }
            return scanner.object { scanner, key in
                guard key == "mergelist", scanner.isAtArray() else { return scanner.skip() }
                entries = []
                return scanner.array { scanner in
                    guard let entry = entry(&scanner) else { return nil }
                    entries.append(entry)
                    return ()
                }
            }
        }
        return done == nil ? nil : entries
    }

    /// An element `[type, root, cpv, action]`.
    private static func entry(_ scanner: inout JSONScanner) -> Entry? {
        var fields: [String] = []
        let done: Void? = scanner.array { scanner in
            guard scanner.isAtString() else { return scanner.skip() }
            guard let text = scanner.string() else { return nil }
            fields.append(text)
            return ()
        }
        guard done != nil, fields.count >= 3 else { return nil }
        return Entry(type: fields[0], root: fields[1], cpv: fields[2])
    }
}
