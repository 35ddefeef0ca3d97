public import AgentProtocol

/// Packages that the service is never asked for: the value of `BINPKG_NEVER`.
///
/// Words are `CATEGORY/PACKAGE` with `*` for any text, or one of the kinds. Two things are never asked for whatever is
/// configured: packages without sources, which have nothing to build, and what someone builds by hand with `ebuild`.
public struct NeverAsked: Equatable, Sendable {
    /// A kind of package, known by what its ebuild says of itself.
    public enum Kind: String, CaseIterable, Sendable {
        /// Ebuilds that fetch the newest sources at each build.
        case live = "@live"
        /// Modules of the kernel that is installed here.
        case kernelModules = "@kernel-modules"
        /// Packages that may not be passed on in binary form (RESTRICT=bindist).
        case bindist = "@bindist"

        /// What it is, for people.
        public var meaning: String {
            switch self {
            case .live: "a live ebuild, whose sources change"
            case .kernelModules: "modules of this machine's kernel"
            case .bindist: "may not be passed on in binary form (RESTRICT=bindist)"
            }
        }
    }

    /// The words, as written.
    public let words: [String]

    /// What counts when nothing is configured.
    public static let usual = NeverAsked(words: ["acct-*/*", "virtual/*"] + Kind.allCases.map(\.rawValue))

    private init(words: [String]) { self.words = words }

    /// Reads the value; nil when a word is none of those that there are.
    public init?(_ text: String) {
        let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
        guard words.allSatisfy({ Kind(rawValue: $0) != nil || Self.isPattern($0) }) else { return nil }
        self.words = words
    }

    /// The value as it is written in hooks.conf.
    public var text: String { words.joined(separator: " ") }

    /// The first word that speaks of the package of a phase; nil when none does.
    ///
    /// - Parameter setup: of its fields `CATEGORY`, `PN`, `PF`, `PORTAGE_PROPERTIES`, `PORTAGE_RESTRICT` and `INHERITED`
    ///   are looked at.
    public func word(for setup: SetupRequest) -> String? {
        words.first { word in
            if let kind = Kind(rawValue: word) { return Self.isOf(kind, setup) }
            return Self.matches(word.utf8[...], (setup["CATEGORY"] + "/" + setup["PN"]).utf8[...])
        }
    }

    private static func isOf(_ kind: Kind, _ setup: SetupRequest) -> Bool {
        func has(_ word: String, in name: String) -> Bool {
            setup[name].split(whereSeparator: \.isWhitespace).contains { $0 == word }
        }
        return switch kind {
        case .live: has("live", in: "PORTAGE_PROPERTIES") || setup["PF"].hasSuffix("-9999")
        case .kernelModules: has("linux-mod", in: "INHERITED") || has("linux-mod-r1", in: "INHERITED")
        case .bindist: has("bindist", in: "PORTAGE_RESTRICT")
        }
    }

    private static func isPattern(_ word: String) -> Bool {
        let parts = word.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == 2
            && parts.allSatisfy { part in
                !part.isEmpty && part.utf8.allSatisfy { isNameByte($0) || $0 == UInt8(ascii: "*") }
            }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "+_.-".utf8.contains(byte)
        }
    }

    /// Whether a text is as the pattern says; `*` stands for any text without a slash.
    private static func matches(_ pattern: Substring.UTF8View, _ text: Substring.UTF8View) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        let rest = pattern.dropFirst()
        if first != UInt8(ascii: "*") { return text.first == first && matches(rest, text.dropFirst()) }
        var text = text
        while true {
            if matches(rest, text) { return true }
            guard let next = text.first, next != UInt8(ascii: "/") else { return false }
            text = text.dropFirst()
        }
    }
}
