internal import FoundationEssentials
internal import GRDB

/// The file `Packages` or `Packages.gz` of a public binhost, as it is at one moment.
struct BinhostIndex: Sendable {
    /// When it changed last, in seconds since 1970.
    let timestamp: Int
    /// All of the file.
    let bytes: [UInt8]
}

extension Store {
    /// A whole index; nil when the binhost is new.
    ///
    /// Only one of both forms is read: the stanzas, or the compressed parts.
    func index(of binhost: String, compressed: Bool) async throws(ServiceError) -> BinhostIndex? {
        try await read { db in
            guard let row = try Row.fetchOne(db, sql: "SELECT * FROM binhost WHERE name = ?", arguments: [binhost])
            else { return nil }
            let count = try Int.fetchOne(
                db, sql: "SELECT count(*) FROM binhost_entry WHERE binhost = ?", arguments: [binhost])
            let timestamp: Int = row["timestamp"]
            let head = Array(Self.head(row["header"], count: count ?? 0, timestamp: timestamp).utf8)
            if compressed {
                var bytes = Gzip.stored(head)
                let parts = try Data.fetchCursor(
                    db, sql: "SELECT gzip FROM binhost_part WHERE binhost = ? ORDER BY part", arguments: [binhost])
                while let part = try parts.next() { bytes += part }
                return BinhostIndex(timestamp: timestamp, bytes: bytes)
            }
            var bytes = head
            let stanzas = try String.fetchCursor(
                db, sql: "SELECT stanza FROM binhost_entry WHERE binhost = ? ORDER BY part, path",
                arguments: [binhost])
            while let stanza = try stanzas.next() { bytes += stanza.utf8 }
            return BinhostIndex(timestamp: timestamp, bytes: bytes)
        }
    }

    /// The header with what depends on the packages, in the order of its keys as Portage writes it.
    private static func head(_ header: String, count: Int, timestamp: Int) -> String {
        let lines = header.split(separator: "\n").map(String.init)
        return (lines + ["PACKAGES: \(count)", "TIMESTAMP: \(timestamp)"]).sorted().joined(separator: "\n") + "\n\n"
    }
}
