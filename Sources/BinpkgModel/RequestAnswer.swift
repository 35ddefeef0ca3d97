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
    /// The primary key, as the service computed it.
    public var id: String
    /// Where it stands.
    public var state: RequestState
    /// The accuracy obtained; nil as long as nothing was built.
    public var accuracy: Accuracy?
    /// What differs between the asking machine and the environment of the build, a sentence each.
    public var differences: [String]
    /// Hashes of the content that the service needs and does not have. Send it, then ask again.
    public var missing: [String]
    /// How long a build will take, from the history of this package; nil without history.
    public var estimateSeconds: Double?
    /// How long the build took.
    public var buildSeconds: Double?
    /// A sentence for people: why it failed or was declined.
    public var message: String?

    /// An answer of these values.
    public init(
        id: String, state: RequestState, accuracy: Accuracy? = nil, differences: [String] = [], missing: [String] = [],
        estimateSeconds: Double? = nil, buildSeconds: Double? = nil, message: String? = nil
    ) {
        self.id = id
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

/// An error of the service as RFC 9457 has it, with media type `application/problem+json`.
public struct ProblemDocument: Codable, Equatable, Error, Sendable {
    /// The media type of the document.
    public static let mediaType = "application/problem+json"

    /// A URI for the kind of error; `about:blank` when the status says all.
    public var type: String
    /// The kind of error in a few words, equal for all of its kind.
    public var title: String
    /// The HTTP status.
    public var status: Int
    /// What is wrong with this request, in a sentence.
    public var detail: String

    /// A document of these values.
    public init(type: String = "about:blank", title: String, status: Int, detail: String) {
        self.type = type
        self.title = title
        self.status = status
        self.detail = detail
    }
}
