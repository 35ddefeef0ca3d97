import Fetching
import PortageAPI
import Posix

/// Why no ebuild was made. What was in the repository before is still there.
public struct ReleaseError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What kind of failure it is; it decides the exit code.
    public enum Kind: Sendable {
        /// It exists, and no ebuild can be made from it.
        case refused
        /// There is no such project, release or file.
        case notFound
        /// Nobody answered; later it may work.
        case away
        /// Anything else: a bad answer, a file that cannot be written.
        case broken
    }

    /// What kind of failure it is.
    public let kind: Kind
    /// What failed, in one line without a full stop.
    public let message: String
    /// What to do about it, if that is known.
    public let hint: String?

    /// A failure of this text. Control characters of it are made visible.
    public init(_ kind: Kind, _ message: String, hint: String? = nil) {
        self.kind = kind
        self.message = message.printable
        self.hint = hint
    }

    /// A failed exchange: `subject` is what was wanted.
    init(_ error: FetchError, subject: String) {
        switch error {
        case .away: self.init(.away, "\(subject): \(error)")
        case .status(_, 404, _), .status(_, 410, _): self.init(.notFound, "\(subject): not found (\(error))")
        case .status(_, 403, _), .status(_, 429, _), .status(_, 500...599, _):
            self.init(.away, "\(subject): \(error)")
        default: self.init(.broken, "\(subject): \(error)")
        }
    }

    /// A question that Portage did not answer.
    init(_ error: PortageError) { self.init(.broken, error.description) }

    /// A file operation that failed.
    init(_ error: PosixError) { self.init(.broken, error.description) }

    /// One line for a person.
    public var description: String { message }
}
