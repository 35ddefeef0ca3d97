import Posix

/// The user's etc/portage/bashrc as bytes, with or without Portmanteau's one line at its end.
///
/// The line's comment also says what was there before, so that `disabled` gives back the very bytes: whether the file
/// was made for the line, and whether its last line had no newline.
struct UserBashrc: Equatable, Sendable {
    /// What the line's mark says about the file before it.
    enum Before: String, CaseIterable {
        case ordinary = "portmanteau"
        case noNewline = "portmanteau (newline added)"
        case noFile = "portmanteau (file made)"
    }

    /// The file's bytes; nil when there is no file.
    var bytes: [UInt8]?

    /// The line that sources the hooks, without its newline.
    static func line(hooks: String, before: Before) -> String {
        let path = ShellCode.quoted(hooks)
        return "[[ ! -r \(path) ]] || source \(path) # \(before.rawValue)"
    }

    /// Where the line is: the offset of its first byte, and what its mark says; nil when it is not there.
    func find(hooks: String) -> (offset: Int, end: Int, before: Before)? {
        guard let bytes else { return nil }
        let wanted = Before.allCases.map { ($0, Array(Self.line(hooks: hooks, before: $0).utf8)) }
        var start = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
            if let match = wanted.first(where: { bytes[start..<end].elementsEqual($0.1) }) {
                return (start, min(end + 1, bytes.count), match.0)
            }
            start = end + 1
        }
        return nil
    }

    /// Whether something follows the line, which then is not the last.
    func hasTextAfterLine(hooks: String) -> Bool {
        guard let bytes, let found = find(hooks: hooks) else { return false }
        return bytes[found.end...].contains { !" \t\n".utf8.contains($0) }
    }

    /// Whether the last line goes on behind its end: what is added would become part of its command.
    var endsInContinuation: Bool {
        guard var rest = bytes?[...] else { return false }
        if rest.last == UInt8(ascii: "\n") { rest.removeLast() }
        return rest.reversed().prefix { $0 == UInt8(ascii: "\\") }.count % 2 == 1
    }

    /// The file with the line at its end. A file that has it stays as it is.
    func enabled(hooks: String) -> UserBashrc {
        guard find(hooks: hooks) == nil else { return self }
        guard let bytes else {
            return UserBashrc(bytes: Array((Self.line(hooks: hooks, before: .noFile) + "\n").utf8))
        }
        let isOpen = bytes.last.map { $0 != UInt8(ascii: "\n") } ?? false
        let line = Self.line(hooks: hooks, before: isOpen ? .noNewline : .ordinary)
        return UserBashrc(bytes: bytes + Array(((isOpen ? "\n" : "") + line + "\n").utf8))
    }

    /// The file without the line; its bytes are nil when the file was made for the line and has nothing else.
    func disabled(hooks: String) -> UserBashrc {
        guard let bytes, let found = find(hooks: hooks) else { return self }
        var rest = Array(bytes[..<found.offset])
        let after = bytes[found.end...]
        if after.isEmpty, found.before == .noNewline, rest.last == UInt8(ascii: "\n") { rest.removeLast() }
        rest += after
        return UserBashrc(bytes: rest.isEmpty && found.before == .noFile ? nil : rest)
    }
}
