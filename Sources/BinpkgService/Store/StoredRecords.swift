internal import BinpkgModel
internal import FoundationEssentials
internal import GRDB

/// What makes a package, without what it is built with: a request's part of the primary key. Requests and packages of one
/// key share it.
struct StoredRecipe: Codable, Equatable, Sendable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "recipe"

    /// The primary key.
    var key: String
    /// `CATEGORY/NAME`.
    var name: String
    /// A ``BuildRequest`` without dependencies, as JSON.
    var body: String

    /// The recipe of a request.
    init(_ request: BuildRequest, key: String) throws {
        var request = request
        request.buildDependencies = []
        request.dependencyEbuilds = nil
        request.libc = ""
        request.toolchain = nil
        request.plan = nil
        self.key = key
        name = PackageNames.name(of: request.cpv) ?? request.cpv
        body = try JSONColumn.text(request)
    }

    /// The request again.
    func request() throws -> BuildRequest { try JSONColumn.value(body) }
}

/// One request and where it stands.
struct StoredRequest: Codable, Equatable, Sendable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "request"

    /// ``BuildRequest/id``.
    var id: String
    /// The primary key.
    var key: String
    /// `CATEGORY/NAME`.
    var name: String
    /// A ``DependencyVector``, as JSON: what the asking machine has.
    var vector: String
    /// An ``Accuracy``: what it asks for.
    var accuracy: String
    /// A ``RequestState``.
    var state: String
    /// Why it failed or was declined.
    var message: String?
    /// The package that it got.
    var artifact: String?
    /// The plan that it was asked for in.
    var plan: String?
    /// How many packages of that plan wait for it.
    var unblocks: Int
    /// Its place in the queue: the smaller, the sooner (``QueueOrder``).
    var rank: Double
    /// Seconds since 1970 when it was queued.
    var queued: Double
    /// Seconds since 1970 of the last change of state.
    var changed: Double
    /// Whose alone it is; nil when the service has all of its content itself.
    var trustDomain: String?
    /// ``BuildRequest/machineKind``.
    var machineKind: String
    /// ``BuildRequest/dependencyEbuilds``, as JSON.
    var dependencyEbuilds: String?

    /// A request that is queued now.
    init(_ request: BuildRequest, id: String, key: String, trustDomain: String? = nil, now: Double) throws {
        self.trustDomain = trustDomain
        machineKind = request.machineKind
        self.id = id
        self.key = key
        name = PackageNames.name(of: request.cpv) ?? request.cpv
        vector = try JSONColumn.text(request.vector)
        dependencyEbuilds = try request.dependencyEbuilds.map { try JSONColumn.text($0) }
        accuracy = request.accuracy.rawValue
        state = RequestState.queued.rawValue
        plan = request.plan?.id
        unblocks = request.plan?.unblocks ?? 0
        rank = QueueOrder.rank(queued: now, unblocks: request.plan?.unblocks ?? 0)
        queued = now
        changed = now
    }

    /// The request as it was made.
    func request(_ recipe: StoredRecipe) throws -> BuildRequest {
        var request = try recipe.request()
        let vector: DependencyVector = try JSONColumn.value(self.vector)
        request.buildDependencies = vector.packages
        request.libc = vector.libc
        request.toolchain = vector.toolchain
        request.dependencyEbuilds = try dependencyEbuilds.map { try JSONColumn.value($0) }
        request.accuracy = Accuracy(rawValue: accuracy) ?? .exact
        return request
    }
}

/// A package: a file, and what it was built with.
struct StoredArtifact: Codable, Equatable, Sendable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "artifact"

    /// ``ArtifactName/id(key:vector:sha256:)``; also the name of the file.
    var id: String
    /// The primary key.
    var key: String
    /// `CATEGORY/NAME`.
    var name: String
    /// A ``DependencyVector``, as JSON: what it was built with.
    var vector: String
    /// SHA-256 of the file.
    var sha256: String
    /// Size of the file.
    var size: Int
    /// How long the build took, in seconds.
    var seconds: Double
    /// Seconds since 1970 when it was published.
    var built: Double
    /// The request that it was built for; its log is the build's.
    var request: String
    /// Whose alone it is; nil when nothing in it, nor in what it was built with, came from a client.
    var trustDomain: String?
    /// The name of the environment that it was built in; nil when that belonged to the machine that asked, or is not
    /// known.
    var environment: String?

    /// What it was built with.
    func dependencies() throws -> DependencyVector { try JSONColumn.value(vector) }
}

/// One build that ended, for estimates.
struct StoredHistory: Codable, Equatable, Sendable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "history"

    /// `CATEGORY/NAME`.
    var name: String
    /// How long it took.
    var seconds: Double
    /// Seconds since 1970 when it ended.
    var finished: Double
    /// The configured environment in which it was built; empty when unknown.
    var environment = ""
    /// The ``BuildRequest/machineKind`` of who asked.
    var machineKind = ""
}

extension BuildRequest {
    /// What decides in which environment a request is built, as far as that is known before: equal for machines of one
    /// kind.
    var machineKind: String {
        ContentHash.sha256(Array([eprefix, chost, tmpdir, profile].joined(separator: "\n").utf8))
    }
}

/// Values in columns.
enum JSONColumn {
    static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    static func value<Value: Decodable>(_ text: String) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(text.utf8))
    }
}
