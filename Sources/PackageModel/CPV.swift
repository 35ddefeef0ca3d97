/// Category, package name and version: `dev-libs/openssl-3.5.1-r1`.
///
/// Two values are the same package exactly when they are spelled the same.
public struct CPV: Sendable, Hashable, CustomStringConvertible {
    /// The category, `dev-libs`.
    public let category: String
    /// The package name, `openssl` (PN).
    public let name: String
    /// The version with its revision, `3.5.1-r1` (PVR).
    public let version: Version

    /// Reads `category/name-version`; nil when the text is something else.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard let slash = bytes.firstIndex(of: UInt8(ascii: "/")),
            let (name, version) = Characters.splitVersion(bytes[(slash + 1)...]),
            Characters.isCategory(bytes[..<slash]), Characters.isPackageName(name)
        else { return nil }
        self.category = String(decoding: bytes[..<slash], as: UTF8.self)
        self.name = String(decoding: name, as: UTF8.self)
        self.version = version
    }

    /// `dev-libs/openssl`
    public var categoryAndName: String { category + "/" + name }

    /// `openssl-3.5.1-r1` (PF)
    public var nameAndVersion: String { name + "-" + version.description }

    /// `dev-libs/openssl-3.5.1-r1`
    public var description: String { category + "/" + name + "-" + version.description }

    /// Whether both are spelled the same.
    public static func == (left: CPV, right: CPV) -> Bool {
        left.category == right.category && left.name == right.name
            && left.version.description == right.version.description
    }

    /// Hashes the spelling.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(category)
        hasher.combine(name)
        hasher.combine(version.description)
    }
}
