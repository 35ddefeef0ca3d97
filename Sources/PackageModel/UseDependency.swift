/// One entry of an atom's USE dependencies: `ssl`, `-ssl`, `ssl?`, `!ssl?`, `ssl=`, `!ssl=`, each with `(+)` or `(-)`.
public struct UseDependency: Sendable, Hashable, CustomStringConvertible {
    /// How the flag is asked for.
    public enum Condition: Sendable, Hashable {
        /// `ssl`
        case enabled
        /// `-ssl`
        case disabled
        /// `ssl?`: on, if it is on in the package that depends.
        case enabledIfEnabled
        /// `!ssl?`: off, if it is off in the package that depends.
        case disabledIfDisabled
        /// `ssl=`
        case equal
        /// `!ssl=`
        case opposite
    }

    /// The flag.
    public let flag: String
    /// How it is asked for.
    public let condition: Condition
    /// What holds for a package without this flag: `(+)` true, `(-)` false, nil when not said.
    public let fallback: Bool?

    /// Reads one entry; nil when it is not one.
    public init?(_ text: String) {
        var bytes = Array(text.utf8)[...]
        let prefix = bytes.first
        if prefix == UInt8(ascii: "-") || prefix == UInt8(ascii: "!") { bytes = bytes.dropFirst() }
        let suffix = bytes.last
        if suffix == UInt8(ascii: "?") || suffix == UInt8(ascii: "=") { bytes = bytes.dropLast() }
        switch (prefix, suffix) {
        case (UInt8(ascii: "-"), UInt8(ascii: "?")), (UInt8(ascii: "-"), UInt8(ascii: "=")): return nil
        case (UInt8(ascii: "!"), UInt8(ascii: "?")): condition = .disabledIfDisabled
        case (UInt8(ascii: "!"), UInt8(ascii: "=")): condition = .opposite
        case (UInt8(ascii: "!"), _): return nil
        case (_, UInt8(ascii: "?")): condition = .enabledIfEnabled
        case (_, UInt8(ascii: "=")): condition = .equal
        case (UInt8(ascii: "-"), _): condition = .disabled
        default: condition = .enabled
        }
        let tail = String(decoding: bytes.suffix(3), as: UTF8.self)
        fallback = tail == "(+)" ? true : tail == "(-)" ? false : nil
        if fallback != nil { bytes = bytes.dropLast(3) }
        guard Characters.isUseFlag(bytes) else { return nil }
        flag = String(decoding: bytes, as: UTF8.self)
    }

    /// The entry as it is written.
    public var description: String {
        let name = flag + (fallback.map { $0 ? "(+)" : "(-)" } ?? "")
        switch condition {
        case .enabled: return name
        case .disabled: return "-" + name
        case .enabledIfEnabled: return name + "?"
        case .disabledIfDisabled: return "!" + name + "?"
        case .equal: return name + "="
        case .opposite: return "!" + name + "="
        }
    }
}
