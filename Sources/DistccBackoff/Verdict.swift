public import Posix

/// What a compile on a server and the same compile on this machine say about the server.
public enum Verdict: Equatable, Sendable {
    /// Both took the code, or both refused it: the server is as good as this machine.
    case same
    /// Exactly one of the two took it.
    case different

    /// Compares two ends. A signal counts as a failure; which code a failure has does not matter, because compilers
    /// and preprocessors differ in it.
    public init(remote: ChildProcess.Outcome, local: ChildProcess.Outcome) {
        self = (remote == .exited(0)) == (local == .exited(0)) ? .same : .different
    }
}

extension ChildProcess.Outcome {
    /// The code that a shell would show.
    var code: Int32 {
        switch self {
        case .exited(let code): code
        case .signalled(let signal): 128 + signal
        case .timedOut: 124
        }
    }

    /// For a line that people read.
    var text: String {
        switch self {
        case .exited(let code): "code \(code)"
        case .signalled(let signal): "signal \(signal)"
        case .timedOut: "no answer"
        }
    }
}
