/// The exit codes of all tools.
public enum ExitStatus: Int32, Sendable {
    /// Done, or yes.
    case done = 0
    /// Nothing found, or no.
    case negative = 1
    /// The work failed, or the words of the call were wrong.
    case error = 2
    /// It would work later: a service is away, something is locked (EX_TEMPFAIL).
    case temporary = 75
}

/// An error that a person reads: one line on what failed, one on what to do.
public protocol UserFacingError: Error {
    /// What failed, on which path; one line without a full stop.
    var message: String { get }
    /// What to do about it, if that is known.
    var hint: String? { get }
    /// The code the program ends with.
    var exitStatus: ExitStatus { get }
}

extension UserFacingError {
    /// No hint.
    public var hint: String? { nil }
    /// `error`.
    public var exitStatus: ExitStatus { .error }
}

/// An error that a command itself finds.
public struct CommandError: UserFacingError, Equatable {
    /// What failed.
    public let message: String
    /// What to do about it.
    public let hint: String?
    /// The code the program ends with.
    public let exitStatus: ExitStatus

    /// An error of this text.
    public init(_ message: String, hint: String? = nil, exitStatus: ExitStatus = .error) {
        self.message = message
        self.hint = hint
        self.exitStatus = exitStatus
    }
}
