import DependencyGraph
import TerminalDrawing

/// What a picture is about: the request, checked.
struct Subject: Sendable {
    let graph: PackageGraph
    /// Indices of nodes, in merge order.
    let current: [Int]
    let progress: [Int: PackageProgress]
    let glyphs: GlyphSet
    /// Whether the picture is one of many, in which nothing should move.
    let isLive: Bool

    init(_ request: FrameRequest, isLive: Bool) {
        graph = request.graph
        current = Set(request.current).filter(request.graph.nodes.indices.contains).sorted()
        progress = request.progress
        glyphs = request.glyphs
        self.isLive = isLive
    }

    var isASCII: Bool { glyphs == .ascii }

    /// What is written for an item.
    func label(_ item: Neighbourhood.Item, _ nameStyle: NameStyle, _ names: Names) -> Label {
        switch item.content {
        case .package(let node):
            let state = graph.nodes[node].state
            return Label(
                text: sign(state, ascii: isASCII) + " " + names.name(node, nameStyle),
                role: .of(state, isCurrent: item.isCurrent), isCurrent: item.isCurrent,
                notes: item.isCurrent ? notes(node) : [])
        case .more(let count, let installed):
            return Label(text: "+\(count) " + (installed ? "installed" : "more"), role: .note)
        case .chain(let nodes): return Label(text: "(\(nodes.count))", role: .waiting, isBare: true)
        }
    }

    /// `3 of 9  compile 1:24 of ~3:10`, the longest first.
    func notes(_ node: Int) -> [String] {
        guard let progress = progress[node], isLive else { return [] }
        var position = ""
        if current.count > 1, let place = graph.mergePosition(of: node) {
            position = "\(place.position) of \(place.count)  "
        }
        let phase = progress.phase.map { DisplayWidth.printable($0, ascii: isASCII) } ?? ""
        let elapsed = progress.elapsed.map(Self.clock)
        let expected = progress.expected.map { "~" + Self.clock($0) }
        let times = [elapsed, expected].compactMap { $0 }.joined(separator: " of ")
        let short = elapsed ?? expected ?? ""
        let phased = [phase, times].filter { !$0.isEmpty }.joined(separator: " ")
        var seen: Set<String> = [""]
        return [position + phased, phased, times, short].filter { seen.insert($0).inserted }
    }

    /// `1:24` or `2:03:05`; never less than nothing, never more than a year.
    static func clock(_ seconds: Int) -> String {
        let seconds = min(max(0, seconds), 366 * 86_400)
        func two(_ value: Int) -> String { (value < 10 ? "0" : "") + String(value) }
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60)
        return (hours > 0 ? "\(hours):\(two(minutes))" : String(minutes)) + ":" + two(seconds % 60)
    }
}
