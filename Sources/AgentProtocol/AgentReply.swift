public import Posix

/// What the agent says to a request, at once: one line with a word and, where there is one, a reason.
public enum AgentReply: Equatable, Sendable {
    /// It works on the package: its staging directory is taken, and the state file will come.
    case accepted
    /// The package is to be built here, for this reason.
    case local(String)
    /// It does not serve this caller, for this reason: whoever asks may do the work itself.
    case refused(String)

    /// The line that is sent.
    public var text: String {
        switch self {
        case .accepted: "accepted\n"
        case .local(let reason): "local \(reason.printable)\n"
        case .refused(let reason): "refused \(reason.printable)\n"
        }
    }

    /// Reads a line; nil when it is none of these, or cut off.
    public init?(text: String) {
        guard text.hasSuffix("\n") else { return nil }
        let parts = text.dropLast().split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        let reason = parts.count > 1 ? String(parts[1]) : ""
        switch parts.first {
        case "accepted": self = .accepted
        case "local": self = .local(reason)
        case "refused": self = .refused(reason)
        default: return nil
        }
    }

    /// Hands a request over to the agent; nil when none listens there that belongs to root or to this user, or when it
    /// does not answer in time.
    ///
    /// - Parameter deadline: an agent that lives answers within milliseconds.
    public static func ask(_ path: String, _ request: SetupRequest, deadline: MonotonicTime) -> AgentReply? {
        guard Files.exists(path), let socket = try? UnixSocket(connectingTo: path), let peer = socket.peer,
            peer.user == 0 || peer.user == ProcessIdentity.user
        else { return nil }
        guard (try? socket.send(request.encoded, until: deadline)) != nil,
            let bytes = try? socket.receive(limit: 4096, until: deadline)
        else { return nil }
        return AgentReply(text: String(decoding: bytes, as: UTF8.self))
    }
}
