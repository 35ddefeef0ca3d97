internal import BinpkgModel
internal import GRDB

/// A binhost full of made-up packages, to measure with.
public struct BinhostTrial: Sendable {
    let store: Store

    /// A text as a member of a gzip file, without Portage.
    public static func compressed(_ text: String) -> [UInt8] { Gzip.stored(Array(text.utf8)) }

    init(store: Store) { self.store = store }

    /// Puts packages into an index that is there, without files.
    func fill(_ count: Int, binhost: String) async throws(ServiceError) {
        try await store.write { db in
            for start in stride(from: 0, to: count, by: Store.partLength) {
                var text = ""
                let part = start / Store.partLength
                for number in start..<min(start + Store.partLength, count) {
                    let path = "app-trial/p\(number)/p\(number)-1.0-1.gpkg.tar"
                    let entry = BinhostEntry(
                        binhost: binhost, artifact: ContentHash.sha256(Array("trial \(number)".utf8)),
                        cpv: "app-trial/p\(number)-1.0", build: 1, path: path, part: part,
                        stanza: Self.stanza(number, path))
                    try entry.insert(db)
                }
                text = try String.fetchAll(
                    db, sql: "SELECT stanza FROM binhost_entry WHERE binhost = ? AND part = ? ORDER BY path",
                    arguments: [binhost, part]
                ).joined()
                try db.execute(
                    sql: "INSERT OR REPLACE INTO binhost_part VALUES (?, ?, ?)",
                    arguments: [binhost, part, Gzip.stored(Array(text.utf8)).databaseBlob])
            }
            try db.execute(sql: "UPDATE binhost SET timestamp = timestamp + 1 WHERE name = ?", arguments: [binhost])
        }
    }

    /// About as long as a real one.
    private static func stanza(_ number: Int, _ path: String) -> String {
        let hash = ContentHash.sha256(Array(path.utf8))
        return """
            BUILD_ID: 1
            BUILD_TIME: \(1_700_000_000 + number)
            CPV: app-trial/p\(number)-1.0
            DEFINED_PHASES: compile configure install prepare
            DEPEND: >=dev-libs/openssl-1.1.1:0/3= sys-libs/zlib:0/1= virtual/pkgconfig
            EAPI: 8
            IUSE: debug doc nls ssl static-libs test
            KEYWORDS: amd64 arm64 ~riscv x86
            LICENSE: GPL-2+
            MD5: \(hash.prefix(32))
            MTIME: \(1_700_000_000 + number)
            PATH: \(path)
            RDEPEND: >=dev-libs/openssl-1.1.1:0/3= sys-libs/zlib:0/1=
            REPO: gentoo
            REQUIRES: x86_64: libc.so.6 libcrypto.so.3 libssl.so.3 libz.so.1
            SHA1: \(hash.prefix(40))
            SIZE: \(10_000 + number)
            USE: amd64 elibc_glibc kernel_linux nls ssl


            """
    }
}
