import ArgumentParser
import CommandSupport
import EmergeSession
import Glibc
import Posix

/// Draws what the emerges of this machine do, until the person ends it.
final class WatchLoop {
    private let pid: Int32?
    private let paths: MachinePaths
    private let environment: [String: String]
    private var picture: LivePicture
    /// All that run, oldest first; only the one asked for, if one is.
    private var followers: [EmergeFollower] = []
    private var screen = FullScreen()
    private var nextSearch = MonotonicTime.now
    private var hadEmerge = false

    init(_ context: Context, pid: Int32?, paths: MachinePaths) {
        self.pid = pid
        self.paths = paths
        environment = context.environment
        picture = LivePicture(context)
    }

    /// The newest emerge that merges, once its graph is there, or so many milliseconds are over; nil when none runs.
    func settled(within milliseconds: Int) throws -> EmergeFollower? {
        search()
        guard !followers.isEmpty else { return nil }
        let end = MonotonicTime.now.advanced(byMilliseconds: milliseconds)
        while end.millisecondsLeft > 0, let index = shown, followers[index].isCollecting {
            wait(followers[index].descriptors, milliseconds: 200).forEach { followers[index].ready($0) }
        }
        guard let index = shown else {
            throw CommandError(
                "emerge \(followers.last?.emerge.pid ?? 0) has not begun to merge", exitStatus: .negative)
        }
        // It may have ended meanwhile.
        return followers[index].emerge.isAlive ? followers[index] : nil
    }

    /// One picture of what runs now; without edges when they are not known in time.
    func once(columns: Int, rows: Int) throws -> [String] {
        guard let follower = try settled(within: 10_000) else { throw noEmerge }
        return picture.lines(follower, columns: columns, rows: rows)
    }

    /// Draws until q, Ctrl-C or a signal.
    func run() throws {
        if pid != nil {
            search()
            if followers.isEmpty { throw noEmerge }
        }
        let mode = TerminalMode(descriptor: 0)
        let signals = try SignalQueue([SIGWINCH, SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGTSTP, SIGCONT])
        mode?.setRaw(0)
        defer {
            try? Files.writeAll(1, screen.close())
            mode?.set(0)
        }
        var due = MonotonicTime.now
        while true {
            let own = followers.flatMap(\.descriptors)
            for descriptor in wait([signals.descriptor, 0] + own, milliseconds: due.millisecondsLeft) {
                switch descriptor {
                case signals.descriptor:
                    for signal in signals.read() where try isEnd(signal, signals, mode) { return }
                    due = .now
                case 0:
                    if isEnd(typed: typed(), signals, mode) { return }
                    due = .now
                default:
                    for index in followers.indices where followers[index].descriptors.contains(descriptor) {
                        followers[index].ready(descriptor)
                    }
                }
            }
            let start = MonotonicTime.now
            let hasNews = followers.contains { $0.hasNews }
            if due.millisecondsLeft == 0 || (hasNews && lastFrame.advanced(byMilliseconds: 67) < start) {
                try draw()
                lastFrame = .now
                // As in the panel: a hundredth of the processor at rest.
                let cost = Int((lastFrame.nanoseconds - start.nanoseconds) / 1_000_000)
                due = lastFrame.advanced(byMilliseconds: max(1000, 100 * cost))
            } else if hasNews {
                due = min(due, lastFrame.advanced(byMilliseconds: 68))
            }
        }
    }

    private var lastFrame = MonotonicTime.now

    /// The newest that merges.
    private var shown: Int? { followers.lastIndex { !$0.state.packages.isEmpty } }

    private func draw() throws {
        for index in followers.indices { followers[index].look() }
        search()
        let size = TerminalSize(descriptor: 1) ?? TerminalSize(columns: 80, rows: 24)
        var lines = [String(message.prefix(size.columns))]
        if let shown { lines = picture.lines(followers[shown], columns: size.columns, rows: size.rows) }
        for index in followers.indices { followers[index].seen() }
        try Files.writeAll(1, screen.show(lines, size: size))
    }

    private var message: String {
        if let emerge = followers.last?.emerge { return "emerge \(emerge.pid) has not begun to merge; q ends" }
        return hadEmerge ? "emerge has ended; waiting for the next one; q ends" : "waiting for an emerge; q ends"
    }

    /// Forgets those that have ended, and looks for others every two seconds.
    private func search() {
        followers.removeAll { !$0.emerge.isAlive }
        guard nextSearch.millisecondsLeft == 0 else { return }
        nextSearch = MonotonicTime.now.advanced(byMilliseconds: 2000)
        for emerge in RunningEmerge.all(prefix: paths.prefix) where pid == nil || emerge.pid == pid {
            guard !followers.contains(where: { $0.emerge == emerge }) else { continue }
            followers.append(EmergeFollower(emerge, paths: paths, environment: environment))
            hadEmerge = true
        }
        followers.sort { $0.emerge.ticks < $1.emerge.ticks }
    }

    private var noEmerge: CommandError {
        CommandError(pid.map { "no emerge has the process id \($0)" } ?? "no emerge runs", exitStatus: .negative)
    }

    /// What was typed; nil when the terminal is gone.
    private func typed() -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = read(0, &bytes, bytes.count)
        return count > 0 ? Array(bytes.prefix(count)) : nil
    }

    /// q, Q, Ctrl-C and Ctrl-D end it; Ctrl-Z stops it.
    private func isEnd(typed: [UInt8]?, _ signals: SignalQueue, _ mode: TerminalMode?) -> Bool {
        guard let typed else { return true }
        if typed.contains(where: { [UInt8(ascii: "q"), UInt8(ascii: "Q"), 3, 4].contains($0) }) { return true }
        if typed.contains(0x1A) { suspend(signals, mode) }
        return false
    }

    private func isEnd(_ signal: Int32, _ signals: SignalQueue, _ mode: TerminalMode?) throws -> Bool {
        switch signal {
        case SIGWINCH, SIGCONT: return false
        case SIGTSTP: suspend(signals, mode)
        case SIGINT: return true
        default: throw ExitCode(128 + signal)
        }
        return false
    }

    private func suspend(_ signals: SignalQueue, _ mode: TerminalMode?) {
        try? Files.writeAll(1, screen.close())
        mode?.set(0)
        signals.stopProcess()
        mode?.setRaw(0)
    }

    /// Those of the descriptors that can be read.
    private func wait(_ descriptors: [Int32], milliseconds: Int) -> [Int32] {
        var polled = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        guard poll(&polled, nfds_t(polled.count), Int32(milliseconds)) > 0 else { return [] }
        return polled.filter { $0.revents != 0 }.map(\.fd)
    }
}
