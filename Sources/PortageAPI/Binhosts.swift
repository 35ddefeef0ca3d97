internal import FoundationEssentials

/// What a binary package host is made of.
extension PortageAPI {
    /// The header of an index as this machine's Portage writes it: `KEY: value` lines, without what depends on the
    /// packages in it.
    public func binhostHeader() async throws(PortageError) -> [String] {
        try await ask("binhost_header", [String: String]())
    }

    /// The stanza of a package in an index, with an empty line at its end.
    ///
    /// - Parameters:
    ///   - path: a gpkg file.
    ///   - cpv: what it must contain.
    ///   - place: its path below the address of the index.
    ///   - buildID: its number among the packages of this version, from 1.
    public func binhostEntry(
        _ path: String, cpv: String, place: String, buildID: Int
    ) async throws(PortageError) -> String {
        try await ask("binhost_entry", EntryQuestion(path: path, cpv: cpv, place: place, buildId: buildID))
    }

    /// A text as a member of a gzip file: such members one after the other are a gzip file.
    public func compressed(_ text: String) async throws(PortageError) -> [UInt8] {
        let encoded: String = try await ask("compress_text", ["text": text])
        guard let data = Data(base64Encoded: encoded) else {
            throw .unexpectedAnswer(function: "compress_text", reason: "no base64")
        }
        return Array(data)
    }

    /// Signs a gpkg file in its place.
    ///
    /// - Parameters:
    ///   - home: a GnuPG home.
    ///   - key: a key of it that needs no passphrase.
    public func signPackage(_ path: String, home: String, key: String) async throws(PortageError) {
        let _: Bool = try await ask("sign_package", ["path": path, "home": home, "key": key])
    }
}

private struct EntryQuestion: Encodable {
    let path: String
    let cpv: String
    let place: String
    let buildId: Int
}
