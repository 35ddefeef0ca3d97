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
    /// Finds what is around the current packages; those that the last frame had come first.
    let finder: NeighbourhoodFinder

    init(_ request: FrameRequest, isLive: Bool) {
        graph = request.graph
        current = Set(request.current).filter(request.graph.nodes.indices.contains).sorted()
        progress = request.progress
        glyphs = request.glyphs
        self.isLive = isLive
        var preferred: Set<Int> = []
        if let memory = request.previous, !memory.places.isEmpty {
            for (index, node) in request.graph.nodes.enumerated() where memory.places[.init(node)] != nil {
                preferred.insert(index)
            }
        }
        finder = NeighbourhoodFinder(request.graph, current: Set(current), preferred: preferred, distance: 2)
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
                notes: notes(node, isCurrent: item.isCurrent))
        case .more(let count, let installed):
            return Label(text: "+\(count) " + (installed ? "installed" : "more"), role: .note)
        case .chain(let nodes): return Label(text: "(\(nodes.count))", role: .waiting, isBare: true)
        }
    }

    /// What is written beside a name, the longest first: how far a current package is, and how many wait for it. How many
    /// wait is said of what a current one needs, too, while that waits itself.
    private func notes(_ node: Int, isCurrent: Bool) -> [Label.Note] {
        let counts = isCurrent || (graph.nodes[node].state == .waiting && finder.isNeeded(node))
        let count = counts ? finder.waiting(for: [node]) : 0
        let unblocks = count > 0 ? ["unblocks \(count)"] : []
        let progress = isCurrent ? progressNotes(node) : []
        return progress.flatMap { note in
            unblocks.map { Label.Note(text: note + ", " + $0, showsProgress: true) }
                + [Label.Note(text: note, showsProgress: true)]
        } + unblocks.map { Label.Note(text: $0, showsProgress: false) }
    }

    /// `3 of 9  compile 1:24 of ~3:10`, the longest first.
    func progressNotes(_ node: Int) -> [String] {
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
