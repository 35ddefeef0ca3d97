internal import FoundationEssentials
internal import GRDB

/// A package in a public binhost.
struct BinhostEntry: Codable, Equatable, Sendable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "binhost_entry"

    /// The binhost's name.
    var binhost: String
    /// The package's name in the store.
    var artifact: String
    /// `CATEGORY/NAME-VERSION`.
    var cpv: String
    /// Its number among those of this version.
    var build: Int
    /// The path below the binhost's address.
    var path: String
    /// The part of the index that it is in.
    var part: Int
    /// What the index has of it.
    var stanza: String
}

/// What the store knows of the public binhosts. An index is what its rows say: it changes in one transaction, with its
/// time.
///
/// The stanzas of an index are kept in parts, each also compressed, so that a new package changes one part only.
extension Store {
    /// How many packages a part has.
    static let partLength = 64

    /// The tables.
    static func addPublishing(to migrator: inout DatabaseMigrator) {
        migrator.registerMigration("publishing") { db in
            try db.alter(table: "artifact") { table in
                table.add(column: "environment", .text)
                table.add(column: "used", .double)
            }
            try db.create(table: "binhost") { table in
                table.primaryKey("name", .text)
                table.column("header", .text).notNull()
                table.column("timestamp", .integer).notNull()
            }
            try db.create(table: "binhost_entry") { table in
                table.column("binhost", .text).notNull()
                table.column("artifact", .text).notNull()
                table.column("cpv", .text).notNull()
                table.column("build", .integer).notNull()
                table.column("path", .text).notNull()
                table.column("part", .integer).notNull()
                table.column("stanza", .text).notNull()
                table.primaryKey(["binhost", "artifact"])
                table.uniqueKey(["binhost", "path"])
            }
            try db.create(index: "binhost_entry_by_part", on: "binhost_entry", columns: ["binhost", "part"])
            try db.create(index: "binhost_entry_by_cpv", on: "binhost_entry", columns: ["binhost", "cpv"])
            try db.create(table: "binhost_part") { table in
                table.column("binhost", .text).notNull()
                table.column("part", .integer).notNull()
                table.column("gzip", .blob).notNull()
                table.primaryKey(["binhost", "part"])
            }
            // What was looked at and is not in the binhost, and with which settings that was decided.
            try db.create(table: "binhost_refusal") { table in
                table.column("binhost", .text).notNull()
                table.column("artifact", .text).notNull()
                table.column("settings", .text).notNull()
                table.column("reason", .text).notNull()
                table.primaryKey(["binhost", "artifact"])
            }
        }
    }

    /// The packages that a binhost has neither taken nor refused with these settings, oldest first.
    func undecided(_ binhost: String, settings: String) async throws(ServiceError) -> [StoredArtifact] {
        try await read { db in
            try StoredArtifact.fetchAll(
                db,
                sql: """
                    SELECT * FROM artifact WHERE NOT EXISTS
                    (SELECT 1 FROM binhost_entry WHERE binhost = ?1 AND artifact = artifact.id)
                    AND NOT EXISTS
                    (SELECT 1 FROM binhost_refusal WHERE binhost = ?1 AND artifact = artifact.id AND settings = ?2)
                    ORDER BY built, id
                    """, arguments: [binhost, settings])
        }
    }

    /// A package's recipe.
    func recipe(_ key: String) async throws(ServiceError) -> StoredRecipe? {
        try await read { try StoredRecipe.fetchOne($0, key: key) }
    }

    /// Remembers that a binhost does not take a package.
    func refuse(
        _ binhost: String, _ artifact: String, settings: String, reason: String
    ) async throws(ServiceError) {
        try await write { db in
            try db.execute(
                sql: "INSERT OR REPLACE INTO binhost_refusal VALUES (?, ?, ?, ?)",
                arguments: [binhost, artifact, settings, reason])
        }
    }

    /// The number that the next package of a version gets, and the part that it comes into with the stanzas there.
    func nextPlace(
        _ binhost: String, cpv: String
    ) async throws(ServiceError) -> (build: Int, part: Int, stanzas: [(path: String, stanza: String)]) {
        try await read { db in
            let last = try Int.fetchOne(
                db, sql: "SELECT max(build) FROM binhost_entry WHERE binhost = ? AND cpv = ?",
                arguments: [binhost, cpv])
            let part =
                try Int.fetchOne(
                    db, sql: "SELECT max(part) FROM binhost_entry WHERE binhost = ?", arguments: [binhost]) ?? 0
            let stanzas = try Row.fetchAll(
                db, sql: "SELECT path, stanza FROM binhost_entry WHERE binhost = ? AND part = ? ORDER BY path",
                arguments: [binhost, part]
            ).map { (path: $0["path"] as String, stanza: $0["stanza"] as String) }
            return stanzas.count < Self.partLength
                ? ((last ?? 0) + 1, part, stanzas) : ((last ?? 0) + 1, part + 1, [])
        }
    }

