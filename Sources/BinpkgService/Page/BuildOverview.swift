internal import BinpkgModel
internal import GRDB

/// A request as a line of a list.
struct BuildOverview: Codable, Equatable, Sendable, FetchableRecord {
    /// ``BuildRequest/id``.
    let id: String
    /// `CATEGORY/PF`.
    let cpv: String
    /// The repository that the ebuild comes from.
    let repository: String
    /// A ``RequestState``.
    let state: String
    /// The accuracy that was asked for.
    let accuracy: String
    /// Why it failed or was declined.
    let message: String?
    /// The package that it got.
    let artifact: String?
    /// How many packages of a plan wait for it.
    let unblocks: Int
    /// Seconds since 1970 when it was asked for.
    let queued: Double
    /// Seconds since 1970 of the last change of state.
    let changed: Double
    /// How long the build took.
    let buildSeconds: Double?
    /// The size of the package.
    let size: Int?
    /// Its place in the queue, from 1.
    var position: Int?
    /// In how many seconds it is likely to be ready.
    var etaSeconds: Double?
    /// How long the build is likely to take.
    var estimateSeconds: Double?
}

/// What a list of requests shall have.
struct BuildFilter: Equatable, Sendable {
    /// The states; empty for all.
    var states: [RequestState] = []
    /// What CATEGORY/PF has in it, without regard to case; empty for anything.
    var text = ""
    /// The most lines.
    var limit = 50
    /// How many lines are left out at the beginning.
    var offset = 0
}

/// A page of a list.
struct BuildList: Codable, Equatable, Sendable {
    /// What is built first, then what is queued in its order, then the others, the last one first.
    var builds: [BuildOverview]
    /// How many there are without limit and offset.
    let total: Int
}

extension Store {
    /// The requests that a filter lets through, and that the domain may know of.
    func builds(_ filter: BuildFilter, for trustDomain: String) async throws(ServiceError) -> BuildList {
        try await read { db in
            var conditions = ["(request.trustDomain IS NULL OR request.trustDomain = ?)"]
            var arguments: [any DatabaseValueConvertible] = [trustDomain]
            if !filter.states.isEmpty {
                conditions.append("request.state IN (\(filter.states.map { _ in "?" }.joined(separator: ", ")))")
                arguments += filter.states.map(\.rawValue)
            }
            if !filter.text.isEmpty {
                conditions.append("instr(lower(json_extract(recipe.body, '$.cpv')), lower(?)) > 0")
                arguments.append(filter.text)
            }
            let condition = "WHERE " + conditions.joined(separator: " AND ")
            let tables = "FROM request JOIN recipe USING (key)"
            let total = try Int.fetchOne(
                db, sql: "SELECT count(*) \(tables) \(condition)", arguments: StatementArguments(arguments))
            let builds = try BuildOverview.fetchAll(
                db,
                sql: """
                    SELECT request.id, json_extract(recipe.body, '$.cpv') AS cpv,
                        json_extract(recipe.body, '$.repository') AS repository, request.state, request.accuracy,
                        request.message, request.artifact, request.unblocks, request.queued, request.changed,
                        artifact.seconds AS buildSeconds, artifact.size
                    \(tables) LEFT JOIN artifact ON artifact.id = request.artifact
                    \(condition)
                    ORDER BY CASE request.state WHEN 'building' THEN 0 WHEN 'queued' THEN 1 ELSE 2 END,
                        CASE request.state WHEN 'queued' THEN request.rank ELSE -request.changed END, request.id
                    LIMIT ? OFFSET ?
                    """, arguments: StatementArguments(arguments + [filter.limit, filter.offset]))
            return BuildList(builds: builds, total: total ?? 0)
        }
    }

    /// The newest distinct requests that were not declined, as a trace over one root in which nothing is installed.
    func trace(limit: Int) async throws(ServiceError) -> Trace {
        let requests = try await read { db in
            try StoredRequest.fetchAll(
                db, sql: "SELECT * FROM request WHERE state <> 'declined' ORDER BY queued DESC LIMIT ?",
                arguments: [limit])
        }
        var trace = Trace(version: Trace.currentVersion, packages: [], roots: [], requests: [])
        var numbers: [InstalledPackage: Int] = [:]
        var libraries: [String: Int] = [:]
        for request in requests.reversed() {
            guard let vector: DependencyVector = try? JSONColumn.value(request.vector) else { continue }
            let needs = vector.packages.map { package in
                if let number = numbers[package] { return number }
                numbers[package] = trace.packages.count
                trace.packages.append(package)
                return trace.packages.count - 1
            }
            libraries[vector.libc, default: 0] += 1
            trace.requests.append(
                Trace.Request(
                    at: request.queued, machine: "", key: request.key, needs: needs, libc: vector.libc,
                    accuracy: Accuracy(rawValue: request.accuracy) ?? .exact))
        }
        let usual = libraries.max { ($0.value, $1.key) < ($1.value, $0.key) }
        trace.roots = [Trace.Root(packages: [], libc: usual?.key ?? "")]
        return trace
    }
}
