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

    /// What a glue function that refused says, without the exception's name, and what Portage printed before; nil for every
    /// other error.
    public var refusal: (message: String, output: String)? {
        if case .python(.raised("GlueError", let message, let output)) = self { return (message, output) }
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
