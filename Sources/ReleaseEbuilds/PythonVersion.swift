/// A version of a Python project, as the version specifiers specification (PEP 440) defines it.
struct PythonVersion: Comparable, Hashable, Sendable, CustomStringConvertible {
    enum Phase: Int, Sendable {
        case alpha, beta, candidate

        var text: String {
            switch self {
            case .alpha: "a"
            case .beta: "b"
            case .candidate: "rc"
            }
        }
    }

    struct Prerelease: Hashable, Sendable {
        var phase: Phase
        var number: Int
    }

    var epoch = 0
    var release: [Int]
    var pre: Prerelease?
    var post: Int?
    var dev: Int?
    var local: String?

    /// A final release of these numbers.
    init(_ release: [Int]) { self.release = release }

    /// Reads a version in any spelling that PEP 440 allows; nil when it is none, or a number has more than 15 digits.
    init?(_ text: some StringProtocol) {
        var scanner = TextScanner(text.trimmed.lowercased())
        _ = scanner.take("v")
        guard var number = scanner.takeNumber() else { return nil }
        if scanner.take("!") {
            epoch = number
            guard let next = scanner.takeNumber() else { return nil }
            number = next
        }
        release = [number]
        while scanner.first == UInt8(ascii: ".") {
            var ahead = scanner
            _ = ahead.take(".")
            guard ahead.first?.isDigit == true else { break }
            guard let next = ahead.takeNumber() else { return nil }
            release.append(next)
            scanner = ahead
        }
        if let phase = Self.take(["alpha", "a", "beta", "b", "preview", "pre", "rc", "c"], &scanner) {
            let kind: Phase = phase.name.hasPrefix("a") ? .alpha : phase.name.hasPrefix("b") ? .beta : .candidate
            pre = Prerelease(phase: kind, number: phase.number)
        }
        if let found = Self.take(["post", "rev", "r"], &scanner) {
            post = found.number
        } else if scanner.first == UInt8(ascii: "-") {
            var ahead = scanner
            _ = ahead.take("-")
            if let number = ahead.takeNumber() {
                post = number
                scanner = ahead
            }
        }
        if let found = Self.take(["dev"], &scanner) { dev = found.number }
        if scanner.take("+") {
            let label = scanner.remaining.map { "-_".contains($0) ? "." : $0 }
            let parts = label.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.allSatisfy({ !$0.isEmpty && String($0).utf8.allSatisfy(\.isAlphanumeric) }) else { return nil }
            local = String(label)
            return
        }
        guard scanner.isAtEnd else { return nil }
    }

    /// Takes `[-_.]NAME[-_.]NUMBER`; the separators and the number may be missing.
    private static func take(_ names: [String], _ scanner: inout TextScanner) -> (name: String, number: Int)? {
        var ahead = scanner
        _ = ahead.take(oneOf: [".", "-", "_"])
        guard let name = ahead.take(oneOf: names) else { return nil }
        scanner = ahead
        _ = ahead.take(oneOf: [".", "-", "_"])
        guard ahead.first?.isDigit == true else { return (name, 0) }
        guard let number = ahead.takeNumber() else { return nil }
        scanner = ahead
        return (name, number)
    }

    /// Whether it is a pre-release or a development release.
    var isPrerelease: Bool { pre != nil || dev != nil }

    /// The release numbers without zeros at the end; at least one stays.
    var strippedRelease: [Int] {
        var numbers = release
        while numbers.count > 1, numbers.last == 0 { numbers.removeLast() }
        return numbers
    }

    /// The normal form.
    var description: String {
        var text = epoch == 0 ? "" : "\(epoch)!"
        text += release.map(String.init).joined(separator: ".")
        if let pre { text += "\(pre.phase.text)\(pre.number)" }
        if let post { text += ".post\(post)" }
        if let dev { text += ".dev\(dev)" }
        if let local { text += "+\(local)" }
        return text
    }

    private var key: [Int] {
        let phase = pre.map { [$0.phase.rawValue, $0.number] } ?? (post == nil && dev != nil ? [-1, 0] : [3, 0])
        return [epoch] + phase + [post ?? -1, dev ?? Int.max]
    }

    private var localKey: [[Int]] {
        // A number stands above every word; words are ordered by their bytes.
        (local ?? "").split(separator: ".").map { part in
            if let number = Int(part) { return [1, number] }
            return [0] + part.utf8.map(Int.init)
        }
    }

    static func < (left: Self, right: Self) -> Bool {
        if left.epoch != right.epoch { return left.epoch < right.epoch }
        let (a, b) = (left.strippedRelease, right.strippedRelease)
        if a != b { return a.lexicographicallyPrecedes(b) }
        if left.key != right.key { return left.key.lexicographicallyPrecedes(right.key) }
        if (left.local == nil) != (right.local == nil) { return left.local == nil }
        for (l, r) in zip(left.localKey, right.localKey) where l != r { return l.lexicographicallyPrecedes(r) }
        return left.localKey.count < right.localKey.count
    }

    static func == (left: Self, right: Self) -> Bool {
        left.strippedRelease == right.strippedRelease && left.key == right.key && left.local == right.local
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(strippedRelease)
        hasher.combine(key)
        hasher.combine(local)
    }
}
