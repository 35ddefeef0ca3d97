/// File names that are not UTF-8, as strings.
///
/// Each byte 0xNN that is no part of UTF-8 is the character U+10FENN, and so is each byte of a real character of that
/// range. Every name keeps its bytes. A string without such characters is its own UTF-8.
public enum FileNameText {
    private static let base: UInt32 = 0x10FE00

    /// The bytes that the system knows the file by.
    public static func bytes(of text: String) -> [UInt8] {
        guard text.unicodeScalars.contains(where: { isByte($0) }) else { return Array(text.utf8) }
        var bytes: [UInt8] = []
        for scalar in text.unicodeScalars {
            if isByte(scalar) {
                bytes.append(UInt8(truncatingIfNeeded: scalar.value))
            } else {
                bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            }
        }
        return bytes
    }

    /// The string for a name that the system gave.
    public static func text(of bytes: some Collection<UInt8>) -> String {
        if let text = String(validating: bytes, as: UTF8.self), !text.unicodeScalars.contains(where: { isByte($0) }) {
            return text
        }
        var text = String.UnicodeScalarView()
        var decoder = UTF8.ForwardParser()
        var iterator = bytes.makeIterator()
        var position = bytes.startIndex
        while true {
            switch decoder.parseScalar(from: &iterator) {
            case .emptyInput:
                return String(text)
            case .valid(let encoded):
                let scalar = UTF8.decode(encoded)
                if isByte(scalar) {
                    encoded.forEach { append($0, to: &text) }
                } else {
                    text.append(scalar)
                }
                position = bytes.index(position, offsetBy: encoded.count)
            case .error(let length):
                let end = bytes.index(position, offsetBy: length)
                bytes[position..<end].forEach { append($0, to: &text) }
                position = end
            }
        }
    }

    private static func isByte(_ scalar: Unicode.Scalar) -> Bool {
        (base + 0x80...base + 0xFF).contains(scalar.value)
    }

    private static func append(_ byte: UInt8, to text: inout String.UnicodeScalarView) {
        if let scalar = Unicode.Scalar(base + UInt32(byte)) { text.append(scalar) }
    }
}
