/// Requests that are made together: the packages that one emerge is going to merge.
public struct PlanQuestion: Codable, Equatable, Sendable {
    /// The requests, in the order in which they are to be merged.
    public var requests: [BuildRequest]

    /// The most requests in one question.
    public static let maximumCount = 1024

    /// A question of these requests.
    public init(requests: [BuildRequest]) { self.requests = requests }
}

/// Requests, made before, whose state is asked for together.
public struct PlanStates: Codable, Equatable, Sendable {
    /// The names of the requests.
    public var ids: [String]

    /// A question about these.
    public init(ids: [String]) { self.ids = ids }
}

/// What is said of one request of several.
public struct PlanItem: Codable, Equatable, Sendable {
    /// Where it stands; nil when nothing can be said of it.
    public var answer: RequestAnswer?
    /// Whether a package that is not there would be built when it is asked for. Only what is looked up says so.
    public var canBeBuilt: Bool
    /// Why nothing can be said of it.
    public var problem: String?

    /// An item of these values.
    public init(answer: RequestAnswer?, canBeBuilt: Bool = false, problem: String? = nil) {
        self.answer = answer
        self.canBeBuilt = canBeBuilt
        self.problem = problem
    }
}

/// The answer to a ``PlanQuestion`` or to ``PlanStates``: an item for each request, in their order.
public struct PlanReply: Codable, Equatable, Sendable {
    /// The items.
    public var items: [PlanItem]

    /// A reply of these items.
    public init(items: [PlanItem]) { self.items = items }
}
