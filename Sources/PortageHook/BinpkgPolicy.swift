import AgentProtocol

/// What the hook does about a package that the service could provide: the value of `BINPKG_POLICY`.
public enum BinpkgPolicy: Equatable, Sendable {
    /// Never ask.
    case off
    /// Take what is there now.
    case ready
    /// Wait while the service's estimate beats the local one.
    case waitAuto
    /// Wait at most so many seconds.
    case wait(seconds: Int)
    /// The emerge fails without the service's package.
    case require

    /// Reads a configured value: `off`, `ready`, `wait:auto`, `wait:DURATION` or `require`.
    public init?(_ text: String) {
        switch text {
        case "off": self = .off
        case "ready": self = .ready
        case "require": self = .require
        case "wait", "wait:auto": self = .waitAuto
        default:
            guard text.hasPrefix("wait:"), let seconds = WaitDuration.seconds(text.dropFirst(5)) else { return nil }
            self = .wait(seconds: seconds)
        }
    }

    /// The value as it is written in hooks.conf.
    public var text: String {
        switch self {
        case .off: "off"
        case .ready: "ready"
        case .waitAuto: "wait:auto"
        case .wait(let seconds): "wait:\(seconds)s"
        case .require: "require"
        }
    }

    /// How long `binpkg stage` may run before the hook ends it, in seconds. The program keeps the policy by itself; this
    /// is for one that does not, and leaves time for the download.
    var stageLimit: Int {
        switch self {
        case .off: 0
        case .ready: 300
        case .wait(let seconds): seconds + 300
        case .waitAuto, .require: 24 * 3600
        }
    }
}
