/// What `metadata/layout.conf` says, as far as it matters for a repository that is written here. Keys that are not
/// listed are not kept: those about signing and syncing belong to the place a repository came from, and `aliases` would
/// give this repository a second name.
public struct RepositoryLayout: Equatable, Sendable {
    /// The repositories whose eclasses, masks and licences this one uses; nil leaves it to Portage.
    public var masters: [String]?
    /// Whether Manifests list distfiles only.
    public var thinManifests: Bool
    /// Hashes that new Manifests get.
    public var manifestHashes: [String]
    /// Hashes without which Portage takes no Manifest line.
    public var manifestRequiredHashes: [String]
    /// Formats of the profiles directory.
    public var profileFormats: [String]
    /// Further keys with their words, as they stand.
    public var others: [String: String]

    static let otherKeys: Set<String> = [
        "use-manifests", "eapis-banned", "eapis-testing", "eapis-deprecated", "profile_eapi_when_unspecified",
        "restrict-allowed", "properties-allowed",
    ]

    /// A layout with these values.
    public init(
        masters: [String]?, thinManifests: Bool = true, manifestHashes: [String] = ["BLAKE2B", "SHA512"],
        manifestRequiredHashes: [String] = ["BLAKE2B"], profileFormats: [String] = ["portage-2"],
        others: [String: String] = [:]
    ) {
        self.masters = masters
        self.thinManifests = thinManifests
        self.manifestHashes = manifestHashes
        self.manifestRequiredHashes = manifestRequiredHashes
        self.profileFormats = profileFormats
        self.others = others
    }

    /// Reads a layout.conf. Lines without `=` and keys that are not kept are passed over.
    public init(parsing text: String) {
        var values: [String: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            guard !line.drop(while: \.isWhitespace).hasPrefix("#"), let equals = line.firstIndex(of: "=") else {
                continue
            }
            let key = line[..<equals].split(whereSeparator: \.isWhitespace).joined(separator: " ")
            values[key] = line[line.index(after: equals)...].split(whereSeparator: \.isWhitespace)
                .joined(separator: " ")
        }
        func words(_ key: String) -> [String] { (values[key] ?? "").split(separator: " ").map(String.init) }
        self.init(
            masters: values["masters"] == nil ? nil : words("masters"),
            thinManifests: values["thin-manifests"]?.lowercased() == "true",
            manifestHashes: words("manifest-hashes"), manifestRequiredHashes: words("manifest-required-hashes"),
            profileFormats: words("profile-formats"), others: values.filter { Self.otherKeys.contains($0.key) })
    }

    /// The file's text; always the same for the same value. The metadata cache is always md5-dict.
    public var text: String {
        var lines: [String] = []
        if let masters { lines.append("masters =" + masters.map { " " + $0 }.joined()) }
        lines.append("thin-manifests = \(thinManifests)")
        lines.append("sign-manifests = false")
        for (key, words) in [
            ("manifest-hashes", manifestHashes), ("manifest-required-hashes", manifestRequiredHashes),
            ("profile-formats", profileFormats),
        ] where !words.isEmpty {
            lines.append("\(key) = " + words.joined(separator: " "))
        }
        lines.append("cache-formats = md5-dict")
        lines += others.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)" }
        return lines.map { $0 + "\n" }.joined()
    }
}
