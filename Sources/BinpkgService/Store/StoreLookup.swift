internal import BinpkgModel
internal import BuildEnvironments
internal import GRDB

/// Questions to the store.
extension Store {
    /// How many of the last builds of a package an estimate is made from.
    static let estimatedBuilds = 10

    /// A request and its recipe, if the domain may know of it.
    func request(
        _ id: String, for trustDomain: String
    ) async throws(ServiceError) -> (StoredRequest, StoredRecipe)? {
        try await read { db in
            guard let request = try StoredRequest.filter(key: id).open(to: trustDomain).fetchOne(db),
                let recipe = try StoredRecipe.fetchOne(db, key: request.key)
            else { return nil }
            return (request, recipe)
        }
    }

    /// The state of a request, if the domain may know of it.
    func state(
        _ id: String, for trustDomain: String
    ) async throws(ServiceError) -> RequestState? {
        try await read { db in
            try StoredRequest.filter(key: id).open(to: trustDomain).fetchOne(db)
                .flatMap { RequestState(rawValue: $0.state) }
        }
    }

    /// A package, if the domain may have it.
    func artifact(
        _ id: String, for trustDomain: String
    ) async throws(ServiceError) -> StoredArtifact? {
        try await read { try StoredArtifact.filter(key: id).open(to: trustDomain).fetchOne($0) }
    }

    /// A package, whoever may have it: for the service's own work.
    func anyArtifact(_ id: String) async throws(ServiceError) -> StoredArtifact? {
        try await read { try StoredArtifact.fetchOne($0, key: id) }
    }

    /// The best package of a primary key for a machine of a domain; without a domain, of those that are everybody's.
    func best(key: String, vector: DependencyVector, for trustDomain: String?) throws(ServiceError) -> Match? {
        try look { db in
            let statement = try db.cachedStatement(
                sql: "SELECT * FROM artifact WHERE key = ? AND (trustDomain IS NULL OR trustDomain = ?)")
            let artifacts = try StoredArtifact.fetchAll(statement, arguments: [key, trustDomain])
            return try Match.best(of: artifacts, for: vector)
        }
    }

    /// The first request of these names that was made before and that the domain may know of.
    func known(_ ids: [String], for trustDomain: String) async throws(ServiceError) -> StoredRequest? {
        try await read { db in
            for id in ids {
                if let request = try StoredRequest.filter(key: id).open(to: trustDomain).fetchOne(db) { return request }
            }
            return nil
        }
    }

    /// Packages of the same name and of other primary keys, the newest 20 keys.
    func relatives(
        of key: String, name: String, for trustDomain: String
    ) async throws(ServiceError) -> [(recipe: StoredRecipe, artifact: StoredArtifact)] {
        try await read { db in
            let artifacts = try StoredArtifact.fetchAll(
                db,
                sql: """
                    SELECT *, max(built) FROM artifact WHERE name = ? AND key <> ?
                    AND (trustDomain IS NULL OR trustDomain = ?)
                    GROUP BY key ORDER BY built DESC LIMIT 20
                    """, arguments: [name, key, trustDomain])
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

    /// How long a package takes: the median of its last builds in the environment where machines of this kind got their
    /// last one, else of its last builds anywhere; nil without any.
    func estimate(name: String, machineKind: String = "") async throws(ServiceError) -> Double? {
        try await read { db in
            try Self.estimate(db, name, environment: try Self.environment(db, of: machineKind))
        }
    }

    /// What runs and what waits, and how long that takes.
    func forecast(slots: Int) async throws(ServiceError) -> QueueForecast {
        try await read { db in
            let now = Self.now
            let running = try StoredRequest.filter(Column("state") == RequestState.building.rawValue).fetchAll(db)
            let waiting = try StoredRequest.filter(Column("state") == RequestState.queued.rawValue)
                .order(Column("rank"), Column("queued"), Column("id")).fetchAll(db)
            var environments: [String: String] = [:]
            var seconds: [String: Double] = [:]
            // Builds of one package in one environment take one time.
            func known(_ request: StoredRequest) throws -> String {
                let environment =
                    try environments[request.machineKind] ?? Self.environment(db, of: request.machineKind) ?? ""
                environments[request.machineKind] = environment
                let name = "\(request.name) in \(environment)"
                if seconds[name] == nil {
                    seconds[name] = try Self.estimate(db, request.name, environment: environment)
                }
                return name
            }
            let items = try running.map { request in
                QueueForecast.Item(
                    id: request.id, name: try known(request), elapsed: max(0, now - request.changed))
            }
            let others = try waiting.map { QueueForecast.Item(id: $0.id, name: try known($0)) }
            return QueueForecast(running: items, waiting: others, seconds: seconds, slots: slots)
        }
    }

    /// The environment in which the last package for a kind of machine was built.
    private static func environment(_ db: Database, of machineKind: String) throws -> String? {
        try String.fetchOne(
            db,
            sql:
                "SELECT environment FROM history WHERE machineKind = ? AND machineKind <> '' ORDER BY finished DESC LIMIT 1",
            arguments: [machineKind])
    }

    private static func estimate(_ db: Database, _ name: String, environment: String?) throws -> Double? {
        let start = "SELECT seconds FROM history WHERE name = ?"
        let end = " ORDER BY finished DESC LIMIT \(estimatedBuilds)"
        let there = try Double.fetchAll(
            try db.cachedStatement(sql: start + " AND environment = ?" + end), arguments: [name, environment ?? ""])
        if !there.isEmpty { return Statistics.median(there) }
        let seconds = try Double.fetchAll(try db.cachedStatement(sql: start + end), arguments: [name])
        return seconds.isEmpty ? nil : Statistics.median(seconds)
    }
}

extension StoredArtifact {
    /// A row, in a fraction of the time that it takes to decode one.
    init(row: Row) {
        self.init(
            id: row["id"], key: row["key"], name: row["name"], vector: row["vector"], sha256: row["sha256"],
            size: row["size"], seconds: row["seconds"], built: row["built"], request: row["request"],
            trustDomain: row["trustDomain"], environment: row["environment"])
    }
}

extension QueryInterfaceRequest {
    /// Only what is everybody's or a trust domain's own; without a domain, only what is everybody's.
    func open(to trustDomain: String?) -> Self {
        filter(Column("trustDomain") == nil || Column("trustDomain") == trustDomain)
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

    /// Forgets packages whose files are gone; they leave every index.
    func forget(_ ids: [String]) async throws(ServiceError) {
        guard !ids.isEmpty else { return }
        try await write { db in
            for id in ids { _ = try StoredArtifact.deleteOne(db, key: id) }
            try Self.withdraw(db, ids)
        }
    }
}
