import DependencyGraph
import TerminalDrawing

/// Makes one frame: chooses the part of the graph and the way to draw it.
struct Composer {
    private let request: FrameRequest
    private let subject: Subject
    private var finder: NeighbourhoodFinder { subject.finder }

    init(_ request: FrameRequest, isLive: Bool) {
        self.request = request
        subject = Subject(request, isLive: isLive)
    }

    func frame() -> Frame {
        guard !subject.current.isEmpty else { return Frame(form: .nothing, memory: request.previous ?? FrameMemory()) }
        var size = request.size
        let hasTitle = size.height > 1 && request.title != ""
        if hasTitle { size.height -= 1 }
        var frame = content(size)
        if hasTitle {
            let title =
                request.title.map { DisplayWidth.printable($0, ascii: subject.isASCII) }
                ?? titleLine(subject, width: size.width, showsProgress: !frame.showsProgress)
            frame.addTitle(DisplayWidth.clipped(title, to: size.width))
        }
        return frame
    }

    /// Boxes or labels, else lanes, else a few of either, else words.
    private func content(_ size: PictureSize) -> Frame {
        let last = request.previous ?? FrameMemory()
        var kept = last
        func picture(_ ranks: ClosedRange<Int>) -> Frame? {
            guard let fresh = fresh(size, ranks) ?? anew(size, ranks) else { return nil }
            guard last.writing != nil, last.moved(fresh, subject.graph).count > FrameMemory.mostMoves else {
                return Frame(fresh, subject)
            }
            if let steady = steady(size, last, fresh) { return Frame(steady, subject) }
            // No box moves when a frame has none, and the next one may have them anywhere.
            kept = FrameMemory()
            return nil
        }
        return picture(0...Ladder.lastBeforeLanes) ?? lanes(size, kept)
            ?? picture((Ladder.lastBeforeLanes + 1)...(Ladder.alone - 1)) ?? summary(size, kept)
    }

    // MARK: - Boxes and labels

    /// The same without what the last frame had: that may be just what does not fit.
    private func anew(_ size: PictureSize, _ ranks: ClosedRange<Int>) -> Composition? {
        guard request.previous != nil else { return nil }
        var request = request
        request.previous = nil
        return Composer(request, isLive: subject.isLive).fresh(size, ranks)
    }

    /// The largest part of the graph that fits, drawn as if there had been no frame before.
    private func fresh(_ size: PictureSize, _ ranks: ClosedRange<Int>) -> Composition? {
        // A current box with one neighbour above or below does not fit into less.
        guard size.height >= 3 else { return nil }
        let direct = finder.directCounts
        let most = max(direct.dependencies, direct.dependents)
        var failures = 0
        var last: Neighbourhood?
        for rank in ranks {
            let budget = Ladder.budgets[rank]
            if budget.near > 6, most > budget.near { continue }
            // What is hard to fit is not worth the time: the hook holds a lock.
            if failures > 12, budget.near > 3 { continue }
            let part = finder.neighbourhood(budget)
            if part == last { continue }
            last = part
            var plan = Plan(subject, part, rank: rank)
            if let found = plan.fresh(size) { return found }
            failures += plan.failures
        }
        return nil
    }

    /// Drawn so that at most two packages of the last frame move; nil when that is not possible.
    private func steady(_ size: PictureSize, _ memory: FrameMemory, _ fresh: Composition) -> Composition? {
        // Stability wins over one more crossing.
        let crossings = fresh.drawing.crossings + 1
        for rank in 0..<Ladder.alone {
            if case .steady(let found) = steady(size, memory, rank: rank, hidden: [], crossings: crossings) {
                return found
            }
        }
        // What would move is left out, and counted so, until the next frame.
        for (rank, isLast) in [(2, false), (5, false), (7, true), (9, true)] {
            let most = isLast ? Int.max : crossings
            if let found = steady(size, memory, rank: rank, without: [], crossings: most, isLast: isLast) {
                return found
            }
        }
        return replaced(size, memory)
            // The current packages alone, for this frame.
            ?? steady(size, memory, rank: Ladder.alone, without: [], crossings: Int.max, isLast: true)
    }

    /// Drawn anew, without those packages of the last frame that would not be where they were: with several jobs the
    /// next package may need lines where others stand. They are counted as left out.
    private func replaced(_ size: PictureSize, _ memory: FrameMemory) -> Composition? {
        let nodes = subject.graph.nodes
        let known = Set(nodes.indices.filter { memory.places[.init(nodes[$0])] != nil }).subtracting(subject.current)
        for rank in [2, 5, 7, 9] {
            if let found = steady(size, memory, rank: rank, without: known, crossings: Int.max, isLast: true) {
                return found
            }
        }
        for rank in [2, 5, 7, 9] {
            var hidden: Set<Int> = []
            for attempt in 0..<5 {
                var plan = Plan(subject, finder.neighbourhood(Ladder.budgets[rank], hidden: hidden), rank: rank)
                guard let found = plan.fresh(size) else {
                    // What needs fewer lines may fit.
                    hidden.formUnion(known)
                    continue
                }
                let moved = Set(memory.moved(found, subject.graph))
                if moved.count <= FrameMemory.mostMoves { return found }
                let movers = known.intersection(plan.part.packages).filter { moved.contains(.init(nodes[$0])) }
                hidden.formUnion(movers.isEmpty || attempt == 3 ? known : movers)
            }
        }
        return nil
    }

