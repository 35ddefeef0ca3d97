/// Which packages are kept: the tables `[store]` and `[signing]` of `binpkgd.toml`.
public struct KeepingSettings: Equatable, Sendable {
    /// `store.max_bytes`: what packages, content, logs and distfiles of trust domains may take together; nil for no
    /// limit.
    public var maximumBytes: Int?
    /// `store.max_age_days`: packages that were not used for so long go; nil for no limit.
    public var maximumDays: Int?
    /// `store.keep_days`: what was used within these days stays, whatever else is said.
    public var keepDays = 1
    /// `store.gc_hours`: how often the service looks.
    public var hours = 24

    /// The defaults: nothing goes.
    public init() {}

    /// Whether anything may go at all.
    var isLimited: Bool { maximumBytes != nil || maximumDays != nil }
}

/// The key that packages are signed with.
public struct SigningSettings: Equatable, Sendable {
    /// `signing.home`: a GnuPG home that no build sees.
    public var home: String
    /// `signing.key`: the key, which needs no passphrase.
    public var key: String

    /// A key of a home.
    public init(home: String, key: String) {
        self.home = home
        self.key = key
    }
}

/// The table `[store]`.
struct StoreTable: Decodable {
    let max_bytes: Int?
    let max_age_days: Int?
    let keep_days: Int?
    let gc_hours: Int?

    func settings() -> KeepingSettings {
        var result = KeepingSettings()
        result.maximumBytes = max_bytes
        result.maximumDays = max_age_days
        result.keepDays = keep_days ?? result.keepDays
        result.hours = gc_hours ?? result.hours
        return result
    }
}

/// The table `[signing]`.
struct SigningTable: Decodable {
    let home: String
    let key: String

    func settings() throws(EnvironmentSettings.Mistake) -> SigningSettings {
        guard home.hasPrefix("/"), home.utf8.allSatisfy({ Self.isPlain($0) || $0 == UInt8(ascii: "/") }) else {
            throw .init(reason: "'signing.home' must be an absolute path of letters, digits and '+_.-@'")
        }
        guard !key.isEmpty, !key.hasPrefix("-"), key.utf8.allSatisfy(Self.isPlain) else {
            throw .init(reason: "'signing.key' must be a key's number or address")
        }
        return SigningSettings(home: home, key: key)
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "+_.-@".utf8.contains(byte)
        }
    }
}
