internal import BinpkgModel
internal import GRDB

/// Questions to the store.
extension Store {
    /// How many of the last builds of a package an estimate is made from.
    static let estimatedBuilds = 10

    /// A request and its recipe.
    func request(_ id: String) async throws(ServiceError) -> (StoredRequest, StoredRecipe)? {
        try await read { db in
            guard let request = try StoredRequest.fetchOne(db, key: id),
                let recipe = try StoredRecipe.fetchOne(db, key: request.key)
            else { return nil }
            return (request, recipe)
        }
    }

    /// The state of a request.
    func state(_ id: String) async throws(ServiceError) -> RequestState? {
        try await read { db in
            try String.fetchOne(db, sql: "SELECT state FROM request WHERE id = ?", arguments: [id])
                .flatMap { RequestState(rawValue: $0) }
        }
    }

    /// A package.
    func artifact(_ id: String) async throws(ServiceError) -> StoredArtifact? {
        try await read { try StoredArtifact.fetchOne($0, key: id) }
    }

    /// The best package of a primary key for a machine, and the request of this name, if it was made before.
    func lookUp(
        key: String, id: String, vector: DependencyVector
    ) async throws(ServiceError) -> (match: Match?, request: StoredRequest?) {
        try await read { db in
            let artifacts = try StoredArtifact.filter(Column("key") == key).fetchAll(db)
            return (try Match.best(of: artifacts, for: vector), try StoredRequest.fetchOne(db, key: id))
        }
    }

    /// Packages of the same name and of other primary keys, the newest 20 keys.
    func relatives(
        of key: String, name: String
    ) async throws(ServiceError) -> [(recipe: StoredRecipe, artifact: StoredArtifact)] {
        try await read { db in
            let artifacts = try StoredArtifact.fetchAll(
                db,
                sql: """
                    SELECT *, max(built) FROM artifact WHERE name = ? AND key <> ?
                    GROUP BY key ORDER BY built DESC LIMIT 20
                    """, arguments: [name, key])
            return try artifacts.compactMap { artifact in
                try StoredRecipe.fetchOne(db, key: artifact.key).map { ($0, artifact) }
            }
        }
    }

    /// How many requests are in each state.
    func counts() async throws(ServiceError) -> [String: Int] {
        try await read { db in
            var result: [String: Int] = [:]
            for row in try Row.fetchAll(db, sql: "SELECT state, count(*) AS number FROM request GROUP BY state") {
                result[row["state"]] = row["number"]
            }
            return result
        }
    }

    /// How long a package takes: the median of its last builds; nil without any.
    func estimate(name: String) async throws(ServiceError) -> Double? {
        try await read { try Self.estimates($0, of: [name])[name] }
    }

    /// What runs and what waits, and how long that takes.
    func forecast(slots: Int) async throws(ServiceError) -> QueueForecast {
        try await read { db in
            let now = Self.now
            let running = try StoredRequest.filter(Column("state") == RequestState.building.rawValue).fetchAll(db)
            let waiting = try StoredRequest.filter(Column("state") == RequestState.queued.rawValue)
                .order(Column("rank"), Column("queued"), Column("id")).fetchAll(db)
            return QueueForecast(
                running: running.map { .init(id: $0.id, name: $0.name, elapsed: max(0, now - $0.changed)) },
                waiting: waiting.map { .init(id: $0.id, name: $0.name) },
                seconds: try Self.estimates(db, of: Set((running + waiting).map(\.name))), slots: slots)
        }
    }

    private static func estimates(_ db: Database, of names: Set<String>) throws -> [String: Double] {
        var result: [String: Double] = [:]
        let statement = try db.cachedStatement(
            sql: "SELECT seconds FROM history WHERE name = ? ORDER BY finished DESC LIMIT \(estimatedBuilds)")
        for name in names {
            let seconds = try Double.fetchAll(statement, arguments: [name])
            if !seconds.isEmpty { result[name] = Statistics.median(seconds) }
        }
        return result
    }
}

/// What the files and the store have to agree on.
extension Store {
    /// All packages, by name.
    func artifactNames() async throws(ServiceError) -> Set<String> {
        try await read { try String.fetchSet($0, sql: "SELECT id FROM artifact") }
    }

    /// All requests, and those that packages were built for: what may have a log.
    func requestNames() async throws(ServiceError) -> Set<String> {
        try await read { try String.fetchSet($0, sql: "SELECT id FROM request UNION SELECT request FROM artifact") }
    }

    /// Forgets packages whose files are gone.
    func forget(_ ids: [String]) async throws(ServiceError) {
        try await write { db in
            for id in ids { _ = try StoredArtifact.deleteOne(db, key: id) }
        }
    }
}
