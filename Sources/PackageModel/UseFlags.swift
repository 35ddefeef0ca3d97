/// A list of USE flags as in USE and IUSE: names apart by white space, each with an optional sign.
public struct UseFlags: Sendable, Hashable, CustomStringConvertible {
    /// One entry: a flag and whether it is on. In IUSE the sign is the default, nil when there is none.
    public struct Entry: Sendable, Hashable {
        /// The flag's name without its sign.
        public let name: String
        /// True for `+name`, false for `-name`, nil for `name`.
        public let sign: Bool?
    }

    /// The entries in the order they were written.
    public let entries: [Entry]

    /// Reads the list; nil when a word is not a USE flag.
    public init?(_ text: String) {
        var entries: [Entry] = []
        for word in Array(text.utf8).split(whereSeparator: { $0 == 32 || ($0 >= 9 && $0 <= 13) }) {
            let signed = word.first == UInt8(ascii: "+") || word.first == UInt8(ascii: "-")
            let name = signed ? word.dropFirst() : word
            guard Characters.isUseFlag(name) else { return nil }
            entries.append(
                Entry(
                    name: String(decoding: name, as: UTF8.self),
                    sign: signed ? word.first == UInt8(ascii: "+") : nil))
        }
        self.entries = entries
    }

    /// The names that are on, as USE reads: a later entry wins over an earlier one.
    public var enabled: Set<String> {
        var names: Set<String> = []
        for entry in entries {
            if entry.sign == false { names.remove(entry.name) } else { names.insert(entry.name) }
        }
        return names
    }

    /// All names, without signs.
    public var names: Set<String> { Set(entries.map(\.name)) }

    /// The list as it is written.
    public var description: String {
        entries.map { ($0.sign.map { $0 ? "+" : "-" } ?? "") + $0.name }.joined(separator: " ")
    }
}
