internal import GRDB

/// That a trust domain sent a file. The file itself is kept once, whoever sent it (``ContentStore``).
struct StoredSender: Codable, Equatable, Sendable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "sender"

    /// SHA-256 of the file.
    var content: String
    /// Who sent it.
    var trustDomain: String

    /// The migration that makes its table. Of what was sent before nobody knows by whom: it is asked for again.
    static func register(in migrator: inout DatabaseMigrator) {
        migrator.registerMigration("senders") { db in
            try db.create(table: databaseTableName) { table in
                table.column("content", .text).notNull()
                table.column("trustDomain", .text).notNull()
                table.primaryKey(["content", "trustDomain"])
            }
        }
    }
}

/// Who sent which content.
extension Store {
    /// Notes that a domain sent a file.
    func noteContent(_ hash: String, sentBy trustDomain: String) async throws(ServiceError) {
        if try await content([hash], sentBy: trustDomain).contains(hash) { return }
        try await write { try StoredSender(content: hash, trustDomain: trustDomain).insert($0, onConflict: .ignore) }
    }

    /// Those of some files that a domain sent; without a domain none.
    func content(_ hashes: [String], sentBy trustDomain: String?) async throws(ServiceError) -> Set<String> {
        guard let trustDomain, !hashes.isEmpty else { return [] }
        return try await read { db in
            let question = try db.cachedStatement(sql: "SELECT 1 FROM sender WHERE content = ? AND trustDomain = ?")
            return try Set(hashes.filter { try Int.fetchOne(question, arguments: [$0, trustDomain]) != nil })
        }
    }

    /// Forgets who sent these files.
    func forgetContent(_ hashes: [String]) async throws(ServiceError) {
        guard !hashes.isEmpty else { return }
        try await write { db in
            for hash in hashes { try StoredSender.filter(Column("content") == hash).deleteAll(db) }
        }
    }
}
