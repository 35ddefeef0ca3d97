/// The character classes of PMS names, over ASCII bytes.
enum Characters {
    static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
    static func isLower(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z") }
    static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isDigit(byte) || isLower(byte) || (byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z"))
    }

    /// Whether `text` is not empty, has only letters, digits and `extra`, and does not start with one of `notFirst`.
    static func isName(_ text: ArraySlice<UInt8>, extra: StaticString, notFirst: StaticString) -> Bool {
        guard let first = text.first, !contains(notFirst, first) else { return false }
        return text.allSatisfy { isAlphanumeric($0) || contains(extra, $0) }
    }

    static func isCategory(_ text: ArraySlice<UInt8>) -> Bool { isName(text, extra: "+_.-", notFirst: "+.-") }

    /// A slot or subslot name.
    static func isSlot(_ text: ArraySlice<UInt8>) -> Bool { isName(text, extra: "+_.-", notFirst: "+.-") }

    static func isRepository(_ text: ArraySlice<UInt8>) -> Bool { isName(text, extra: "_-", notFirst: "-") }

    static func isUseFlag(_ text: ArraySlice<UInt8>) -> Bool { isName(text, extra: "+_@-", notFirst: "+_@-") }

    /// A package name; it must not end in a hyphen and something that looks like a version (PMS 3.1.2).
    static func isPackageName(_ text: ArraySlice<UInt8>) -> Bool {
        isName(text, extra: "+_-", notFirst: "+-") && splitVersion(text) == nil
    }

    /// Splits `name-version`; nil when no version stands at the end.
    static func splitVersion(_ text: ArraySlice<UInt8>) -> (name: ArraySlice<UInt8>, version: Version)? {
        guard var dash = text.lastIndex(of: UInt8(ascii: "-")) else { return nil }
        let last = text[(dash + 1)...]
        if last.first == UInt8(ascii: "r"), last.count > 1, last.dropFirst().allSatisfy(isDigit),
            let earlier = text[..<dash].lastIndex(of: UInt8(ascii: "-"))
        {
            dash = earlier
        }
        guard let version = Version(utf8: text[(dash + 1)...]) else { return nil }
        return (text[..<dash], version)
    }

    private static func contains(_ set: StaticString, _ byte: UInt8) -> Bool {
        set.withUTF8Buffer { $0.contains(byte) }
    }
}
