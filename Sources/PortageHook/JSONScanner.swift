/// Reads JSON from bytes front to back, as far as the mtimedb needs it: skip a value, or step into it. Every step
/// returns nil on input that is not JSON, and nesting is limited.
struct JSONScanner {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Calls `body` at each member of an object, with its key; `body` reads the value and returns nil to give up.
    mutating func object(_ body: (inout JSONScanner, String) -> Void?) -> Void? {
        guard take(UInt8(ascii: "{")) else { return nil }
        if take(UInt8(ascii: "}")) { return () }
        repeat {
            guard let key = string(), take(UInt8(ascii: ":")), body(&self, key) != nil else { return nil }
        } while take(UInt8(ascii: ","))
        return take(UInt8(ascii: "}")) ? () : nil
    }

    /// Calls `body` at each element of an array; `body` reads the element and returns nil to give up.
    mutating func array(_ body: (inout JSONScanner) -> Void?) -> Void? {
        guard take(UInt8(ascii: "[")) else { return nil }
        if take(UInt8(ascii: "]")) { return () }
        repeat {
            guard body(&self) != nil else { return nil }
        } while take(UInt8(ascii: ","))
        return take(UInt8(ascii: "]")) ? () : nil
    }

    /// Passes over a value of any kind.
    mutating func skip(depth: Int = 0) -> Void? {
        guard depth < 64 else { return nil }
        switch peek() {
        case UInt8(ascii: "{"): return object { scanner, _ in scanner.skip(depth: depth + 1) }
        case UInt8(ascii: "["): return array { scanner in scanner.skip(depth: depth + 1) }
        case UInt8(ascii: "\""): return skipString()
        default:
            let start = position
            while position < bytes.count, Self.isWordByte(bytes[position]) { position += 1 }
            return position > start ? () : nil
        }
    }

    /// Whether the next value is a string.
    mutating func isAtString() -> Bool { peek() == UInt8(ascii: "\"") }

    /// Whether the next value is an object.
    mutating func isAtObject() -> Bool { peek() == UInt8(ascii: "{") }

    /// Whether the next value is an array.
    mutating func isAtArray() -> Bool { peek() == UInt8(ascii: "[") }

    /// Reads a string.
    mutating func string() -> String? {
        guard take(UInt8(ascii: "\"")) else { return nil }
        var text: [UInt8] = []
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard position < bytes.count else { return nil }
                let escape = bytes[position]
                position += 1
                switch escape {
                case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(escape)
                case UInt8(ascii: "n"): text.append(10)
                case UInt8(ascii: "t"): text.append(9)
                case UInt8(ascii: "r"): text.append(13)
                case UInt8(ascii: "b"): text.append(8)
                case UInt8(ascii: "f"): text.append(12)
                case UInt8(ascii: "u"):
                    guard let scalar = escapedScalar() else { return nil }
                    text += Array(String(Character(scalar)).utf8)
                default: return nil
                }
            default: text.append(byte)
            }
        }
        return nil
    }

    /// The four digits after `\u`, and the second half of a pair. Half a pair becomes the replacement character.
    private mutating func escapedScalar() -> Unicode.Scalar? {
        guard let first = hexDigits() else { return nil }
        if (0xd800..<0xdc00).contains(first), position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
            bytes[position + 1] == UInt8(ascii: "u")
        {
            let back = position
            position += 2
            guard let second = hexDigits() else { return nil }
            if (0xdc00..<0xe000).contains(second) {
                return Unicode.Scalar(0x10000 + (first - 0xd800) << 10 + (second - 0xdc00))
            }
            position = back
        }
        return Unicode.Scalar(first) ?? "\u{fffd}"
    }

    private mutating func hexDigits() -> UInt32? {
        guard position + 4 <= bytes.count else { return nil }
        var value: UInt32 = 0
        for byte in bytes[position..<position + 4] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
            value = value << 4 + UInt32(digit)
        }
        position += 4
        return value
    }

    private mutating func skipString() -> Void? {
        position += 1
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position += 1
                return ()
            case UInt8(ascii: "\\"): position += 2
            default: position += 1
            }
        }
        return nil
    }

    private mutating func peek() -> UInt8? {
        while position < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[position]) { position += 1 }
        return position < bytes.count ? bytes[position] : nil
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        position += 1
        return true
    }

    /// Bytes of numbers and of `true`, `false`, `null`; Python also writes NaN and Infinity.
    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
