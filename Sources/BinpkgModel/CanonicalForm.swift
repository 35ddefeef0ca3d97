import Crypto

extension BuildRequest {
    /// The bytes whose SHA-256 is the primary key.
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
        form.record("slot", [slot.utf8.contains(UInt8(ascii: "/")) ? slot : "\(slot)/\(slot)"])
        form.record("chost", [chost])
        form.record("cbuild", [cbuild])
        form.record("eprefix", [eprefix])
        form.record("tmpdir", [tmpdir])
        form.record("profile", [profile])
        form.record("use", CanonicalWriter.set(use.map { [$0] }))
        form.record("iuse", CanonicalWriter.set(iuse.map { [$0] }))
        form.record("features", CanonicalWriter.set(features.map { [$0] }))
        form.record("variables", CanonicalWriter.set(variables.map { [$0.key, $0.value] }))
        form.record(
            "content", CanonicalWriter.set(content.map { [$0.role.rawValue, $0.name, $0.sha256, String($0.size)] }))
        return form.bytes
    }

    /// SHA-256 over ``canonicalForm``, in lower-case hexadecimal: the name of what is asked for.
    public var primaryKey: String { ContentHash.sha256(canonicalForm) }
}

/// SHA-256 as this project writes it.
public enum ContentHash {
    /// The hash of some bytes, 64 lower-case hexadecimal digits.
    public static func sha256(_ bytes: [UInt8]) -> String {
        var hash = SHA256()
        bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
        return hex(hash.finalize())
    }

    /// Bytes in lower-case hexadecimal.
    public static func hex(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        let text = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }

    /// Whether a text is a hash as ``sha256(_:)`` writes it.
    public static func isHash(_ text: String) -> Bool {
        text.utf8.count == 64
            && text.utf8.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
    }
}

/// Writes the records of a canonical form.
struct CanonicalWriter {
    private(set) var bytes: [UInt8] = []

    /// Appends a record.
    mutating func record(_ tag: String, _ items: [String]) {
        bytes += Array("\(tag) \(items.count)\n".utf8)
        for item in items {
            bytes += Array("\(item.utf8.count):".utf8)
            bytes += Array(item.utf8)
            bytes.append(UInt8(ascii: "\n"))
        }
    }

    /// The rows sorted by bytes, equal ones once, one after the other. Compares bytes and not characters: Swift takes
    /// texts of different bytes for equal when Unicode does.
    static func set(_ rows: [[String]]) -> [String] {
        var result: [[String]] = []
        for row in rows.sorted(by: precedes) where result.last.map({ !equals($0, row) }) ?? true { result.append(row) }
        return result.flatMap { $0 }
    }

    private static func equals(_ a: [String], _ b: [String]) -> Bool {
        a.elementsEqual(b) { $0.utf8.elementsEqual($1.utf8) }
    }

    private static func precedes(_ a: [String], _ b: [String]) -> Bool {
        for (x, y) in zip(a, b) where !x.utf8.elementsEqual(y.utf8) { return x.utf8.lexicographicallyPrecedes(y.utf8) }
        return a.count < b.count
    }
}
