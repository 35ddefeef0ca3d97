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
///     1700000000:  === (2 of 5) Compiling/Merging (cat/pkg-1::/repo/cat/pkg/pkg-1.ebuild)
///     1700000060:  === (2 of 5) Merging (cat/pkg-1::/repo/cat/pkg/pkg-1.ebuild)
///     1700000062:  ::: completed emerge (2 of 5) cat/pkg-1 to /
///
/// A build is the time from the first to the second, and counts when the third is there too: so a failed one does not,
/// and neither does the merge of a binary package. (With `FEATURES=merge-wait` the second can be late; a median bears
/// that.) Several emerges may write at once; their lines are told apart by position and package.
///
/// Every text is read: lines that are none, NUL bytes that a crash left, and times that run backwards are passed over.
public enum EmergeLog {
    /// Longer ones are a clock that was set, not a build: 14 days.
    private static let longest = 14 * 86400

    /// The builds in a log's text, in the order in which they ended.
    public static func builds(in text: some Sequence<UInt8>) -> [PastBuild] {
        var builds: [PastBuild] = []
        var open: [Substring: Progress] = [:]
        let clean = Array(text)
        for bytes in clean.split(whereSeparator: { $0 == 10 || $0 == 0 }) {
            guard let (time, event) = parse(String(decoding: bytes, as: UTF8.self)[...]) else { continue }
            switch event {
            case .started(let key): open[key] = Progress(started: time)
            case .built(let key): if open[key]?.built == nil { open[key]?.built = time }
            case .completed(let key, let cpv):
                guard let progress = open.removeValue(forKey: key), let built = progress.built else { continue }
                let seconds = built - progress.started
                guard (0...longest).contains(seconds), time >= built else { continue }
                builds.append(PastBuild(cpv: cpv, ended: time, seconds: seconds))
            }
        }
        return builds
    }

    private struct Progress {
        let started: Int
        var built: Int?
    }

    /// The key is `(N of M) CPV`.
    private enum Event {
        case started(Substring)
        case built(Substring)
        case completed(Substring, cpv: String)
    }

    private static func parse(_ line: Substring) -> (time: Int, event: Event)? {
        guard let colon = line.firstIndex(of: ":"), let time = Int(line[..<colon]), time > 0 else { return nil }
        let text = line[line.index(after: colon)...].drop { $0 == " " }
        if let rest = text.removing(prefix: "::: completed emerge ") {
            guard let (position, after) = position(in: rest) else { return nil }
            let cpv = after.prefix { $0 != " " }
            guard cpv.contains("/") else { return nil }
            return (time, .completed(position + " " + cpv, cpv: String(cpv)))
        }
        guard let rest = text.removing(prefix: "=== "), let (position, after) = position(in: rest) else { return nil }
        for (word, isStart) in [("Compiling/Merging (", true), ("Merging (", false)] {
            guard let package = after.removing(prefix: word), let end = package.firstRange(of: "::") else { continue }
            let key = position + " " + package[..<end.lowerBound]
            return (time, isStart ? .started(key) : .built(key))
        }
        return nil
    }

    /// `(N of M)` and what stands behind it and a blank.
    private static func position(in text: Substring) -> (position: Substring, rest: Substring)? {
        guard text.first == "(", let end = text.firstIndex(of: ")") else { return nil }
        let rest = text[text.index(after: end)...]
        guard rest.first == " " else { return nil }
        return (text[...end], rest.dropFirst())
    }
}

extension Substring {
    /// What follows the prefix; nil when the text does not begin with it.
    fileprivate func removing(prefix: String) -> Substring? {
        hasPrefix(prefix) ? self[index(startIndex, offsetBy: prefix.count)...] : nil
    }
}
