import BinpkgModel
import Posix
import Synchronization

/// What people read while a package is waited for: where it stands, for how long, and the end of the build's log. Plain
/// lines, since they land in a log; often at first, then seldom.
final class WaitingLines: Sendable {
    private struct State {
        var answers = 0
        var began: MonotonicTime?
        var shown: MonotonicTime?
        var place = ""
        var logLine = ""
        var phase = ""
    }

    private let cpv: String
    private let tell: @Sendable (String) -> Void
    private let state = Mutex(State())
    private let now: @Sendable () -> MonotonicTime

    init(
        cpv: String, now: @escaping @Sendable () -> MonotonicTime = { .now }, tell: @escaping @Sendable (String) -> Void
    ) {
        self.cpv = cpv
        self.now = now
        self.tell = tell
    }

    /// Whether the first answer was not the last one.
    var hasWaited: Bool { state.withLock { $0.answers > 1 } }

    /// Says that the wait begins, how long it is likely to take, and when it ends.
    func begin(_ answer: RequestAnswer, limit: Double?, local: Double?) {
        let time = now()
        state.withLock {
            $0.began = time
            $0.shown = time
            $0.place = Self.place(answer)
        }
        let most = limit.map { ", at most \(duration($0))" } ?? ""
        let times = Self.times(there: answer.etaSeconds ?? answer.estimateSeconds, here: local)
        tell("\(cpv.printable): waiting\(most): \(times)")
    }

    /// How long the service and this machine need, in seconds, as far as somebody knows.
    private static func times(there: Double?, here: Double?) -> String {
        switch (there, here) {
        case (nil, nil): "neither the service nor this machine has built it before"
        case (let there?, nil): "the service needs about \(duration(there)); this machine never built it"
        case (nil, let here?): "the service never built it; this machine needs about \(duration(here))"
        case (let there?, let here?): "the service needs about \(duration(there)), this machine about \(duration(here))"
        }
    }

    /// Takes note of an answer, and shows where the package stands when that has changed or some time has passed.
    func add(_ answer: RequestAnswer) {
        let time = now()
        let line = state.withLock { state -> String? in
            state.answers += 1
            guard !answer.state.isFinal, let began = state.began, let shown = state.shown else { return nil }
            let elapsed = Double(time.nanoseconds - began.nanoseconds) / 1e9
            let quiet = Double(time.nanoseconds - shown.nanoseconds) / 1e9
            let place = Self.place(answer)
            guard place != state.place || quiet >= Self.interval(after: elapsed) else { return nil }
            state.place = place
            state.shown = time
            var text = "\(cpv.printable): \(place)"
            if answer.state == .building, !state.phase.isEmpty { text += " (\(state.phase))" }
            text += ", waited \(duration(elapsed))"
            if let estimate = answer.state == .queued ? nil : answer.estimateSeconds {
                text += " of about \(duration(estimate))"
            }
            if !state.logLine.isEmpty { text += ": \(state.logLine)" }
            return text
        }
        if let line { tell(line) }
    }

    /// Takes note of a line of the build's log.
    func addLog(_ line: String) {
        var text = line[...]
        while let last = text.last, last.isWhitespace { text.removeLast() }
        guard !text.isEmpty else { return }
        let shown = String(text.prefix(80)).printable
        state.withLock {
            $0.logLine = shown
            for (mark, phase) in Self.phases where shown.contains(mark) { $0.phase = phase }
        }
    }

    /// Seconds between two lines that say nothing new.
    private static func interval(after elapsed: Double) -> Double { elapsed < 60 ? 15 : elapsed < 600 ? 60 : 300 }

    private static func place(_ answer: RequestAnswer) -> String {
        guard answer.state == .queued else { return "being built there" }
        return "queued there" + (answer.position.map { ", number \($0)" } ?? "")
    }

    /// What Portage says at the start of a phase.
    private static let phases = [
        (">>> Unpacking source", "unpack"), (">>> Preparing source", "prepare"),
        (">>> Configuring source", "configure"), (">>> Compiling source", "compile"), (">>> Test phase", "test"),
        (">>> Install ", "install"),
    ]
}
