internal import BinpkgModel
internal import GRDB

/// The queue in the store: each step is one transaction.
extension Store {
    /// What came of queueing.
    enum Queued: Sendable {
        /// It waits, or is there as it was.
        case request(StoredRequest)
        /// In the meantime a package came that is what was asked for.
        case satisfied(StoredArtifact)
        /// No room.
        case full
    }

    /// Puts a request into the queue.
    ///
    /// If it is there already and may not be tried again, nothing is changed but its rank, which becomes the better one:
    /// equal requests share a build, and the one that blocks most decides when.
    func enqueue(
        _ request: BuildRequest, id: String, key: String, trustDomain: String?, wisher: String, limit: Int,
        replacing mayBeReplaced: @escaping @Sendable (StoredRequest) -> Bool
    ) async throws(ServiceError) -> Queued {
        try await write { db in
            let new = try StoredRequest(request, id: id, key: key, trustDomain: trustDomain, now: Self.now)
            if var other = try StoredRequest.fetchOne(db, key: id), !mayBeReplaced(other),
                other.trustDomain == trustDomain || other.state == RequestState.building.rawValue
            {
                if other.state == RequestState.queued.rawValue, new.unblocks > other.unblocks {
                    other.plan = new.plan
                    other.unblocks = new.unblocks
                    other.rank = min(
                        other.rank, QueueOrder.rank(queued: other.queued, unblocks: new.unblocks))
                    try other.update(db)
                }
                if !(RequestState(rawValue: other.state)?.isFinal ?? true) {
                    try Self.wish(id, wisher, plan: request.plan?.id, in: db)
                }
                return .request(other)
            }
            let artifacts = try StoredArtifact.filter(Column("key") == key).open(to: trustDomain).fetchAll(db)
            if let match = try Match.best(of: artifacts, for: request.vector), match.satisfies(request.accuracy) {
                return .satisfied(match.artifact)
            }
            let waiting = try StoredRequest.filter(Column("state") == RequestState.queued.rawValue).fetchCount(db)
            guard waiting < limit else { return .full }
            try StoredRecipe(request, key: key).insert(db, onConflict: .ignore)
            try new.save(db)
            try Self.forgetWishes(id, in: db)
            try Self.wish(id, wisher, plan: request.plan?.id, in: db)
            return .request(new)
        }
    }

    /// Takes the queued request of the smallest rank and marks it as being built; nil when none may be taken.
    ///
    /// While a package of some primary key is being built, others of that key wait: it may be what they ask for.
    func takeNext() async throws(ServiceError) -> (StoredRequest, StoredRecipe)? {
        try await write { db in
            guard
                var request = try StoredRequest.fetchOne(
                    db,
                    sql: """
                        SELECT * FROM request WHERE state = ?
                        AND key NOT IN (SELECT key FROM request WHERE state = ?)
                        ORDER BY rank, queued, id LIMIT 1
                        """, arguments: [RequestState.queued.rawValue, RequestState.building.rawValue]),
                let recipe = try StoredRecipe.fetchOne(db, key: request.key)
            else { return nil }
            request.state = RequestState.building.rawValue
            request.changed = Self.now
            try request.update(db)
            return (request, recipe)
        }
    }

    /// Publishes a package for the request that it was built for, and for every queued one of its key that accepts it.
    /// Returns the requests that are ready now.
    func publish(
        _ artifact: StoredArtifact, for id: String, environment: String = ""
    ) async throws(ServiceError) -> [String] {
        try await write { db in
            let now = Self.now
            try artifact.save(db)
            let machineKind = try StoredRequest.fetchOne(db, key: id)?.machineKind ?? ""
            try StoredHistory(
                name: artifact.name, seconds: artifact.seconds, finished: now, environment: environment,
                machineKind: machineKind
            ).insert(db)
            try db.execute(
                sql: """
                    DELETE FROM history WHERE name = ?1 AND rowid NOT IN
                    (SELECT rowid FROM history WHERE name = ?1 ORDER BY finished DESC LIMIT 50)
                    """, arguments: [artifact.name])
            var ready: [String] = []
            let waiting = try StoredRequest.filter(Column("key") == artifact.key).filter(
                Column("state") == RequestState.queued.rawValue || Column("id") == id
            ).fetchAll(db)
            for var request in waiting {
                guard artifact.trustDomain == nil || artifact.trustDomain == request.trustDomain else { continue }
                let match = try Match.best(of: [artifact], for: try JSONColumn.value(request.vector))
                guard let match, request.id == id || match.satisfies(Accuracy(rawValue: request.accuracy) ?? .exact)
                else { continue }
                request.state = RequestState.ready.rawValue
                request.message = nil
                request.artifact = artifact.id
                request.changed = now
                try request.update(db)
                try Self.forgetWishes(request.id, in: db)
                ready.append(request.id)
            }
            return ready
        }
    }

    /// Writes what else became of a request that was being built.
    func end(_ id: String, _ state: RequestState, message: String?) async throws(ServiceError) {
        try await write { db in
            try db.execute(
                sql: "UPDATE request SET state = ?, message = ?, artifact = NULL, changed = ? WHERE id = ?",
                arguments: [state.rawValue, message, Self.now, id])
            if state.isFinal { try Self.forgetWishes(id, in: db) }
        }
    }

    /// Queues again what was being built when the service ended. Returns how many those are.
    func requeueInterrupted() async throws(ServiceError) -> Int {
        try await write { db in
            try db.execute(
                sql: "UPDATE request SET state = ? WHERE state = ?",
                arguments: [RequestState.queued.rawValue, RequestState.building.rawValue])
            return db.changesCount
        }
    }
}
