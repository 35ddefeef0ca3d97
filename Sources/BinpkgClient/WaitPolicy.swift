import AgentProtocol
public import BinpkgModel

/// How long a package may be waited for: `BINPKG_POLICY`.
public enum WaitPolicy: Equatable, Sendable {
    /// `off`: the service is not asked.
    case off
    /// `ready`: only what is there now.
    case ready
    /// `wait:auto`: as long as the service is likely to be faster than this machine.
    case auto
    /// `wait:DURATION`: at most so many seconds.
    case wait(seconds: Double)
    /// `require`: as long as it takes; the package is not built here.
    case require

    /// The longest wait, in seconds, when nothing is known of how long this machine would take.
    public static let unknownLimit: Double = 30 * 60

    /// Reads the value of `BINPKG_POLICY`; a duration is written as `90`, `90s`, `10m` or `1h30m`.
    public init?(_ text: String) {
        switch text {
        case "off": self = .off
        case "ready": self = .ready
        case "wait:auto", "wait", "": self = .auto
        case "require": self = .require
        default:
            guard text.hasPrefix("wait:"), let seconds = WaitDuration.seconds(text.dropFirst(5)) else { return nil }
            self = .wait(seconds: Double(seconds))
        }
    }

    /// Whether the service may start a build for this policy.
    public var mayBuild: Bool { self != .ready && self != .off }

    /// How many seconds in all to wait for an answer that is not final; 0: do not wait; nil: without a bound.
    ///
    /// For `auto` the service wins when its estimate, with what is before it in the queue, is below the local one. Then, and when it has no estimate, the
    /// wait ends when this machine would have been done: at worst that doubles the time.
    ///
    /// - Parameters:
    ///   - answer: the service's answer, with its estimate.
    ///   - local: how long this machine takes for the package, from its own past; nil: unknown.
    public func limit(for answer: RequestAnswer, local: Double?) -> Double? {
        switch self {
        case .off, .ready: return 0
        case .wait(let seconds): return seconds
        case .require: return nil
        case .auto:
            guard let local else { return Self.unknownLimit }
            guard let estimate = answer.etaSeconds ?? answer.estimateSeconds else {
                return min(local, Self.unknownLimit)
            }
            return estimate < local ? local : 0
        }
    }
}

extension WaitPolicy: CustomStringConvertible {
    /// As in the configuration.
    public var description: String {
        switch self {
        case .off: "off"
        case .ready: "ready"
        case .auto: "wait:auto"
        case .wait(let seconds): "wait:\(Int(seconds))"
        case .require: "require"
        }
    }
}
