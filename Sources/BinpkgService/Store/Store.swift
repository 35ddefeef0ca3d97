internal import BuildEnvironments
internal import FoundationEssentials
internal import GRDB

/// What survives a restart: requests, what became of them, and what is known of the packages.
///
/// What a method has returned from is on the disk.
struct Store: Sendable {
    private let pool: DatabasePool
    /// A connection of its own for ``look(_:)``: who waits for it waits for somebody who is at work, and for nothing else.
    private let looking: DatabaseQueue
    private let path: String

    /// Opens the database, and makes it when it is not there.
    init(path: String) throws(ServiceError) {
        self.path = path
        var configuration = Configuration()
        configuration.prepareDatabase { db in
            // A request that was answered must not be lost with the power.
            if !db.configuration.readonly { try db.execute(sql: "PRAGMA synchronous = FULL") }
        }
        do {
            pool = try DatabasePool(path: path, configuration: configuration)
            let isNewer = try pool.read { try Self.migrator.hasBeenSuperseded($0) }
            guard !isNewer else { throw ServiceError.store(path: path, reason: "it was made by a newer binpkgd") }
            try Self.migrator.migrate(pool)
            var reading = Configuration()
            reading.readonly = true
            reading.busyMode = .timeout(5)
            // 16 MiB, so that the keys of many packages are not read from the disk again and again.
            reading.prepareDatabase { try $0.execute(sql: "PRAGMA cache_size = -16384") }
            looking = try DatabaseQueue(path: path, configuration: reading)
        } catch let error as ServiceError {
            throw error
        } catch {
            throw .store(path: path, reason: "\(error)")
        }
    }

    /// The versions of the schema. One that was released is never changed; another is added.
    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { db in
            try db.create(table: "build") { table in
                table.primaryKey("id", .text)
                table.column("artifact", .text)
            }
        }
        // Several packages for one primary key. What the first version had built is built again.
        migrator.registerMigration("2") { db in
            try db.drop(table: "build")
            try db.create(table: "recipe") { table in
                table.primaryKey("key", .text)
                table.column("name", .text).notNull().indexed()
                table.column("body", .text).notNull()
            }
            try db.create(table: "request") { table in
                table.primaryKey("id", .text)
                table.column("key", .text).notNull().indexed().references("recipe")
                table.column("name", .text).notNull()
                table.column("vector", .text).notNull()
                table.column("accuracy", .text).notNull()
                table.column("state", .text).notNull()
                table.column("message", .text)
                table.column("artifact", .text)
                table.column("plan", .text)
                table.column("unblocks", .integer).notNull()
                table.column("rank", .double).notNull()
                table.column("queued", .double).notNull()
                table.column("changed", .double).notNull()
            }
            try db.create(index: "request_by_rank", on: "request", columns: ["state", "rank"])
            try db.create(table: "artifact") { table in
                table.primaryKey("id", .text)
                table.column("key", .text).notNull().indexed().references("recipe")
                table.column("name", .text).notNull()
                table.column("vector", .text).notNull()
                table.column("sha256", .text).notNull()
                table.column("size", .integer).notNull()
                table.column("seconds", .double).notNull()
                table.column("built", .double).notNull()
                table.column("request", .text).notNull()
            }
            try db.create(index: "artifact_by_name", on: "artifact", columns: ["name", "built"])
            try db.create(table: "history") { table in
                table.column("name", .text).notNull()
                table.column("seconds", .double).notNull()
                table.column("finished", .double).notNull()
            }
            try db.create(index: "history_by_name", on: "history", columns: ["name", "finished"])
        }
        StoredToken.register(in: &migrator)
        // Who waits for what. Of what was queued before, nobody knows, and nothing of it is cancelled.
        migrator.registerMigration("3-wishes") { db in
            try db.create(table: "wish") { table in
                table.column("request", .text).notNull()
                table.column("who", .text).notNull()
                table.column("count", .integer).notNull()
                table.primaryKey(["request", "who"])
            }
        }
        // What came from clients is theirs. Of what is older nobody knows whether it did.
        migrator.registerMigration("trust domains") { db in
            for table in ["request", "artifact"] {
                try db.alter(table: table) { $0.add(column: "trustDomain", .text) }
                try db.execute(sql: "UPDATE \(table) SET trustDomain = ?", arguments: [EnvironmentNeeds.everybody])
            }
            try db.alter(table: "request") { $0.add(column: "machineKind", .text).notNull().defaults(to: "") }
            try db.alter(table: "history") { table in
                table.add(column: "environment", .text).notNull().defaults(to: "")
                table.add(column: "machineKind", .text).notNull().defaults(to: "")
            }
            try db.create(index: "history_by_kind", on: "history", columns: ["machineKind", "finished"])
        }
        addPublishing(to: &migrator)
        // What a package is built with may come from the asking machine, too.
        migrator.registerMigration("ebuilds of dependencies") { db in
            try db.alter(table: "request") { $0.add(column: "dependencyEbuilds", .text) }
        }
        StoredSender.register(in: &migrator)
        return migrator
    }

    /// Seconds since 1970.
    static var now: Double { Date().timeIntervalSince1970 }

    func read<R: Sendable>(_ body: @escaping @Sendable (Database) throws -> R) async throws(ServiceError) -> R {
        do {
            return try await pool.read(body)
        } catch {
            throw .store(path: path, reason: "\(error)")
        }
    }

    /// Asks one short question, at once and on the thread that asks: for what is asked all the time. A question of one
    /// statement sees one state of the store.
    func look<R>(_ body: (Database) throws -> R) throws(ServiceError) -> R {
        do {
            return try looking.unsafeRead(body)
        } catch {
            throw .store(path: path, reason: "\(error)")
        }
    }

    func write<R: Sendable>(_ body: @escaping @Sendable (Database) throws -> R) async throws(ServiceError) -> R {
        do {
            return try await pool.write(body)
        } catch {
            throw .store(path: path, reason: "\(error)")
        }
    }
}
