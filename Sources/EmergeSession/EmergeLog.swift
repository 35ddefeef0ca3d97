/// One build that `emerge.log` tells of.
public struct PastBuild: Equatable, Sendable {
    /// `CATEGORY/PF`.
    public let cpv: String
    /// When it ended, in seconds since 1970.
    public let ended: Int
    /// How long it took, in seconds.
    public let seconds: Int

    /// A build of these values.
    public init(cpv: String, ended: Int, seconds: Int) {
        self.cpv = cpv
        self.ended = ended
        self.seconds = seconds
    }
}

/// Reads `emerge.log`.
///
/// A line is `SECONDS:  TEXT`. What counts is
///
///     1699999999:  >>> emerge (2 of 5) cat/pkg-1 to /
///     1700000000:  === (2 of 5) Compiling/Merging (cat/pkg-1::/repo/cat/pkg/pkg-1.ebuild)
///     1700000060:  === (2 of 5) Merging (cat/pkg-1::/repo/cat/pkg/pkg-1.ebuild)
///     1700000062:  ::: completed emerge (2 of 5) cat/pkg-1 to /
///
/// A build is the time from the second to the third, and counts when the fourth is there too: so a failed one does not,
/// and neither does the merge of a binary package. (With `FEATURES=merge-wait` the third can be late; a median bears
/// that.) Several emerges may write at once; their lines are told apart by position and package.
///
/// Every text is read: lines that are none, NUL bytes that a crash left, and times that run backwards are passed over.
public enum EmergeLog {
    /// Longer ones are a clock that was set, not a build: 14 days.
    private static let longest = 14 * 86400

    /// The builds in a log's text, in the order in which they ended.
    public static func builds(in text: some Sequence<UInt8>) -> [PastBuild] {
        var builds: [PastBuild] = []
        var open: [Key: Progress] = [:]
        for line in events(in: text) {
            let key = Key(position: line.position, cpv: line.cpv)
            switch line.event {
            case .begun, .unpacking: break
            case .compiling: open[key] = Progress(started: line.time)
            case .merging: if open[key]?.built == nil { open[key]?.built = line.time }
            case .completed:
                guard let progress = open.removeValue(forKey: key), let built = progress.built else { continue }
                let seconds = built - progress.started
                guard (0...longest).contains(seconds), line.time >= built else { continue }
                builds.append(PastBuild(cpv: line.cpv, ended: line.time, seconds: seconds))
            }
        }
        return builds
    }

    /// What the lines of a log's text tell of packages, in their order.
    public static func events(in text: some Sequence<UInt8>) -> [EmergeLogLine] {
        let clean = Array(text)
        return clean.split(whereSeparator: { $0 == 10 || $0 == 0 }).compactMap { bytes in
            // Most lines of a log are of no interest; this is seen in a few bytes.
            bytes.contains(0x28) ? parse(String(decoding: bytes, as: UTF8.self)[...]) : nil
        }
    }

    private struct Key: Hashable {
        let position: EmergeLogLine.Position
        let cpv: String
    }

    private struct Progress {
        let started: Int
        var built: Int?
    }

    private static func parse(_ line: Substring) -> EmergeLogLine? {
        guard let colon = line.firstIndex(of: ":"), let time = Int(line[..<colon]), time > 0 else { return nil }
        let text = line[line.index(after: colon)...].drop { $0 == " " }
        for (word, event) in [(">>> emerge ", EmergeLogLine.Event.begun), ("::: completed emerge ", .completed)] {
            guard let rest = text.removing(prefix: word) else { continue }
            guard let (position, after) = position(in: rest) else { return nil }
            let cpv = after.prefix { $0 != " " }
            guard cpv.contains("/") else { return nil }
            let root = after.dropFirst(cpv.count).removing(prefix: " to ").map(String.init)
            return EmergeLogLine(time: time, event: event, position: position, cpv: String(cpv), root: root)
        }
        guard let rest = text.removing(prefix: "=== "), let (position, after) = position(in: rest) else { return nil }
        let words = [
            ("Compiling/Merging (", EmergeLogLine.Event.compiling), ("Merging (", .merging),
            ("Merging Binary (", .unpacking),
        ]
        for (word, event) in words {
            guard let package = after.removing(prefix: word), let end = package.firstRange(of: "::") else { continue }
            return EmergeLogLine(
                time: time, event: event, position: position, cpv: String(package[..<end.lowerBound]), root: nil)
        }
        return nil
    }

    /// `(N of M)` and what stands behind it and a blank.
    private static func position(in text: Substring) -> (position: EmergeLogLine.Position, rest: Substring)? {
        guard text.first == "(", let end = text.firstIndex(of: ")") else { return nil }
        let rest = text[text.index(after: end)...]
        let words = text[..<end].dropFirst().split(separator: " ", omittingEmptySubsequences: false)
        guard rest.first == " ", words.count == 3, words[1] == "of", let number = Int(words[0]),
            let count = Int(words[2])
        else { return nil }
        return (EmergeLogLine.Position(number: number, count: count), rest.dropFirst())
    }
}

/// A line of `emerge.log` that tells of a package.
public struct EmergeLogLine: Equatable, Sendable {
    /// What happened.
    public enum Event: Equatable, Sendable {
        /// emerge began with the package.
        case begun
        /// Its build begins.
        case compiling
        /// Its binary package is unpacked.
        case unpacking
        /// It is built, and copied to the live system.
        case merging
        /// It is merged.
        case completed
    }

    /// `(3 of 148)`.
    public struct Position: Hashable, Sendable {
        /// The place in the merge list, from 1.
        public let number: Int
        /// The length of that list.
        public let count: Int

        /// A position of these numbers.
        public init(number: Int, count: Int) {
            self.number = number
            self.count = count
        }
    }

    /// When, in seconds since 1970.
    public let time: Int
    /// What.
    public let event: Event
    /// Where in the list.
    public let position: Position
    /// `CATEGORY/PF`.
    public let cpv: String
    /// Where to, if the line says it.
    public let root: String?

    /// A line of these values.
    public init(time: Int, event: Event, position: Position, cpv: String, root: String? = nil) {
        self.time = time
        self.event = event
        self.position = position
        self.cpv = cpv
        self.root = root
    }
}

extension Substring {
    /// What follows the prefix; nil when the text does not begin with it.
    fileprivate func removing(prefix: String) -> Substring? {
        hasPrefix(prefix) ? self[index(startIndex, offsetBy: prefix.count)...] : nil
    }
}
