/// What came of `DELETE /v1/requests/ID`: somebody does not want a package any more.
public struct Withdrawal: Codable, Equatable, Sendable {
    /// What became of the build.
    public enum Outcome: String, Codable, Sendable {
        /// Nobody else waits for it: it left the queue, or is being stopped.
        case cancelled
        /// Others wait for it: it goes on.
        case wanted
        /// It was over already.
        case finished
    }

    /// The name of the request.
    public var id: String
    /// What became of the build.
    public var outcome: Outcome

    /// An answer of these values.
    public init(id: String, outcome: Outcome) {
        self.id = id
        self.outcome = outcome
    }
}
