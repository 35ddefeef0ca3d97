import DependencyGraph
import TerminalDrawing

/// Draws an ordered graph in one way of writing.
struct Drafting {
    typealias Draft = Result<Composition, Plan.Refusal>

    let part: Neighbourhood
    let labels: [Label]
    let writing: Writing
    let isFlat: Bool
    let glyphs: GlyphSet
    let size: PictureSize
    /// How many lines may cross.
    let crossings: Int
    let rank: Int

    /// Draws it as if there had been no picture before.
    func draw(_ layered: LayeredGraph) -> Draft {
        guard let columns = layered.columns(available: size.width, gap: 2) else { return .failure(.outOfQuestion) }
        return draw(layered, columns, distances: [])
    }

    /// Draws it so that few packages move: as it is, else with rows that nothing needs any more, else with its new slots
    /// where there is room between the packages that were there.
    /// - Parameter lefts: the left edge that each slot had.
    func draw(_ layered: LayeredGraph, lefts: [Int?], near memory: FrameMemory, _ graph: PackageGraph) -> Draft {
        func isSteady(_ draft: Draft) -> Bool {
            guard case .success(let composition) = draft else { return false }
            return memory.moved(composition, graph).count <= FrameMemory.mostMoves
        }
        let distances = layered.layers.indices.map { memory.rows(from: $0 + layered.top) ?? 0 }
        func steadied(_ layered: LayeredGraph) -> (first: Draft, steady: Draft?) {
            guard let columns = layered.columns(available: size.width, gap: 2, lefts: lefts) else {
                return (.failure(.outOfQuestion), nil)
            }
            let first = draw(layered, columns, distances: [])
            if isSteady(first) { return (first, first) }
            // More rows make nothing fit.
            guard case .success = first else { return (first, nil) }
            // All of the rows, or all but one: then everything below that one moves by as much.
            for dropped in [nil] + distances.indices.map({ $0 }) {
                var kept = distances
                if let dropped { kept[dropped] = 0 }
                let draft = draw(layered, columns, distances: kept)
                if isSteady(draft) { return (first, draft) }
            }
            return (first, nil)
        }
        let (first, steady) = steadied(layered)
        if let steady { return steady }
        var roomy = layered
        guard roomy.makeRoom(lefts: lefts, gap: 2) else { return first }
        return steadied(roomy).steady ?? first
    }

    private func draw(_ layered: LayeredGraph, _ columns: [Int], distances: [Int]) -> Draft {
        let picture = Picture(
            graph: layered, columns: columns, labels: labels, boxStyle: writing.boxStyle, isFlat: isFlat,
            glyphs: glyphs, distances: distances)
        switch picture.draw(width: size.width, height: size.height, crossings: crossings) {
        case .drawn(let drawing):
            return .success(
                Composition(
                    drawing: drawing, part: part, layered: layered, columns: columns, writing: writing, rank: rank))
        case .tooLarge: return .failure(.tooLarge)
        case .tangled: return .failure(.tangled)
        }
    }
}
