/// Reads a text from left to right, byte by byte.
struct TextScanner {
    private(set) var rest: ArraySlice<UInt8>

    init(_ text: some StringProtocol) { rest = Array(text.utf8)[...] }

    var isAtEnd: Bool { rest.isEmpty }
    var first: UInt8? { rest.first }

    /// Takes this text if it comes next.
    mutating func take(_ text: String) -> Bool {
        guard rest.starts(with: text.utf8) else { return false }
        rest = rest.dropFirst(text.utf8.count)
        return true
    }

    /// Takes one of these texts, the first that fits.
    mutating func take(oneOf texts: [String]) -> String? {
        texts.first { take($0) }
    }

    /// Takes bytes as long as they fit.
    mutating func take(while fits: (UInt8) -> Bool) -> String {
        let taken = rest.prefix(while: fits)
        rest = rest.dropFirst(taken.count)
        return String(decoding: taken, as: UTF8.self)
    }

    mutating func skipBlanks() { _ = take { $0 == 0x20 || $0 == 0x09 || $0 == 0x0a || $0 == 0x0d } }

    /// Takes a number of at most 15 digits; nil when there is none, or a larger one.
    mutating func takeNumber() -> Int? {
        let digits = rest.prefix(while: \.isDigit)
        guard !digits.isEmpty else { return nil }
        let significant = digits.drop { $0 == UInt8(ascii: "0") }
        guard significant.count <= 15 else { return nil }
        rest = rest.dropFirst(digits.count)
        return significant.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }

    /// What is left, as text.
    var remaining: String { String(decoding: rest, as: UTF8.self) }
}

extension UInt8 {
    var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }
    var isLetter: Bool {
        (self >= UInt8(ascii: "a") && self <= UInt8(ascii: "z"))
            || (self >= UInt8(ascii: "A") && self <= UInt8(ascii: "Z"))
    }
    var isAlphanumeric: Bool { isDigit || isLetter }
}

extension StringProtocol {
    /// Without blanks, tabs and line ends at both ends.
    var trimmed: String {
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (byte >= 0x09 && byte <= 0x0d) }
        let bytes = Array(utf8)
        guard let start = bytes.firstIndex(where: { !isBlank($0) }),
            let end = bytes.lastIndex(where: { !isBlank($0) })
        else { return "" }
        return String(decoding: bytes[start...end], as: UTF8.self)
    }
}
