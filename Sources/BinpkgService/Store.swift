internal import BinpkgModel
internal import FoundationEssentials
internal import GRDB

/// One build as the store has it.
struct StoredBuild: Codable, Equatable, Sendable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "build"

    /// The primary key of the request.
    var id: String
    /// `CATEGORY/NAME`, for the history of build times.
    var name: String
    /// The request that was made first, as JSON.
    var request: String
    /// A ``RequestState``.
    var state: String
    /// Why it failed or was declined.
    var message: String?
    /// The environment's build-time dependencies, as JSON.
    var dependencies: String?
    /// The environment's C library.
    var libc: String?
    /// SHA-256 of the package file.
    var artifact: String?
    /// Size of the package file.
    var size: Int?
    /// How long the build took, in seconds.
    var seconds: Double?
    /// Seconds since 1970 of the last change of state.
    var changed: Double
    /// A number that grows with every request that is queued: the order of the queue.
    var position: Int
    /// How often it was asked for.
    var asked: Int
}

/// What survives a restart: requests, what became of them, and the packages.
struct Store: Sendable {
    private let pool: DatabasePool
    private let path: String

    /// Opens the database, and makes it when it is not there.
    init(path: String) throws(ServiceError) {
        self.path = path
        do {
            pool = try DatabasePool(path: path)
            try Self.migrator.migrate(pool)
        } catch {
            throw .store(path: path, reason: "\(error)")
        }
    }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { db in
            try db.create(table: "build") { table in
                table.primaryKey("id", .text)
                table.column("name", .text).notNull().indexed()
                table.column("request", .text).notNull()
                table.column("state", .text).notNull().indexed()
                table.column("message", .text)
                table.column("dependencies", .text)
                table.column("libc", .text)
                table.column("artifact", .text)
                table.column("size", .integer)
                table.column("seconds", .double)
                table.column("changed", .double).notNull()
                table.column("position", .integer).notNull()
                table.column("asked", .integer).notNull()
            }
        }
        return migrator
    }

    /// A build.
    func build(_ id: String) async throws(ServiceError) -> StoredBuild? {
        try await read { try StoredBuild.fetchOne($0, key: id) }
    }

    /// Writes a build, new or changed.
    func save(_ build: StoredBuild) async throws(ServiceError) {
        try await write { db in
            var build = build
            build.changed = Self.now
            try build.save(db)
        }
    }

    /// Counts one more request for a build.
    func countRequest(_ id: String) async throws(ServiceError) {
        try await write { try $0.execute(sql: "UPDATE build SET asked = asked + 1 WHERE id = ?", arguments: [id]) }
    }

    /// Puts a build at the end of the queue. If there is one already that may not be tried again, nothing is changed,
    /// and that one is returned: two equal requests at one time share a build.
    func enqueue(
        _ build: StoredBuild, replacing mayBeReplaced: @escaping @Sendable (StoredBuild) -> Bool
    ) async throws(ServiceError) -> StoredBuild {
        try await write { db in
            var build = build
            if let other = try StoredBuild.fetchOne(db, key: build.id) {
                guard mayBeReplaced(other) else { return other }
                build.asked = other.asked + 1
            }
            build.position = (try Int.fetchOne(db, sql: "SELECT max(position) FROM build") ?? 0) + 1
            build.changed = Self.now
            try build.save(db)
            return build
        }
    }

    /// Takes the oldest queued build and marks it as building; nil when none waits.
    func takeNext() async throws(ServiceError) -> StoredBuild? {
        try await write { db in
            guard
                var build = try StoredBuild.filter(Column("state") == RequestState.queued.rawValue)
                    .order(Column("position")).fetchOne(db)
            else { return nil }
            build.state = RequestState.building.rawValue
            build.changed = Self.now
            try build.update(db)
            return build
        }
    }

    /// Queues again what was being built when the service ended. Returns how many those are.
    func requeueInterrupted() async throws(ServiceError) -> Int {
        try await write { db in
            try db.execute(
                sql: "UPDATE build SET state = ? WHERE state = ?",
                arguments: [RequestState.queued.rawValue, RequestState.building.rawValue])
            return db.changesCount
        }
    }

    /// How many builds are in each state.
    func counts() async throws(ServiceError) -> [String: Int] {
        try await read { db in
            var result: [String: Int] = [:]
            for row in try Row.fetchAll(db, sql: "SELECT state, count(*) AS number FROM build GROUP BY state") {
                result[row["state"]] = row["number"]
            }
            return result
        }
    }

    /// How long the last builds of a package took on average; nil without any.
    func estimate(name: String) async throws(ServiceError) -> Double? {
        try await read { db in
            try Double.fetchOne(
                db,
                sql: """
                    SELECT avg(seconds) FROM
                    (SELECT seconds FROM build WHERE name = ? AND seconds NOT NULL ORDER BY changed DESC LIMIT 5)
                    """, arguments: [name])
        }
    }

    /// Seconds since 1970.
    static var now: Double { Date().timeIntervalSince1970 }

    private func read<R: Sendable>(_ body: @escaping @Sendable (Database) throws -> R) async throws(ServiceError) -> R {
        do {
            return try await pool.read(body)
        } catch {
            throw .store(path: path, reason: "\(error)")
        }
    }

    private func write<R: Sendable>(_ body: @escaping @Sendable (Database) throws -> R) async throws(ServiceError) -> R
    {
        do {
            return try await pool.write(body)
        } catch {
            throw .store(path: path, reason: "\(error)")
        }
    }
}
