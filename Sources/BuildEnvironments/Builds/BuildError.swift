/// Why there is no package.
public enum BuildError: Error, Equatable, CustomStringConvertible {
    /// This machine cannot be a builder as it is; nothing about the request.
    case unusableHost(reason: String)
    /// The request is not for this service. It is not tried again.
    case declined(reason: String)
    /// The build was tried and went wrong.
    case failed(reason: String)
    /// The build was stopped; it may be tried again.
    case cancelled

    /// A line for people.
    public var description: String {
        switch self {
        case .unusableHost(let reason), .declined(let reason), .failed(let reason): reason
        case .cancelled: "stopped"
        }
    }
}
