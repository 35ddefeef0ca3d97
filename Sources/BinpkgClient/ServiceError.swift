public import BinpkgModel
public import Fetching
import Posix

/// Why the service gave nothing that can be used.
public enum ServiceError: Error, Equatable, Sendable {
    /// It could not be asked, or its answer did not arrive whole.
    case fetch(FetchError)
    /// It answered with an error of its own.
    case problem(ProblemDocument)
    /// It answered, but not what this program understands.
    case unintelligible(String)
    /// The configuration does not allow to ask it.
    case configuration(String)

    /// In how many seconds a service that is only busy can be asked again; nil when it is not that.
    var pause: Int? {
        switch self {
        case .problem(let problem) where problem.status == 429 || problem.status == 503:
            problem.retryAfter.map { max($0, 1) } ?? (problem.status == 429 ? 1 : nil)
        case .fetch(.status(_, 429, _)): 1
        default: nil
        }
    }

    /// Whether nobody answered, or nobody has time, so that asking again later makes sense.
    public var isAway: Bool {
        switch self {
        case .fetch(.status(_, 429, _)): true
        case .fetch(let error): error.isAway
        case .problem(let problem): problem.status == 503 || problem.status == 429
        case .unintelligible, .configuration: false
        }
    }
}

extension ServiceError: CustomStringConvertible {
    /// One line for a person.
    public var description: String {
        switch self {
        case .fetch(let error): error.description
        case .problem(let problem):
            "the service answers: " + (problem.detail.isEmpty ? problem.title : problem.detail).printable
        case .unintelligible(let reason): "the service's answer is not understood: \(reason.printable)"
        case .configuration(let reason): reason
        }
    }
}
