/// The lines of a text.
enum TextLines {
    /// Splits at each newline byte and nowhere else. Swift's characters would not do: `\r\n` is a single one of them.
    static func split(_ text: String) -> [String] {
        text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
    }
}