    private static func stanzas(_ db: Database, _ binhost: String, _ part: Int) throws -> [String] {
        try String.fetchAll(
            db, sql: "SELECT stanza FROM binhost_entry WHERE binhost = ? AND part = ? ORDER BY path",
            arguments: [binhost, part])
    }

    /// Puts a package into an index, with the whole part that it is in compressed. Returns the index's new time.
    func add(_ entry: BinhostEntry, gzip: [UInt8]) async throws(ServiceError) -> Int {
        try await write { db in
            try entry.insert(db)
            try db.execute(
                sql: "INSERT OR REPLACE INTO binhost_part VALUES (?, ?, ?)",
                arguments: [entry.binhost, entry.part, gzip.databaseBlob])
            return try Self.advance(db, entry.binhost)
        }
    }

    /// Takes packages out of every index that they are in.
    func withdraw(_ artifacts: [String]) async throws(ServiceError) {
        try await write { db in try Self.withdraw(db, artifacts) }
    }

    static func withdraw(_ db: Database, _ artifacts: [String]) throws {
        var changed: Set<[DatabaseValue]> = []
        for id in artifacts {
            for entry in try BinhostEntry.filter(Column("artifact") == id).fetchAll(db) {
                changed.insert([entry.binhost.databaseValue, entry.part.databaseValue])
            }
            try db.execute(sql: "DELETE FROM binhost_entry WHERE artifact = ?", arguments: [id])
            try db.execute(sql: "DELETE FROM binhost_refusal WHERE artifact = ?", arguments: [id])
        }
        var binhosts: Set<String> = []
        for place in changed {
            guard let name = String.fromDatabaseValue(place[0]), let part = Int.fromDatabaseValue(place[1]) else {
                continue
            }
            binhosts.insert(name)
            let stanzas = try Self.stanzas(db, name, part)
            if stanzas.isEmpty {
                try db.execute(
                    sql: "DELETE FROM binhost_part WHERE binhost = ? AND part = ?", arguments: [name, part])
            } else {
                // Compressed again when something is added to it.
                try db.execute(
                    sql: "INSERT OR REPLACE INTO binhost_part VALUES (?, ?, ?)",
                    arguments: [name, part, Gzip.stored(Array(stanzas.joined().utf8)).databaseBlob])
            }
        }
        for name in binhosts { _ = try advance(db, name) }
    }

    /// Gives an index a time that it never had, also when the clock goes backward or two changes come in one second.
    private static func advance(_ db: Database, _ binhost: String) throws -> Int {
        try db.execute(
            sql: "UPDATE binhost SET timestamp = max(timestamp + 1, ?) WHERE name = ?", arguments: [Int(now), binhost])
        return try Int.fetchOne(db, sql: "SELECT timestamp FROM binhost WHERE name = ?", arguments: [binhost]) ?? 0
    }

    /// The header of an index; nil when the binhost is new.
    func binhostHeader(_ binhost: String) async throws(ServiceError) -> String? {
        try await read { db in
            try String.fetchOne(db, sql: "SELECT header FROM binhost WHERE name = ?", arguments: [binhost])
        }
    }

    /// Gives an index a header; nothing is changed when it has it already.
    func setHeader(_ header: String, of binhost: String) async throws(ServiceError) {
        try await write { db in
            let old = try String.fetchOne(db, sql: "SELECT header FROM binhost WHERE name = ?", arguments: [binhost])
            guard old != header else { return }
            try db.execute(
                sql: """
                    INSERT INTO binhost VALUES (?1, ?2, 0) ON CONFLICT (name) DO UPDATE SET header = ?2
                    """, arguments: [binhost, header])
            _ = try Self.advance(db, binhost)
        }
    }

    /// The time of an index; nil when the binhost is new.
    func timestamp(of binhost: String) async throws(ServiceError) -> Int? {
        try await read { db in
            try Int.fetchOne(db, sql: "SELECT timestamp FROM binhost WHERE name = ?", arguments: [binhost])
        }
    }

    /// The package at a path of a binhost.
    func artifact(of binhost: String, path: String) async throws(ServiceError) -> StoredArtifact? {
        try await read { db in
            try StoredArtifact.fetchOne(
                db,
                sql: """
                    SELECT artifact.* FROM artifact JOIN binhost_entry ON artifact = id WHERE binhost = ? AND path = ?
                    """, arguments: [binhost, path])
        }
    }
}

extension [UInt8] {
    /// The bytes as a value of a column.
    var databaseBlob: Data { Data(self) }
}
