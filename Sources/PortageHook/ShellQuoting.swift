/// Shell code that a phase evaluates. Everything that comes from outside goes through `quoted`.
enum ShellCode {
    /// A word that bash reads as exactly this text, whatever is in it. A NUL, which no shell word can hold, ends it.
    static func quoted(_ text: String) -> String {
        var bytes: [UInt8] = [UInt8(ascii: "'")]
        for byte in text.utf8 {
            if byte == 0 { break }
            if byte == UInt8(ascii: "'") { bytes += Array("'\\'".utf8) }
            bytes.append(byte)
        }
        bytes.append(UInt8(ascii: "'"))
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A command of these words, ended by a newline.
    static func command(_ name: StaticString, _ arguments: String...) -> String {
        ([name.description] + arguments.map(quoted)).joined(separator: " ") + "\n"
    }
}
