import Glibc
public import Posix

/// Why something could not be fetched.
///
/// The important difference is between a service that is *away* (nobody answered: carry on without it, at once) and one
/// that answered badly.
public enum FetchError: Error, Equatable, Sendable {
    /// Nobody answered: refused, unreachable, unknown host, or no answer within the time given.
    case away(url: String, reason: String)
    /// The answer broke off, stood still, or was not HTTP.
    case broken(url: String, reason: String)
    /// An answer with a status other than 2xx (a redirect too: none is followed), and the start of its body.
    case status(url: String, code: Int, body: [UInt8])
    /// The body is larger than this many bytes.
    case tooLarge(url: String, limit: Int)
    /// The body is not what was promised: `what` is "SHA-256" or "size".
    case mismatch(url: String, what: String, expected: String, found: String)
    /// No room for the file; nothing of it was left behind.
    case diskFull(path: String)
    /// The file could not be written for another reason.
    case file(PosixError)
    /// The authorities to trust are no certificates.
    case authorities(path: String)
    /// Not an address that can be fetched.
    case invalidURL(String)
    /// The caller was cancelled.
    case cancelled

    /// Whether nobody answered.
    public var isAway: Bool {
        if case .away = self { return true }
        return false
    }

    /// The error for a failed file operation: a full disk or quota has a case of its own.
    init(_ error: PosixError) {
        self = error.isDiskFull ? .diskFull(path: error.path) : .file(error)
    }
}

extension FetchError: CustomStringConvertible {
    /// One line for a person.
    public var description: String {
        switch self {
        case .away(let url, let reason): "\(url.printable): \(reason)"
        case .broken(let url, let reason): "\(url.printable): bad answer: \(reason)"
        case .status(let url, let code, _): "\(url.printable): answered with status \(code)"
        case .tooLarge(let url, let limit): "\(url.printable): more than the \(limit) bytes allowed"
        case .mismatch(let url, let what, let expected, let found):
            "\(url.printable): \(what) is \(found), expected \(expected)"
        case .diskFull(let path): "\(path.printable): no space left on the disk"
        case .file(let error): String(describing: error)
        case .authorities(let path): "\(path.printable): this is no certificate in PEM"
        case .invalidURL(let url): "'\(url.printable)' is not an http:// or https:// address"
        case .cancelled: "cancelled"
        }
    }
}

extension PosixError {
    /// Whether the disk, or the user's share of it, is full.
    public var isDiskFull: Bool { code == ENOSPC || code == EDQUOT }
}
