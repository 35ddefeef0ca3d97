public import PythonBridge

/// Why Portage gave no answer.
public enum PortageError: Error, Equatable, Sendable {
    /// Python raised an exception, or could not be reached.
    case python(PythonError)
    /// The answer does not have the form that this program expects.
    case unexpectedAnswer(function: String, reason: String)

    /// The class of the Python exception, e.g. `ParseError`; nil for everything else.
    public var exceptionType: String? {
        if case .python(.raised(let type, _, _)) = self { return type }
        return nil
    }

    /// Python's message, or what went wrong with it, for people.
    public var message: String {
        switch self {
        case .python(let error): error.description
        case .unexpectedAnswer(let function, let reason): "Portage's answer to \(function) is not understood: \(reason)"
        }
    }
}

extension PortageError: CustomStringConvertible {
    /// The message.
    public var description: String { message }
}
