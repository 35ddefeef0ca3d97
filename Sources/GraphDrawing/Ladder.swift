import DependencyGraph
import TerminalDrawing

/// What to draw, in this order, until something fits.
enum Ladder {
    /// The parts of the graph to try, the largest first.
    static let budgets: [NeighbourhoodBudget] = [
        NeighbourhoodBudget(distance: 2, near: 12, far: 4, followsChains: true),
        NeighbourhoodBudget(distance: 2, near: 12, far: 4),
        NeighbourhoodBudget(distance: 2, near: 6, far: 4),
        NeighbourhoodBudget(distance: 2, near: 4, far: 3),
        NeighbourhoodBudget(distance: 1, near: 12, far: 0),
        NeighbourhoodBudget(distance: 1, near: 8, far: 0),
        NeighbourhoodBudget(distance: 1, near: 5, far: 0),
        NeighbourhoodBudget(distance: 1, near: 3, far: 0),
        NeighbourhoodBudget(distance: 1, near: 2, far: 0),
        NeighbourhoodBudget(distance: 1, near: 1, far: 0),
        NeighbourhoodBudget(distance: 0, near: 0, far: 0),
    ]

    /// The last one, the current packages alone: only for pictures in which all else would move.
    static let alone = budgets.count - 1
    /// Below this one lanes show more than boxes do.
    static let lastBeforeLanes = 7
    /// What lanes are tried with.
    static let laneBudgets: [NeighbourhoodBudget] = [
        NeighbourhoodBudget(distance: 2, near: 8, far: 4),
        NeighbourhoodBudget(distance: 1, near: 8, far: 0),
        NeighbourhoodBudget(distance: 1, near: 5, far: 0),
        NeighbourhoodBudget(distance: 1, near: 3, far: 0),
        NeighbourhoodBudget(distance: 1, near: 2, far: 0),
        NeighbourhoodBudget(distance: 1, near: 1, far: 0),
    ]
}

/// How the items of a picture are written.
struct Writing: Hashable {
    var boxStyle: BoxStyle
    var nameStyle: NameStyle
}

/// A picture that fits.
struct Composition {
    var drawing: Drawing
    var part: Neighbourhood
    var layered: LayeredGraph
    var columns: [Int]
    var writing: Writing
    /// The budget's place in the ladder.
    var rank: Int
}

/// One part of the graph, and the ways to write it.
struct Plan {
    let part: Neighbourhood
    private let subject: Subject
    private let names: Names
    private let layerHasCurrent: [Bool]
    private let rank: Int
    /// The last graph that was put in order: mostly the next way to draw it has the same lines.
    private var ordered: LayeredGraph?
    /// How many attempts to draw it came as far as its lines.
    private(set) var failures = 0

    init(_ subject: Subject, _ part: Neighbourhood, rank: Int) {
        self.subject = subject
        self.part = part
        self.rank = rank
        names = Names(subject.graph, nodes: part.packages, current: subject.current, ascii: subject.isASCII)
        let layers = LayeredGraph(part, widths: part.items.map { _ in 1 }, available: Int.max / 2, gap: 0)
        layerHasCurrent = layers.layers.map { layer in
            layer.contains { layers.slots[$0].item.map { part.items[$0].isCurrent } ?? false }
        }
    }

    /// The first way to write it that fits; names with their middle left out come after every way to write whole ones.
    mutating func fresh(_ size: PictureSize) -> Composition? {
        let isLast = rank >= Ladder.lastBeforeLanes + 1
        // A tangle says less than a smaller picture.
        let crossings = rank < 4 ? 4 : 99
        for nameStyles in isLast ? [0..<3, 3..<4, 4..<5] : [0..<3, 3..<4] {
            for boxStyle in BoxStyle.allCases where leastHeight(boxStyle) <= size.height {
                for nameStyle in NameStyle.all[nameStyles] {
                    let writing = Writing(boxStyle: boxStyle, nameStyle: nameStyle)
                    switch compose(writing, size, crossings: crossings, memory: nil) {
                    case .success(let found): return found
                    case .failure(.tooLarge): failures += 1
                    case .failure(.tangled):
                        failures += 1
                        return nil
                    case .failure(.outOfQuestion): break
                    }
                }
            }
        }
        return nil
    }

    enum Refusal: Error { case outOfQuestion, tooLarge, tangled }

    /// Lines that a picture takes at least, when no layer has to be split.
    private func leastHeight(_ boxStyle: BoxStyle) -> Int {
        layerHasCurrent.reduce(layerHasCurrent.count - 1) {
            $0 + (boxStyle == .boxes || ($1 && !subject.isLive) ? 3 : 1)
        }
    }

    /// Draws it in one way; with a memory, where the last picture had its packages.
    mutating func compose(
        _ writing: Writing, _ size: PictureSize, crossings: Int, memory: FrameMemory?
    ) -> Result<Composition, Refusal> {
        let labels = part.items.map { subject.label($0, writing.nameStyle, names) }
        let widths = part.items.indices.map { index in
            let isBoxed = writing.boxStyle == .boxes || (labels[index].isCurrent && !subject.isLive)
            return DisplayWidth.columns(of: labels[index].text) + (isBoxed ? 4 : labels[index].isBare ? 0 : 2)
        }
        guard widths.allSatisfy({ $0 <= size.width }) else { return .failure(.outOfQuestion) }
        var places = memory.map { memory in part.items.map { memory.place(of: $0, in: subject.graph) } } ?? []
        if rank == Ladder.alone {
            places = FrameMemory.completed(places, widths: widths, available: size.width, gap: 2)
        }
        var layered = LayeredGraph(
            part, widths: widths, available: size.width, gap: 2, pins: places.map { $0?.layer })
        guard layered.layers.indices.allSatisfy({ layered.width(of: $0, gap: 2) <= size.width }),
            rows(layered, labels, writing) <= size.height
        else { return .failure(.outOfQuestion) }
        let lefts = memory == nil ? [] : layered.slots.map { slot in slot.item.flatMap { places[$0]?.left } }
        if memory != nil {
            layered.minimiseCrossings(places: lefts)
        } else if let ordered, ordered.hasSameLines(as: layered) {
            layered.takeOrder(from: ordered)
        } else {
            layered.minimiseCrossings()
            ordered = layered
        }
        let drafting = Drafting(
            part: part, labels: labels, writing: writing, isFlat: subject.isLive, glyphs: subject.glyphs, size: size,
            crossings: crossings, rank: rank)
        guard let memory else { return drafting.draw(layered) }
        return drafting.draw(layered, lefts: lefts, near: memory, subject.graph)
    }

    /// Lines that a picture takes at least: its layers, and one between each two.
    private func rows(_ layered: LayeredGraph, _ labels: [Label], _ writing: Writing) -> Int {
        layered.layers.reduce(layered.layers.count - 1) { sum, layer in
            let isHigh = layer.contains { slot in
                layered.slots[slot].item.map {
                    writing.boxStyle == .boxes || (labels[$0].isCurrent && !subject.isLive)
                } ?? false
            }
            return sum + (isHigh ? 3 : 1)
        }
    }
}