    /// Drawn without these, and without as many more as it takes to be steady.
    private func steady(
        _ size: PictureSize, _ memory: FrameMemory, rank: Int, without first: Set<Int>, crossings: Int, isLast: Bool
    ) -> Composition? {
        var hidden = first
        for _ in 0..<12 {
            switch steady(size, memory, rank: rank, hidden: hidden, crossings: crossings, isLast: isLast) {
            case .steady(let found): return found
            case .hide(let nodes):
                if nodes.isEmpty { return nil }
                hidden.formUnion(nodes)
            }
        }
        return nil
    }

    private enum Steady {
        case steady(Composition)
        /// It would be steady, or fit, without these.
        case hide([Int])
    }

    private func steady(
        _ size: PictureSize, _ memory: FrameMemory, rank: Int, hidden: Set<Int>, crossings: Int, isLast: Bool = false
    ) -> Steady {
        let part = finder.neighbourhood(Ladder.budgets[rank], hidden: hidden)
        var plan = Plan(subject, part, rank: rank)
        guard var writing = memory.writing else { return .hide([]) }
        var attempt = plan.compose(writing, size, crossings: crossings, memory: memory)
        if isLast, case .failure = attempt {
            writing = Writing(boxStyle: .plainLabels, nameStyle: NameStyle.all[3])
            attempt = plan.compose(writing, size, crossings: crossings, memory: memory)
        }
        let others = part.packages.filter { !subject.current.contains($0) }
        guard case .success(let found) = attempt else { return .hide(Array(others.suffix(1))) }
        let moved = Set(memory.moved(found, subject.graph))
        if moved.count <= FrameMemory.mostMoves { return .steady(found) }
        let movers = others.filter { moved.contains(.init(subject.graph.nodes[$0])) }
        // Where only current packages move, something new pushes them.
        return .hide(movers.isEmpty ? Array(others.suffix(1)) : movers)
    }

    // MARK: - Less than boxes

    /// - Parameter memory: what the next frame is to know.
    private func lanes(_ size: PictureSize, _ memory: FrameMemory) -> Frame? {
        guard size.height >= 4 else { return nil }
        for budget in Ladder.laneBudgets {
            let part = finder.neighbourhood(budget)
            guard part.items.count <= size.height, let lanes = Lanes(part) else { continue }
            let names = Names(subject.graph, nodes: part.packages, current: subject.current, ascii: subject.isASCII)
            if let rows = lanes.rows(subject, names, size) {
                return Frame(
                    form: .lanes, rows: rows, nodes: part.packages, edges: Frame.edges(part), memory: memory)
            }
        }
        return nil
    }

    private func summary(_ size: PictureSize, _ memory: FrameMemory) -> Frame {
        let lines = summaryLines(subject.graph, subject.current, finder, size, ascii: subject.isASCII)
        let role = PictureRole.plain.rawValue
        return Frame(
            form: lines.isEmpty ? .nothing : .summary, rows: lines.map { [TextRun($0, role)] }, nodes: subject.current,
            memory: memory)
    }
}

extension FrameMemory {
    /// How many packages may move between two frames.
    static let mostMoves = 2
}

extension Frame {
    /// A frame of a picture.
    init(_ composition: Composition, _ subject: Subject) {
        self.init(
            form: composition.writing.boxStyle == .boxes ? .boxes : .labels,
            rows: composition.drawing.sketch.canvas(subject.glyphs).rows, nodes: composition.part.packages,
            edges: Frame.edges(composition.part), memory: FrameMemory(composition, subject.graph))
        sketch = composition.drawing.sketch
        let notes = subject.current.compactMap { subject.progressNotes($0).last }
        showsProgress = notes.isEmpty || sketch?.showsProgress == true
    }

    mutating func addTitle(_ title: String) {
        rows.insert(title.isEmpty ? [] : [TextRun(title, PictureRole.title.rawValue)], at: 0)
        self.title = title
    }

    /// The edges between packages of a part; those to and from chains and rests are not of two packages.
    static func edges(_ part: Neighbourhood) -> [Edge] {
        part.edges.compactMap { edge in
            guard case .package(let from) = part.items[edge.dependent].content,
                case .package(let to) = part.items[edge.dependency].content
            else { return nil }
            return Edge(from: from, to: to, kind: EdgeKind(edge.kinds, maybe: edge.maybe))
        }
    }
}
