/// What names and paths of a repository may look like.
public enum RepositoryNames {
    /// Whether this may be a repository's name (PMS 3.1.5): letters, digits, `_` and `-`, no `-` first, and not ending
    /// in what could be a version.
    public static func isRepository(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        guard let first = bytes.first, first != UInt8(ascii: "-"), bytes.count <= 100 else { return false }
        guard bytes.allSatisfy({ isWord($0) || $0 == UInt8(ascii: "-") }) else { return false }
        let tail = name.split(separator: "-", omittingEmptySubsequences: false).last ?? ""
        return !name.contains("-") || tail.isEmpty || !tail.utf8.allSatisfy { isDigit($0) }
    }

    /// Whether a relative path stays inside: no empty, `.` or `..` component, not absolute, no control character.
    public static func isSafePath(_ path: String) -> Bool {
        guard !path.isEmpty, path.utf8.count < 4096, path.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else {
            return false
        }
        return path.split(separator: "/", omittingEmptySubsequences: false)
            .allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." && $0.utf8.count < 256 }
    }

    /// Whether a link at `path` to `target`, both inside `directory`, ends inside `directory` by its words alone.
    ///
    /// - Parameters:
    ///   - path: where the link is, relative to the repository.
    ///   - target: what it says.
    ///   - directory: the directory, relative to the repository, that it must not leave.
    public static func linkStaysInside(_ path: String, target: String, directory: String) -> Bool {
        guard isSafePath(path), !target.isEmpty, !target.hasPrefix("/"), path.hasPrefix(directory + "/"),
            target.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f })
        else { return false }
        let base = directory.split(separator: "/").count
        var depth = path.split(separator: "/").count - 1
        var isBelow = false
        for part in target.split(separator: "/") where part != "." {
            // After a name, which may be a link itself, `..` would not be what the words say.
            if part == "..", isBelow { return false }
            isBelow = part != ".."
            depth += isBelow ? 1 : -1
            if depth < base { return false }
        }
        return depth > base
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    private static func isWord(_ byte: UInt8) -> Bool {
        let lower = byte | 0x20
        return isDigit(byte) || byte == UInt8(ascii: "_") || (lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "z"))
    }
}
