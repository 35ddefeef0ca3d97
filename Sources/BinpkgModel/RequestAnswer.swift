/// Where a request stands.
public enum RequestState: String, Codable, CaseIterable, Sendable {
    /// It waits for a worker.
    case queued
    /// It is being built.
    case building
    /// The package can be fetched.
    case ready
    /// The build was tried and did not give a package.
    case failed
    /// The service does not build it as it stands: content is missing, it was only looked up, or it is refused. The
    /// answer's `missing` and `message` say which.
    case declined

    /// Whether waiting longer changes nothing.
    public var isFinal: Bool {
        switch self {
        case .queued, .building: false
        case .ready, .failed, .declined: true
        }
    }
}

/// What the service says about a request.
public struct RequestAnswer: Codable, Equatable, Sendable {
    /// The name of the request (``BuildRequest/id``), as the service computed it.
    public var id: String
    /// The primary key, as the service computed it.
    public var key: String
    /// Where it stands.
    public var state: RequestState
    /// The accuracy obtained; nil as long as nothing was built.
    public var accuracy: Accuracy?
    /// The package that is ready: what to fetch; nil as long as there is none.
    public var artifact: String?
    /// What differs between the asking machine and the environment that the package was built in, a line each.
    public var differences: [String]
    /// As long as nothing is ready: the closest package that is there, and why it is not this one.
    public var nearest: NearestPackage?
    /// Hashes of the content that the service needs and does not have. Send it, then ask again.
    public var missing: [String]
    /// How long a build will take, from the history of this package; nil without history.
    public var estimateSeconds: Double?
    /// While it is queued: its place in the queue, from 1.
    public var position: Int?
    /// While it is queued or being built: in how many seconds it will be ready, by the history of this package and of
    /// those before it; nil when nothing is known.
    public var etaSeconds: Double?
    /// How long the build took.
    public var buildSeconds: Double?
    /// A sentence for people: why it failed or was declined.
    public var message: String?

    /// An answer of these values.
    public init(
        id: String, key: String, state: RequestState, accuracy: Accuracy? = nil, artifact: String? = nil,
        differences: [String] = [], nearest: NearestPackage? = nil, missing: [String] = [],
        estimateSeconds: Double? = nil, position: Int? = nil, etaSeconds: Double? = nil, buildSeconds: Double? = nil,
        message: String? = nil
    ) {
        self.id = id
        self.key = key
        self.artifact = artifact
        self.nearest = nearest
        self.position = position
        self.etaSeconds = etaSeconds
        self.state = state
        self.accuracy = accuracy
        self.differences = differences
        self.missing = missing
        self.estimateSeconds = estimateSeconds
        self.buildSeconds = buildSeconds
        self.message = message
    }

    /// Whether the package can be fetched and is as close as `wish` demands.
    public func satisfies(_ wish: Accuracy) -> Bool {
        guard state == .ready, let accuracy else { return false }
        return accuracy >= wish
    }
}

/// A package that is there and is not what was asked for.
public struct NearestPackage: Codable, Equatable, Sendable {
    /// Its primary key.
    public var key: String
    /// The package, as it can be fetched.
    public var artifact: String
    /// Its class for the asking machine; nil when the primary key is another, or its C library newer.
    public var accuracy: Accuracy?
    /// Why it is not what was asked for, a line each.
    public var differences: [String]

    /// A package of these values.
    public init(key: String, artifact: String, accuracy: Accuracy?, differences: [String]) {
        self.key = key
        self.artifact = artifact
        self.accuracy = accuracy
        self.differences = differences
    }
}
