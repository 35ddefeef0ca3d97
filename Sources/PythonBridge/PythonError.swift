internal import Posix

/// Why a call of Python gave no answer.
public enum PythonError: Error, Equatable, Sendable {
    /// The interpreter is not there or can't be run.
    case interpreterMissing(path: String)
    /// The interpreter's version is not that of the linked library, so that its modules can't be loaded.
    case versionDiffers(path: String, found: String, linked: String)
    /// The interpreter could not be started.
    case startFailed(message: String)
    /// Python raised an exception.
    ///
    /// - Parameters:
    ///   - type: the exception's class, e.g. `ParseError` or `SystemExit`.
    ///   - message: its text; that of `SystemExit` is its code or message.
    ///   - output: what was printed during the call: Portage often says there what is wrong.
    case raised(type: String, message: String, output: String)
    /// The child ended before it answered.
    ///
    /// - Parameters:
    ///   - status: how it ended, e.g. "exit code 3" or "signal 9".
    ///   - output: the end of its standard error.
    case childEnded(status: String, output: String)
    /// The child wrote something that is no answer.
    case badReply(text: String)
    /// The time given for one call was over; the child was killed.
    case timedOut(seconds: Double)
    /// The calling task was cancelled; the child was killed.
    case cancelled
    /// The transport was closed, or an earlier call killed the child.
    case closed
}

extension PythonError: CustomStringConvertible {
    /// What Python said, or what went wrong with it, in one line.
    public var description: String {
        switch self {
        case .interpreterMissing(let path):
            "cannot run the Python interpreter \(path.printable): set PORTMANTEAU_PYTHON to that of Portage"
        case .versionDiffers(let path, let found, let linked):
            "\(path.printable) is Python \(found.printable), but this program was built for \(linked): rebuild it, "
                + "or set PORTMANTEAU_PYTHON"
        case .startFailed(let message):
            "cannot start Python: \(message.printable)"
        case .raised(let type, let message, let output):
            Self.raisedText(type: type, message: message, output: output)
        case .childEnded(let status, let output):
            "Python ended with \(status)" + Self.lastLine(of: output).map { ": \($0)" }.orEmpty
        case .badReply(let text):
            "Python answered with something else than JSON: \(String(text.prefix(120)).printable)"
        case .timedOut(let seconds):
            "Python gave no answer within \(seconds) s"
        case .cancelled:
            "the call of Python was cancelled"
        case .closed:
            "the Python interpreter was closed"
        }
    }

    private static func raisedText(type: String, message: String, output: String) -> String {
        let said = lastLine(of: output).map { " (\($0))" }.orEmpty
        if type == "SystemExit" { return "Portage gave up with \(message.printable)" + said }
        return message.isEmpty ? type.printable + said : "\(type.printable): \(message.printable)"
    }

    private static func lastLine(of text: String) -> String? {
        text.split(whereSeparator: \.isNewline).last.map { String($0).printable }
    }
}

extension String? {
    fileprivate var orEmpty: String { self ?? "" }
}
