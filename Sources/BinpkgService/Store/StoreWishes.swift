internal import BinpkgModel
internal import GRDB

/// Who waits for a request. As long as it is queued or being built, everybody who asked for it has a row: a plan by its
/// name, those who asked without a plan together by a number.
struct StoredWish: Codable, Equatable, Sendable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "wish"

    /// The request.
    var request: String
    /// ``Store/wisher(plan:domain:)``.
    var who: String
    /// How often it was asked for by this name.
    var count: Int
}

extension Store {
    /// The name under which a wish is kept.
    ///
    /// - Parameters:
    ///   - plan: the plan that the request belongs to; nil for a single one.
    ///   - domain: the trust domain of who asks.
    static func wisher(plan: String?, domain: String) -> String { "\(domain)/\(plan ?? "")" }

    /// Notes that somebody waits for a request that is queued or being built.
    static func wish(_ id: String, _ who: String, plan: String?, in db: Database) throws {
        if var wish = try StoredWish.fetchOne(db, key: ["request": id, "who": who]) {
            guard plan == nil else { return }
            wish.count += 1
            try wish.update(db)
        } else {
            try StoredWish(request: id, who: who, count: 1).insert(db)
        }
    }

    /// Notes the same for a request of which only that is new.
    func wish(_ id: String, _ who: String, plan: String?) async throws(ServiceError) {
        try await write { db in
            let open = [RequestState.queued, .building].map(\.rawValue)
            guard let stored = try StoredRequest.fetchOne(db, key: id), open.contains(stored.state) else { return }
            try Self.wish(id, who, plan: plan, in: db)
        }
    }

    /// What came of taking a wish back.
    enum Taken: Equatable, Sendable {
        /// There is no such request.
        case unknown
        /// Others wait for it, or for what its build gives.
        case wanted
        /// It was over already.
        case finished
        /// It was queued, and is forgotten.
        case removed
        /// It is being built, and nobody waits for it.
        case running
    }

    /// Takes a wish back. Who asked without a plan cannot be told from others who did: such a wish goes only when it is
    /// the only one.
    func withdraw(_ id: String, _ who: String) async throws(ServiceError) -> Taken {
        try await write { db in
            guard let stored = try StoredRequest.fetchOne(db, key: id) else { return .unknown }
            guard [RequestState.queued, .building].map(\.rawValue).contains(stored.state) else { return .finished }
            guard let wish = try StoredWish.fetchOne(db, key: ["request": id, "who": who]) else { return .wanted }
            guard wish.count == 1 else { return .wanted }
            try wish.delete(db)
            if try Self.isWanted(stored, in: db) { return .wanted }
            guard stored.state == RequestState.queued.rawValue else { return .running }
            try stored.delete(db)
            return .removed
        }
    }

    /// What becomes of a request whose build was stopped because nobody waited for it: it is forgotten; or queued again
    /// when somebody asked for it meanwhile.
    func endWithdrawn(_ id: String) async throws(ServiceError) {
        try await write { db in
            guard var stored = try StoredRequest.fetchOne(db, key: id) else { return }
            if try Self.isWanted(stored, in: db) {
                stored.state = RequestState.queued.rawValue
                stored.changed = Self.now
                try stored.update(db)
            } else {
                try stored.delete(db)
            }
        }
    }

    /// Forgets who waited for a request that is over.
    static func forgetWishes(_ id: String, in db: Database) throws {
        try StoredWish.filter(Column("request") == id).deleteAll(db)
    }

    /// Whether somebody waits for a request, or for another of its key, which takes the package if it fits.
    private static func isWanted(_ stored: StoredRequest, in db: Database) throws -> Bool {
        if try StoredWish.filter(Column("request") == stored.id).fetchCount(db) > 0 { return true }
        return try StoredRequest.filter(
            Column("key") == stored.key && Column("id") != stored.id
                && Column("state") == RequestState.queued.rawValue
        ).fetchCount(db) > 0
    }
}
