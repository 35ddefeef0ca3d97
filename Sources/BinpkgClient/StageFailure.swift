import BinpkgModel
import Fetching
import PortageAPI
import Posix

/// Why there is no package from the service. The text is one line for people.
public enum StageFailure: Error, Equatable, Sendable {
    /// The service has no package that may be used, or not soon enough.
    case negative(String)
    /// The service is away: another time it may be there.
    case temporary(String)
    /// The service answers, but not as it should.
    case misbehaving(String)
    /// Something is wrong: a bad package, a full disk.
    case broken(String)

    /// The text.
    public var reason: String {
        switch self {
        case .negative(let reason), .temporary(let reason), .misbehaving(let reason), .broken(let reason): reason
        }
    }

    /// Whether the service is at fault, as far as can be seen from here.
    var isOfService: Bool {
        switch self {
        case .temporary, .misbehaving: true
        case .negative, .broken: false
        }
    }

    init(_ error: ServiceError) {
        switch error {
        case .fetch(.away(let url, let reason)):
            let service = url.firstRange(of: "/v1/").map { String(url[..<$0.lowerBound]) } ?? url
            self = .temporary("the service \(service.printable) does not answer (\(reason))")
        case .fetch(.broken), .unintelligible: self = .misbehaving("\(error)")
        case .fetch(.status(_, let code, _)) where code >= 500: self = .misbehaving("\(error)")
        case _ where error.pause != nil: self = .temporary("the service has too much to do (\(error))")
        case _ where error.isAway: self = .temporary("the service does not answer (\(error))")
        default: self = .broken("\(error)")
        }
    }

    init(_ error: PortageError) { self = .broken(error.message) }

    /// What any error of the client's parts means.
    init(any error: any Error) {
        switch error {
        case let error as StageFailure: self = error
        case let error as ServiceError: self.init(error)
        case let error as PortageError: self.init(error)
        case let error as RequestError: self = .negative(error.description)
        default: self = .broken("\(error)")
        }
    }

    /// The same, of work with a package file, which Portage may refuse.
    init(ofPackage error: any Error) {
        if let error = error as? PortageError {
            self = .broken("the package cannot be used: \(error.message)")
        } else {
            self.init(any: error)
        }
    }
}
