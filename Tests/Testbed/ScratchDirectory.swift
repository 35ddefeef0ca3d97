import Glibc
public import Posix

/// A directory of one test, below TMPDIR. It is removed with the value.
public final class ScratchDirectory: Sendable {
    /// Where it is; absolute, without links.
    public let path: String

    /// Makes an empty directory that other users can look into.
    public init() throws(PosixError) {
        let base = HostEnvironment.value("TMPDIR") ?? "/tmp"
        var template = Array("\(realPath(base) ?? base)/portmanteau-test-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template).map({ String(cString: $0) }) else {
            throw PosixError("create a directory in", base, code: errno)
        }
        chmod(made, 0o755)
        path = made
    }

    deinit { try? Files.removeTree(path) }

    /// Runs a body with a directory that goes when the body ends.
    public static func with<R>(_ body: (ScratchDirectory) async throws -> R) async throws -> R {
        let scratch = try ScratchDirectory()
        return try await body(scratch)
    }

    /// Writes a file below it, with the directories above, and returns its path.
    @discardableResult
    public func write(_ name: String, _ text: String, mode: UInt32 = 0o644) throws(PosixError) -> String {
        let file = "\(path)/\(name)"
        if let slash = file.lastIndex(of: "/") { try Files.makeDirectories(String(file[..<slash])) }
        try Files.replace(file, with: Array(text.utf8), mode: mode)
        return file
    }
}
