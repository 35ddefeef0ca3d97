import EbuildRepository
import PortageAPI
import Posix

/// Why something about overlays was not done. What was published before is still published.
public struct OverlaysError: Error, Equatable, CustomStringConvertible {
    /// What kind of obstacle it was.
    public enum Kind: Equatable, Sendable {
        /// A line or file of the user's, or the content of an overlay, is not accepted.
        case refused
        /// The overlay, or something else that may come back, is away.
        case unavailable
        /// What was named is not there.
        case nothing
    }

    /// The kind.
    public let kind: Kind
    /// One line without a full stop.
    public let message: String
    /// What to do about it, if that is known.
    public let hint: String?

    /// An error of these values. Control characters in the texts are made visible.
    public init(_ kind: Kind, _ message: String, hint: String? = nil) {
        self.kind = kind
        self.message = message.printable
        self.hint = hint?.printable
    }

    init(_ error: RepositoryError) { self.init(.refused, "\(error)") }
    init(_ error: PosixError) { self.init(.refused, "\(error)") }
    init(_ error: PortageError) { self.init(.refused, error.message) }

    /// The message.
    public var description: String { message }
}

/// Runs file operations and turns their errors into this module's.
func filing<R>(_ body: () throws(PosixError) -> R) throws(OverlaysError) -> R {
    do { return try body() } catch { throw OverlaysError(error) }
}

/// Runs operations on a repository and turns their errors into this module's.
func storing<R>(_ body: () throws(RepositoryError) -> R) throws(OverlaysError) -> R {
    do { return try body() } catch { throw OverlaysError(error) }
}

/// Asks Portage and turns its errors into this module's.
func asking<R>(_ body: () async throws(PortageError) -> R) async throws(OverlaysError) -> R {
    do { return try await body() } catch { throw OverlaysError(error) }
}
