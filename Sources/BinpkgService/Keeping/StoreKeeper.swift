internal import BinpkgModel
internal import GRDB
internal import Logging
internal import Posix

/// Care for the state directory, beside a running service or without one: collecting garbage, checking.
public struct StoreKeeper: Sendable {
    let store: Store
    let packages: PackageFiles
    let content: ContentStore
    let state: String
    let settings: KeepingSettings

    /// The keeper of a service's state directory, which must be there.
    public init(_ configuration: ServiceConfiguration) throws(ServiceError) {
        let state = configuration.stateDirectory
        guard Files.exists(state + "/store.sqlite") else {
            throw .store(path: state, reason: "no service has worked there yet")
        }
        self.init(
            store: try Store(path: state + "/store.sqlite"), packages: PackageFiles(directory: state + "/artifacts"),
            content: ContentStore(directory: state + "/content"), state: state, settings: configuration.keeping)
    }

    init(store: Store, packages: PackageFiles, content: ContentStore, state: String, settings: KeepingSettings) {
        self.store = store
        self.packages = packages
        self.content = content
        self.state = state
        self.settings = settings
    }

    /// Whether a service works there now.
    var isServed: Bool { FileLock.isHeld(state + "/lock") }

    // MARK: Garbage

    /// What would go now.
    public func garbage() async throws(ServiceError) -> GarbagePlan { try await garbage(now: Store.now) }

    /// What would go at some time.
    func garbage(now: Double) async throws(ServiceError) -> GarbagePlan {
        let facts = try await store.keepingFacts()
        var items = facts.packages.map {
            GarbagePlan.Item(kind: .package, name: $0.id, bytes: $0.size, lastUse: $0.lastUse)
        }
        var fixed = 0
        func add(_ kind: GarbagePlan.Item.Kind, _ name: String, _ path: String, isNeeded: Bool) {
            guard let status = Files.status(path) else { return }
            if isNeeded {
                fixed += status.size
            } else {
                items.append(.init(kind: kind, name: name, bytes: status.size, lastUse: Double(status.modified) / 1e9))
            }
        }
        do {
            for hash in try content.all() {
                add(.content, hash, content.place(of: hash), isNeeded: facts.content.contains(hash))
            }
            for file in try Files.list(state + "/logs") where file.hasSuffix(".log") {
                let id = String(file.dropLast(4))
                add(.log, id, "\(state)/logs/\(file)", isNeeded: facts.busy.contains(id))
            }
            for (item, isNeeded) in try distfiles(busy: facts.domains) {
                if isNeeded { fixed += item.bytes } else { items.append(item) }
            }
        } catch {
            throw .store(path: state, reason: "\(error)")
        }
        return GarbagePlan(items, fixed: fixed, settings: settings, now: now)
    }

    /// Removes what a plan names. What was used since stays. Returns what went.
    ///
    /// A package leaves the store and every index in one step, then its file goes; who is just reading the file reads it
    /// to its end.
    public func collect(_ plan: GarbagePlan) async throws(ServiceError) -> [GarbagePlan.Item] {
        let wanted = plan.removed.filter { $0.kind == .package }
        let (retired, logs) = try await store.retire(wanted.map { ($0.name, $0.lastUse) })
        let gone = Set(retired)
        let unused = try await unusedDistfiles()
        let result = plan.removed.filter {
            switch $0.kind {
            case .package: gone.contains($0.name)
            case .distfile: unused[$0.name] == $0.lastUse
            case .content, .log: true
            }
        }
        try await store.forgetContent(result.filter { $0.kind == .content }.map(\.name))
        do {
            for id in logs { try Files.removeTree("\(state)/logs/\(id).log") }
            for item in result {
                switch item.kind {
                case .package: try Files.removeTree(packages.path(item.name))
                case .content: try Files.removeTree(content.place(of: item.name))
                case .distfile: try Files.removeTree(place(ofDistfile: item.name))
                case .log: try Files.removeTree("\(state)/logs/\(item.name).log")
                }
            }
        } catch {
            throw .store(path: state, reason: "\(error)")
        }
        return result
    }
}

extension Store {
    /// A package as far as keeping it is concerned.
    struct KeptPackage: Sendable {
        let id: String
        let size: Int
        let lastUse: Double
    }

