/// The SLOT of a package: a slot and its subslot, `0/3`.
public struct Slot: Sendable, Hashable, CustomStringConvertible {
    /// The slot.
    public let slot: String
    /// The subslot; it is the slot when none is written.
    public let subSlot: String

    /// Reads `slot` or `slot/subslot`; nil when a name is not allowed.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        let slash = bytes.firstIndex(of: UInt8(ascii: "/"))
        let slot = bytes[..<(slash ?? bytes.endIndex)]
        let subSlot = slash.map { bytes[($0 + 1)...] } ?? slot
        guard Characters.isSlot(slot), Characters.isSlot(subSlot) else { return nil }
        self.slot = String(decoding: slot, as: UTF8.self)
        self.subSlot = String(decoding: subSlot, as: UTF8.self)
    }

    /// The slot as it is written; the subslot only when it differs.
    public var description: String { slot == subSlot ? slot : slot + "/" + subSlot }
}

/// What an atom asks of a slot: `:0`, `:0/3`, `:*`, `:=`, `:0=`, `:0/3=`.
public struct SlotDependency: Sendable, Hashable, CustomStringConvertible {
    /// The operator after the names.
    public enum Operator: String, Sendable, Hashable {
        /// No operator: the named slot.
        case none = ""
        /// `*`: any slot, and no rebuild when it changes.
        case any = "*"
        /// `=`: rebuild when slot or subslot change.
        case rebuild = "="
    }

    /// The slot asked for, if one is.
    public let slot: String?
    /// The subslot asked for, if one is.
    public let subSlot: String?
    /// The operator.
    public let rebuild: Operator

    /// Reads the text after the colon; nil when it is not a slot dependency.
    public init?(_ text: String) {
        var bytes = Array(text.utf8)[...]
        if text == "*" {
            (slot, subSlot, rebuild) = (nil, nil, .any)
            return
        }
        rebuild = bytes.last == UInt8(ascii: "=") ? .rebuild : .none
        if rebuild == .rebuild { bytes = bytes.dropLast() }
        guard !bytes.isEmpty else {
            guard rebuild == .rebuild else { return nil }
            (slot, subSlot) = (nil, nil)
            return
        }
        let parts = bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.allSatisfy(Characters.isSlot) else { return nil }
        slot = String(decoding: parts[0], as: UTF8.self)
        subSlot = parts.count == 2 ? String(decoding: parts[1], as: UTF8.self) : nil
    }

    /// The text after the colon.
    public var description: String {
        (slot ?? "") + (subSlot.map { "/" + $0 } ?? "") + rebuild.rawValue
    }
}
