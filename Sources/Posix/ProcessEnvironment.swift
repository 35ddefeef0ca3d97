import CPosix
import Glibc

/// What a process is told by whoever starts it.
public enum ProcessEnvironment {
    /// All variables, as they are now.
    public static var variables: [String: String] {
        var result: [String: String] = [:]
        guard var entry = cposix_environment() else { return result }
        while let line = entry.pointee {
            let text = String(cString: line)
            if let equals = text.firstIndex(of: "=") {
                result[String(text[..<equals])] = String(text[text.index(after: equals)...])
            }
            entry += 1
        }
        return result
    }

    /// One variable; nil when it is not set.
    public static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    /// Whether these variables name a character set that is UTF-8 (LC_ALL, then LC_CTYPE, then LANG).
    public static func isUnicode(_ variables: [String: String]) -> Bool {
        let names = ["LC_ALL", "LC_CTYPE", "LANG"]
        guard let locale = names.lazy.compactMap({ variables[$0] }).first(where: { !$0.isEmpty }) else { return false }
        let upper = locale.uppercased()
        return upper.contains("UTF-8") || upper.contains("UTF8")
    }
}

/// The size of a terminal in character cells.
public struct TerminalSize: Equatable, Sendable {
    /// Cells in a line.
    public let columns: Int
    /// Lines.
    public let rows: Int

    /// A size.
    public init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
    }

    /// The size of the terminal behind a descriptor; nil when it is none.
    public init?(descriptor: Int32) {
        var columns: Int32 = 0
        var rows: Int32 = 0
        guard cposix_terminal_size(descriptor, &columns, &rows) == 0 else { return nil }
        self.init(columns: Int(columns), rows: Int(rows))
    }
}
