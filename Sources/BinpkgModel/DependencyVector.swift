/// What a package was, or is to be, built with: its build-time dependencies, the toolchain and the C library.
public struct DependencyVector: Codable, Equatable, Sendable {
    /// The packages that satisfy DEPEND and BDEPEND. A set.
    public var packages: [InstalledPackage]
    /// The C library's CPV; empty when it is not known.
    public var libc: String
    /// Compilers, linkers, and the headers of kernel and C library, whether DEPEND names them or not: of each name the one
    /// that is in use. A set. nil when it is not known: vectors of the first version do not have it.
    public var toolchain: [InstalledPackage]?

    /// A vector of these values.
    public init(packages: [InstalledPackage], libc: String, toolchain: [InstalledPackage]? = nil) {
        self.packages = packages
        self.libc = libc
        self.toolchain = toolchain
    }

    /// The bytes whose SHA-256 is ``identity``: records as in ``BuildRequest/canonicalForm``.
    ///
    /// | TAG | items |
    /// |---|---|
    /// | `portmanteau-vector` | the version, `2` |
    /// | `libc` | one |
    /// | `packages` | CPV, `SLOT/SUBSLOT`, USE, content in turns; the flags each once, sorted by bytes, with a blank between; content is empty when it is not known; sorted by the bytes of CPV, then slot, then USE, then content; no quadruple twice |
    /// | `toolchain` | the same |
    ///
    /// A vector without toolchain, in which no content is known, is written as version `1` had it: `packages` are triples
    /// without content, and there is no record `toolchain`.
    public var canonicalForm: [UInt8] {
        var form = CanonicalWriter()
        let isFirst = toolchain == nil && packages.allSatisfy { $0.content == nil }
        func items(_ packages: [InstalledPackage]) -> [String] {
            CanonicalWriter.set(
                packages.map {
                    let flags = CanonicalWriter.set($0.use).joined(separator: " ")
                    return [$0.cpv, CanonicalWriter.slot($0.slot), flags] + (isFirst ? [] : [$0.content ?? ""])
                })
        }
        form.record("portmanteau-vector", [isFirst ? "1" : "2"])
        form.record("libc", [libc])
        form.record("packages", items(packages))
        if !isFirst { form.record("toolchain", items(toolchain ?? [])) }
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
    ///   - domain: the trust domain whose alone it is; one more record, `domain`. nil when it is everybody's.
    public static func id(key: String, vector: String, sha256: String, domain: String? = nil) -> String {
        var form = CanonicalWriter()
        form.record("portmanteau-artifact", ["1"])
        form.record("key", [key])
        form.record("vector", [vector])
        form.record("sha256", [sha256])
        if let domain { form.record("domain", [domain]) }
        return ContentHash.sha256(form.bytes)
    }
}
