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
    /// After so many seconds the same may be tried again, as the field `Retry-After` says it; nil: that is not known.
    public var retryAfter: Int?

    /// A document of these values.
    public init(
        type: String = "about:blank", title: String, status: Int, detail: String, retryAfter: Int? = nil
    ) {
        self.type = type
        self.title = title
        self.status = status
        self.detail = detail
        self.retryAfter = retryAfter
    }
}