    /// What is kept in any case, and the packages.
    struct KeepingFacts: Sendable {
        let packages: [KeptPackage]
        /// The content that requests need which wait or are being built.
        let content: Set<String>
        /// These requests, whose log is being written.
        let busy: Set<String>
        /// Their trust domains.
        let domains: Set<String>
    }

    /// Reads them.
    func keepingFacts() async throws(ServiceError) -> KeepingFacts {
        try await read { db in
            let packages = try Row.fetchAll(
                db, sql: "SELECT id, size, max(built, ifnull(used, 0)) AS last FROM artifact"
            )
            .map { KeptPackage(id: $0["id"], size: $0["size"], lastUse: $0["last"]) }
            let states = [RequestState.queued.rawValue, RequestState.building.rawValue]
            let waiting = try StoredRequest.filter(states.contains(Column("state"))).fetchAll(db)
            var content: Set<String> = []
            for request in waiting {
                guard let recipe = try StoredRecipe.fetchOne(db, key: request.key) else { continue }
                content.formUnion(try request.request(recipe).allContent.map(\.sha256))
            }
            return KeepingFacts(
                packages: packages, content: content, busy: Set(waiting.map(\.id)),
                domains: Set(waiting.compactMap(\.trustDomain)))
        }
    }

    /// Writes down which packages were used, and when.
    func noteUses(_ uses: [String: Double]) async throws(ServiceError) {
        guard !uses.isEmpty else { return }
        try await write { db in
            for (id, time) in uses {
                try db.execute(sql: "UPDATE artifact SET used = ? WHERE id = ?", arguments: [time, id])
            }
        }
    }

    /// Removes packages that were not used since the given times, from the store and from every index. Returns them, and
    /// the requests whose logs belong to nothing any more.
    func retire(
        _ packages: [(id: String, lastUse: Double)]
    ) async throws(ServiceError) -> (packages: [String], logs: [String]) {
        try await write { db in
            var gone: [String] = []
            var requests: Set<String> = []
            for (id, lastUse) in packages {
                let named = try String.fetchSet(
                    db,
                    sql: "SELECT id FROM request WHERE artifact = ?1 UNION SELECT request FROM artifact WHERE id = ?1",
                    arguments: [id])
                try db.execute(
                    sql: "DELETE FROM artifact WHERE id = ? AND max(built, ifnull(used, 0)) <= ?",
                    arguments: [id, lastUse])
                guard db.changesCount > 0 else { continue }
                gone.append(id)
                requests.formUnion(named)
            }
            try Self.withdraw(db, gone)
            for id in gone { try db.execute(sql: "DELETE FROM request WHERE artifact = ?", arguments: [id]) }
            try db.execute(
                sql: """
                    DELETE FROM recipe WHERE NOT EXISTS (SELECT 1 FROM request WHERE request.key = recipe.key)
                    AND NOT EXISTS (SELECT 1 FROM artifact WHERE artifact.key = recipe.key)
                    """)
            let known = try String.fetchSet(db, sql: "SELECT id FROM request UNION SELECT request FROM artifact")
            return (gone, requests.subtracting(known).sorted())
        }
    }
}

extension BuildService {
    /// Writes down what was used, and collects garbage from time to time, until the task is cancelled.
    ///
    /// - Parameter pause: how often it looks what there is to do.
    func keepHouse(pause: Duration = .seconds(60)) async {
        var next = MonotonicTime.now
        while !Task.isCancelled {
            do {
                try await store.noteUses(uses.take())
                if configuration.keeping.isLimited, next <= .now {
                    let hours = min(configuration.keeping.hours, 1_000_000)
                    next = .now.advanced(byMilliseconds: hours * 3_600_000)
                    let removed = try await keeper.collect(keeper.garbage())
                    if !removed.isEmpty {
                        logger.info(
                            "removed what was not used",
                            metadata: [
                                "files": "\(removed.count)", "bytes": "\(removed.reduce(0) { $0 + $1.bytes })",
                            ])
                    }
                }
            } catch {
                logger.error("cannot keep house", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: pause)
        }
        // What was used in the last minute, also when the service is told to end.
        let (store, last) = (store, uses.take())
        await Task.detached { try? await store.noteUses(last) }.value
    }

    /// The keeper of this service's own directory.
    var keeper: StoreKeeper {
        StoreKeeper(
            store: store, packages: packages, content: content, state: configuration.stateDirectory,
            settings: configuration.keeping)
    }
}
