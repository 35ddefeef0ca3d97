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

    /// Whether nobody answered, so that asking again later makes sense.
    public var isAway: Bool {
        switch self {
        case .fetch(let error): error.isAway
        case .problem(let problem): problem.status == 503
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
