/// The end of a build's output, and the line in it that says best what went wrong.
actor LogTail {
    private static let limit = 64 << 10
    private var bytes: [UInt8] = []

    /// Takes the next bytes; only the last 64 KiB are kept.
    func append(_ more: [UInt8]) {
        bytes += more
        if bytes.count > 2 * Self.limit { bytes.removeFirst(bytes.count - Self.limit) }
    }

    /// The last line that says anything.
    var lastLine: String? {
        String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).map(Self.plain)
            .last { !$0.isEmpty }.map { String($0.prefix(300)) }
    }

    /// Whether a program found no room for what it wanted to write.
    var isSpaceLacking: Bool { String(decoding: bytes, as: UTF8.self).contains("No space left on device") }

    /// Whether a program met an instruction that this machine's processor does not have, as shells, make, compilers,
    /// Python, Go and cargo say it.
    var isInstructionIllegal: Bool {
        let text = String(decoding: bytes, as: UTF8.self)
        return ["Illegal instruction", "illegal instruction", "SIGILL: "].contains { text.contains($0) }
    }

    /// What is said of such a build: nothing tells such an instruction from one that was meant to end the program.
    static let illegalInstructionSentence =
        "a program was ended by an illegal instruction: it seems to need a processor feature that this builder lacks"

    /// The reason in a line: what our check of the image said, what `die` was given, the first error of a compiler or of
    /// emerge; nil when nothing looks like one.
    var reason: String? {
        let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).map(Self.plain)
        let best =
            lines.first { $0.contains(ImageCheck.mark) }
            ?? lines.first { $0.contains(" error: ") || $0.contains("fatal error:") } ?? Self.death(lines)
            ?? Self.refusal(lines) ?? lines.first { $0.hasPrefix("!!! ") || $0.hasPrefix("emerge: there are no") }
        return best.map { String($0.prefix(300)) }
    }

    /// What Portage prints for `die`: a line that names package and phase, then what `die` was given.
    private static func death(_ lines: [String]) -> String? {
        guard let index = lines.firstIndex(where: { $0.hasPrefix("* ERROR:") }) else { return nil }
        let next = index + 1 < lines.count ? lines[index + 1].drop { "* ".contains($0) } : ""
        return next.isEmpty ? lines[index] : "\(lines[index]) \(next)"
    }

    /// What emerge's resolver says of a circle, of two versions that are wanted in one slot, and of a package that is
    /// masked or has other flags than needed.
    private static func refusal(_ lines: [String]) -> String? {
        if let index = lines.firstIndex(where: { $0.hasPrefix("* Error: circular dependencies") }) {
            let circle = lines[index...].dropFirst().prefix(12).filter {
                $0.hasPrefix("(") || $0.contains("depends on")
            }
            return (["circular dependencies:"] + circle.prefix(3)).joined(separator: " ")
        }
        if let index = lines.firstIndex(where: { $0.contains("resulting in a slot conflict") }) {
            let rest = lines[index...].dropFirst()
            let wishes = rest.filter { $0.contains(" required by ") }.prefix(3)
            return "slot conflict: " + ([rest.first { !$0.isEmpty } ?? ""] + wishes).joined(separator: " ")
        }
        guard let line = lines.first(where: { $0.hasPrefix("!!! All ebuilds") || $0.hasPrefix("emerge: there are no") })
        else { return nil }
        let detail = lines.first { $0.hasPrefix("- ") && ($0.contains("masked by:") || $0.contains("Change USE:")) }
        return detail.map { "\(line) \($0)" } ?? line
    }

    /// A line without escape sequences and the blanks around it.
    private static func plain(_ line: Substring) -> String {
        var result = ""
        var isEscape = false
        for scalar in line.unicodeScalars {
            if scalar == "\u{1b}" {
                isEscape = true
            } else if isEscape {
                if scalar.properties.isAlphabetic { isEscape = false }
            } else if scalar.value >= 32, scalar.value != 127 {
                result.unicodeScalars.append(scalar)
            }
        }
        return String(result.drop { $0 == " " })
    }
}
