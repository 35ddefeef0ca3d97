internal import BinpkgModel
internal import BuildEnvironments
internal import GRDB
internal import Glibc
internal import Posix

/// Something in the state directory that is not as the store says.
public struct StoreFault: Equatable, Sendable, Encodable {
    /// What is wrong.
    public enum Kind: String, Sendable, Encodable {
        /// A package that is known and not there.
        case missing
        /// A file without content.
        case empty
        /// A file with other content than it had.
        case altered
        /// A file that nothing is known of.
        case unknown
        /// An index that is not what the store has for it.
        case index
    }

    /// What is wrong.
    public let kind: Kind
    /// The file, relative to the state directory, or an index's name.
    public let place: String
    /// More about it, for people.
    public let detail: String
    /// Whether it was mended.
    public internal(set) var isRepaired = false
}

/// Comparing the store with the files.
extension StoreKeeper {
    /// Compares all, and reads every file.
    ///
    /// - Parameter repair: whether to mend: what is damaged is forgotten and removed, and built again when somebody asks
    ///   for it; what is unknown is removed; an index's files are made again.
    public func check(repair: Bool) async throws(ServiceError) -> [StoreFault] {
        var faults: [StoreFault] = []
        do {
            try await checkPackages(repair, &faults)
            try checkContent(repair, &faults)
            try await checkLogs(repair, &faults)
            try await checkIndexes(repair, &faults)
        } catch let error as ServiceError {
            throw error
        } catch {
            throw .store(path: state, reason: "\(error)")
        }
        return faults
    }

    private func checkPackages(_ repair: Bool, _ faults: inout [StoreFault]) async throws {
        // The files first: a package gets its file before its row.
        let files = try Files.list(packages.directory)
        var damaged: [String] = []
        var known: Set<String> = []
        for artifact in try await store.artifacts() {
            known.insert("\(artifact.id).gpkg.tar")
            guard let fault = try Self.fault(of: artifact, at: packages.path(artifact.id)) else { continue }
            // It may have gone in the meantime, as it should.
            guard try await store.anyArtifact(artifact.id) != nil else { continue }
            faults.append(fault)
            faults[faults.count - 1].isRepaired = repair
            damaged.append(artifact.id)
        }
        if repair, !damaged.isEmpty {
            try await store.forget(damaged)
            for id in damaged { try Files.removeTree(packages.path(id)) }
        }
        for name in files where !known.contains(name) {
            try unknown("artifacts/\(name)", repair, &faults)
        }
    }

    private static func fault(of artifact: StoredArtifact, at path: String) throws -> StoreFault? {
        let place = "artifacts/\(artifact.id).gpkg.tar"
        guard let status = Files.status(path) else {
            return StoreFault(kind: .missing, place: place, detail: artifact.name)
        }
        if status.size == 0 { return StoreFault(kind: .empty, place: place, detail: artifact.name) }
        guard status.isRegular, status.size == artifact.size else {
            return StoreFault(
                kind: .altered, place: place,
                detail: "\(artifact.name): \(status.size) bytes instead of \(artifact.size)")
        }
        let found = try FileHash.sha256(ofFile: path)
        return found == artifact.sha256
            ? nil : StoreFault(kind: .altered, place: place, detail: "\(artifact.name): SHA-256 is \(found)")
    }

    private func checkContent(_ repair: Bool, _ faults: inout [StoreFault]) throws {
        for part in try Files.list(state + "/content") {
            for name in try Files.list("\(state)/content/\(part)") {
                let place = "content/\(part)/\(name)"
                guard ContentHash.isHash(name), name.hasPrefix(part) else {
                    try unknown(place, repair, &faults)
                    continue
                }
                let size = Files.status("\(state)/\(place)")?.size ?? 0
                let found = try FileHash.sha256(ofFile: "\(state)/\(place)")
                guard found != name else { continue }
                faults.append(
                    StoreFault(
                        kind: size == 0 ? .empty : .altered, place: place, detail: "SHA-256 is \(found)",
                        isRepaired: repair))
                if repair { try Files.removeTree("\(state)/\(place)") }
            }
        }
    }

    private func checkLogs(_ repair: Bool, _ faults: inout [StoreFault]) async throws {
        let names = try Files.list(state + "/logs")
        let requests = try await store.requestNames()
        for name in names where !requests.contains(String(name.dropLast(4))) {
            try unknown("logs/\(name)", repair, &faults)
        }
    }

    /// A file that is not known. While a service works, it may be one that it is just about to know.
    private func unknown(_ place: String, _ repair: Bool, _ faults: inout [StoreFault]) throws {
        let path = "\(state)/\(place)"
        guard let status = Files.status(path) else { return }
        if isServed, Double(status.modified) / 1e9 > Store.now - GarbagePlan.lease { return }
        faults.append(
            StoreFault(kind: .unknown, place: place, detail: "\(status.size) bytes", isRepaired: repair))
        if repair { try Files.removeTree(path) }
    }

    // MARK: Indexes

    private func checkIndexes(_ repair: Bool, _ faults: inout [StoreFault]) async throws {
        let names = try await store.binhostNames()
        for name in names {
            for entry in try await store.entries(of: name) {
                guard let artifact = try await store.anyArtifact(entry.artifact) else {
                    faults.append(
                        StoreFault(
                            kind: .index, place: name, detail: "\(entry.path) is no package of the store",
                            isRepaired: repair))
                    if repair { try await store.withdraw([entry.artifact]) }
                    continue
                }
                let lines = entry.stanza.split(separator: "\n")
                guard lines.contains("PATH: \(entry.path)"), lines.contains("SIZE: \(artifact.size)") else {
                    faults.append(
                        StoreFault(
                            kind: .index, place: name, detail: "what it says of \(entry.path) is of another file",
                            isRepaired: repair))
                    // It is read and published again.
                    if repair { try await store.withdraw([entry.artifact]) }
                    continue
                }
            }
            try await checkFiles(of: name, repair, &faults)
        }
        for name in try Files.list(state + "/binhosts") where !names.contains(name) {
            try unknown("binhosts/\(name)", repair, &faults)
        }
    }

    private func checkFiles(
        of name: String, _ repair: Bool, _ faults: inout [StoreFault]
    ) async throws {
        for file in (try? Files.list("\(state)/binhosts/\(name)")) ?? [] {
            let place = "binhosts/\(name)/\(file)"
            let isCompressed = file.hasSuffix(".gz")
            guard let index = try await store.index(of: name, compressed: isCompressed),
                file == "\(index.timestamp).\(isCompressed ? "gz" : "txt")"
            else { continue }
            let found = try Files.read("\(state)/\(place)", limit: 1 << 30)
            guard found != index.bytes else { continue }
            faults.append(
                StoreFault(
                    kind: found.isEmpty ? .empty : .altered, place: place, detail: "not what the store has",
                    isRepaired: repair))
            if repair { try Files.removeTree("\(state)/\(place)") }
        }
    }
}

extension Store {
    /// All packages.
    func artifacts() async throws(ServiceError) -> [StoredArtifact] {
        try await read { try StoredArtifact.order(Column("id")).fetchAll($0) }
    }

    /// The names of the binhosts that have an index.
    func binhostNames() async throws(ServiceError) -> [String] {
        try await read { try String.fetchAll($0, sql: "SELECT name FROM binhost ORDER BY name") }
    }

    /// The packages of a binhost.
    func entries(of binhost: String) async throws(ServiceError) -> [BinhostEntry] {
        try await read { try BinhostEntry.filter(Column("binhost") == binhost).order(Column("path")).fetchAll($0) }
    }
}
