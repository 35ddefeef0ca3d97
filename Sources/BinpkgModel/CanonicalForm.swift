extension BuildRequest {
    /// The bytes whose SHA-256 is the primary key. `Documentation/build-key.md` has an example.
    ///
    /// The form is a sequence of records. A record is
    ///
    ///     TAG SP COUNT LF
    ///
    /// and then COUNT items, each
    ///
    ///     LENGTH ":" BYTES LF
    ///
    /// where COUNT and LENGTH are decimal without leading zeros and LENGTH is the number of BYTES (UTF-8, unchanged). So
    /// no value can be taken for something else, whatever is in it, and the form can be read back in one way only.
    ///
    /// The records, in this order:
    ///
    /// | TAG | items |
    /// |---|---|
    /// | `portmanteau-request` | the version, `1` |
    /// | `cpv` `repository` `eapi` `slot` `chost` `cbuild` `eprefix` `tmpdir` `profile` | one each |
    /// | `use` `iuse` `features` | the set, each item once, sorted by bytes |
    /// | `variables` | name and value in turns, sorted by the bytes of the name |
    /// | `content` | role, name, sha256, size in turns, sorted by the bytes of role, then name, then sha256; no quadruple twice |
    ///
    /// A slot without sub-slot is written as `SLOT/SLOT`, which is what it means. `buildDependencies`, `libc` and
    /// `accuracy` are not part of the form.
    public var canonicalForm: [UInt8] {
        var form = CanonicalWriter()
        form.record("portmanteau-request", [String(version)])
        form.record("cpv", [cpv])
        form.record("repository", [repository])
        form.record("eapi", [eapi])
        form.record("slot", [CanonicalWriter.slot(slot)])
        form.record("chost", [chost])
        form.record("cbuild", [cbuild])
        form.record("eprefix", [eprefix])
        form.record("tmpdir", [tmpdir])
        form.record("profile", [profile])
        form.record("use", CanonicalWriter.set(use))
        form.record("iuse", CanonicalWriter.set(iuse))
        form.record("features", CanonicalWriter.set(features))
        form.record("variables", CanonicalWriter.set(variables.map { [$0.key, $0.value] }))
        form.record("content", content.canonicalItems)
        return form.bytes
    }

    /// SHA-256 over ``canonicalForm``, in lower-case hexadecimal: the name of what is asked for.
    public var primaryKey: String { ContentHash.sha256(canonicalForm) }

    /// The name of this request: SHA-256 over the records `portmanteau-wish` (the version, `1`), `key` (the primary key),
    /// `vector` (the identity of the dependency vector) and `accuracy`, one item each.
    ///
    /// Requests with the same name are one request, however many machines make it.
    public var id: String { id(ofKey: primaryKey) }

    /// The same for a primary key that is known already.
    ///
    /// With ``dependencyEbuilds`` there is one more record, `ebuilds`: repository, CPV, slot, flags and the SHA-256 over its
    /// content (as in ``canonicalForm``) in turns, for each once, sorted by bytes.
    ///
    /// - Parameter domain: the trust domain whose alone the request is, since it brought content along; it is one more
    ///   record, `domain`. nil when the request is everybody's.
    public func id(ofKey key: String, domain: String? = nil) -> String {
        var form = CanonicalWriter()
        form.record("portmanteau-wish", ["1"])
        form.record("key", [key])
        form.record("vector", [vector.identity])
        form.record("accuracy", [accuracy.rawValue])
        if let ebuilds = dependencyEbuilds, !ebuilds.isEmpty {
            form.record("ebuilds", CanonicalWriter.set(ebuilds.map(\.canonicalItems)))
        }
        if let domain { form.record("domain", [domain]) }
        return ContentHash.sha256(form.bytes)
    }
}

extension [ContentItem] {
    fileprivate var canonicalItems: [String] {
        CanonicalWriter.set(map { [$0.role.rawValue, $0.name, $0.sha256, String($0.size)] })
    }
}

extension DependencyEbuild {
    fileprivate var canonicalItems: [String] {
        var form = CanonicalWriter()
        form.record("content", content.canonicalItems)
        let flags = CanonicalWriter.set(use).joined(separator: " ")
        return [repository, cpv, CanonicalWriter.slot(slot), flags, ContentHash.sha256(form.bytes)]
    }
}
