/// What a package was, or is to be, built with: its build-time dependencies and the C library.
public struct DependencyVector: Codable, Equatable, Sendable {
    /// The packages that satisfy DEPEND and BDEPEND. A set.
    public var packages: [InstalledPackage]
    /// The C library's CPV; empty when it is not known.
    public var libc: String

    /// A vector of these values.
    public init(packages: [InstalledPackage], libc: String) {
        self.packages = packages
        self.libc = libc
    }

    /// The bytes whose SHA-256 is ``identity``: records as in ``BuildRequest/canonicalForm``.
    ///
    /// | TAG | items |
    /// |---|---|
    /// | `portmanteau-vector` | the version, `1` |
    /// | `libc` | one |
    /// | `packages` | CPV, `SLOT/SUBSLOT`, USE in turns; the flags each once, sorted by bytes, with a blank between; sorted by the bytes of CPV, then slot, then USE; no triple twice |
    public var canonicalForm: [UInt8] {
        var form = CanonicalWriter()
        form.record("portmanteau-vector", ["1"])
        form.record("libc", [libc])
        form.record(
            "packages",
            CanonicalWriter.set(
                packages.map {
                    let flags = CanonicalWriter.set($0.use.map { [$0] }).joined(separator: " ")
                    return [$0.cpv, CanonicalWriter.slot($0.slot), flags]
                }))
        return form.bytes
    }

    /// SHA-256 over ``canonicalForm``: equal for equal vectors, in whatever order they are written.
    public var identity: String { ContentHash.sha256(canonicalForm) }
}

/// The names of packages.
public enum ArtifactName {
    /// The name of one package file: SHA-256 over the records `portmanteau-artifact` (the version, `1`), `key`, `vector`
    /// and `sha256`, one item each.
    ///
    /// - Parameters:
    ///   - key: the primary key that it was built for.
    ///   - vector: the identity of what it was built with.
    ///   - sha256: the hash of the file.
    public static func id(key: String, vector: String, sha256: String) -> String {
        var form = CanonicalWriter()
        form.record("portmanteau-artifact", ["1"])
        form.record("key", [key])
        form.record("vector", [vector])
        form.record("sha256", [sha256])
        return ContentHash.sha256(form.bytes)
    }
}
