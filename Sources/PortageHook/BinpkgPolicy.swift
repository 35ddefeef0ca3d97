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

    /// The longest wait that can be configured: a week, in seconds.
    static let longestWait = 7 * 24 * 3600

    /// Reads a configured value: `off`, `ready`, `wait:auto`, `wait:DURATION` or `require`.
    public init?(_ text: String) {
        switch text {
        case "off": self = .off
        case "ready": self = .ready
        case "require": self = .require
        case "wait", "wait:auto": self = .waitAuto
        default:
            guard text.hasPrefix("wait:"), let seconds = Self.seconds(text.dropFirst(5)) else { return nil }
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

    /// Seconds of a duration such as `90`, `90s`, `10m` or `1h30m`.
    static func seconds(_ text: Substring) -> Int? {
        var total = 0
        var number: Int?
        var sawUnit = false
        for character in text.utf8 {
            switch character {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                let next = (number ?? 0) * 10 + Int(character - UInt8(ascii: "0"))
                guard next <= longestWait else { return nil }
                number = next
            case UInt8(ascii: "s"), UInt8(ascii: "m"), UInt8(ascii: "h"):
                guard let value = number else { return nil }
                total += value * (character == UInt8(ascii: "s") ? 1 : character == UInt8(ascii: "m") ? 60 : 3600)
                number = nil
                sawUnit = true
            default: return nil
            }
        }
        if let number {
            guard !sawUnit else { return nil }
            total = number
        } else if !sawUnit {
            return nil
        }
        return total <= longestWait ? total : nil
    }
}
