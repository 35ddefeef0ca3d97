/// The durations of `BINPKG_POLICY=wait:DURATION`, for the hook and for the program that waits.
public enum WaitDuration {
    /// The longest one: a week, in seconds.
    static let longest = 7 * 24 * 3600

    /// Seconds of `90`, `90s`, `10m` or `1h30m`; nil when it is none of these, or longer than a week.
    public static func seconds(_ text: Substring) -> Int? {
        var total = 0
        var number: Int?
        var sawUnit = false
        for character in text.utf8 {
            switch character {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                let next = (number ?? 0) * 10 + Int(character - UInt8(ascii: "0"))
                guard next <= longest else { return nil }
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
        return total <= longest ? total : nil
    }
}
