import CommandSupport
import DependencyGraph
import EmergeSession
import GraphDrawing
import TerminalDrawing

/// The lines of a live view: one on the whole emerge, and the graph around what runs.
struct LivePicture {
    let glyphs: GlyphSet
    let usesColour: Bool
    private var memory: FrameMemory?
    /// What was shown last while something ran.
    private(set) var last: [String] = []

    init(_ context: Context) {
        glyphs = context.usesUnicode ? .unicode : .ascii
        usesColour = context.usesColour
    }

    /// The lines for this moment; none before the merge list is known.
    mutating func lines(_ follower: EmergeFollower, columns: Int, rows: Int) -> [String] {
        let state = follower.state
        guard !state.packages.isEmpty, rows > 0, columns > 0 else { return [] }
        let rule = heading(state, columns: columns)
        guard rows > 1 else { return [rule] }
        let picture = frame(follower, state.shown, size: PictureSize(width: columns, height: rows - 1))
        if !picture.isEmpty { last = picture }
        return [rule] + picture
    }

    /// The lines that stay when emerge has ended.
    mutating func lastLines(_ follower: EmergeFollower, columns: Int, rows: Int) -> [String] {
        let state = follower.state
        let failed = state.packages.indices.filter { state.packages[$0].stage == .failed }
        let shown = failed.isEmpty ? state.lastEnded.map { [$0] } ?? [] : failed
        guard rows > 1, columns > 0 else { return [] }
        let picture = frame(follower, shown, size: PictureSize(width: columns, height: rows - 1))
        return (picture.isEmpty ? last : picture) + [summary(state)]
    }

    private mutating func frame(_ follower: EmergeFollower, _ shown: [Int], size: PictureSize) -> [String] {
        let (current, progress) = follower.progress(of: shown)
        let frame = drawFrame(
            FrameRequest(
                graph: follower.graph, current: current, size: size, glyphs: glyphs, progress: progress,
                previous: memory))
        memory = frame.memory
        return usesColour ? frame.coloured() : frame.lines
    }

    /// A rule with how far the whole emerge is.
    private func heading(_ state: SessionState, columns: Int) -> String {
        let now = EmergeFollower.now
        var words = ["\(state.count(.done)) of \(state.packages.count) merged"]
        if state.running.count > 1 { words.append("\(state.running.count) running") }
        if state.count(.built) > 0 { words.append("\(state.count(.built)) built") }
        if state.count(.failed) > 0 { words.append("\(state.count(.failed)) failed") }
        if state.count(.dropped) > 0 { words.append("\(state.count(.dropped)) given up") }
        words.append(clockTime(now - state.started))
        if let left = state.left(now: now), left.seconds >= 1 {
            words.append("\(left.isComplete ? "about" : "more than") \(clockTime(left.seconds)) left")
        }
        let line = glyphs == .ascii ? "-" : "─"
        let text = DisplayWidth.clipped(
            "\(line)\(line) emerge: \(words.joined(separator: ", ")) ", to: columns)
        let rule = text + String(repeating: line, count: max(0, columns - DisplayWidth.columns(of: text)))
        return usesColour ? "\u{1B}[2m\(rule)\u{1B}[0m" : rule
    }

    /// One line on what emerge has done.
    private func summary(_ state: SessionState) -> String {
        var words = ["\(state.count(.done)) of \(state.packages.count) packages merged"]
        words.append(
            "in \(clockTime((state.packages.compactMap(\.ended).max() ?? EmergeFollower.now) - state.started))")
        var text = "depgraph: " + words.joined(separator: " ")
        let failed = state.packages.filter { $0.stage == .failed }.map(\.key.cpv)
        if !failed.isEmpty {
            let names =
                failed.prefix(3).joined(separator: ", ") + (failed.count > 3 ? " and \(failed.count - 3) more" : "")
            text += "; not finished: " + names
        }
        if state.count(.dropped) > 0 { text += "; given up: \(state.count(.dropped))" }
        return DisplayWidth.printable(text, ascii: glyphs == .ascii)
    }
}

/// A time as a clock shows it: `0:42`, `1:02:03`.
func clockTime(_ seconds: Double) -> String {
    let whole = Int(min(max(0, seconds), 1e9))
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let (hours, minutes) = (whole / 3600, whole / 60 % 60)
    return hours > 0 ? "\(hours):\(two(minutes)):\(two(whole % 60))" : "\(minutes):\(two(whole % 60))"
}

extension EmergeFollower {
    /// The nodes of packages of its state, and how far each is.
    func progress(of packages: [Int]) -> (nodes: [Int], progress: [Int: PackageProgress]) {
        let now = EmergeFollower.now
        var progress: [Int: PackageProgress] = [:]
        var nodes: [Int] = []
        for package in packages {
            guard let node = node(of: package) else { continue }
            let value = state.packages[package]
            nodes.append(node)
            progress[node] = PackageProgress(
                elapsed: value.elapsed(now: now).map { Int($0) },
                expected: value.expected.map { Int($0.rounded()) }, phase: value.phase)
        }
        return (nodes, progress)
    }
}

extension SessionState {
    /// What a picture is about: all that run. Between two packages the last one stays, so that the picture does not
    /// come and go.
    var shown: [Int] { running.isEmpty ? lastEnded.map { [$0] } ?? [] : running }

    /// The package that was done or failed last.
    var lastEnded: Int? {
        packages.indices.filter { packages[$0].ended != nil && packages[$0].stage != .dropped }
            .max { (packages[$0].ended ?? 0) < (packages[$1].ended ?? 0) }
    }
}
