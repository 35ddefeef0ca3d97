extension LayeredGraph {
    /// Moves slots that were not in the last picture out of gaps that are too narrow for them, to where the fewest lines
    /// cross among the gaps that are wide enough.
    ///
    /// - Parameters:
    ///   - lefts: the left edge that a slot had in the last picture.
    ///   - gap: columns between two slots.
    /// - Returns: whether any was moved.
    public mutating func makeRoom(lefts: [Int?], gap: Int) -> Bool {
        let (_, below) = neighbours()
        var hasMoved = false
        for layer in layers.indices {
            var tries = layers[layer].count
            while tries > 0, let slot = overfull(layers[layer], lefts, gap) {
                tries -= 1
                let rest = layers[layer].filter { $0 != slot }
                var best: (crossings: Int, layer: [Int])?
                for place in 0...rest.count {
                    let order = Array(rest[..<place]) + [slot] + Array(rest[place...])
                    guard hasRoom(order, place, lefts, gap) else { continue }
                    layers[layer] = order
                    let count = crossings(below)
                    if best.map({ count < $0.crossings }) ?? true { best = (count, order) }
                }
                layers[layer] = best?.layer ?? rest + [slot]
                hasMoved = true
            }
        }
        return hasMoved
    }

    /// A new slot in a gap that is too narrow; of several the last one.
    private func overfull(_ layer: [Int], _ lefts: [Int?], _ gap: Int) -> Int? {
        layer.indices.last { lefts[layer[$0]] == nil && !hasRoom(layer, $0, lefts, gap) }.map { layer[$0] }
    }

    /// Whether the new slots around this place fit between the two pinned ones beside them; beyond the outermost one
    /// there is room.
    private func hasRoom(_ layer: [Int], _ place: Int, _ lefts: [Int?], _ gap: Int) -> Bool {
        guard let before = layer[..<place].lastIndex(where: { lefts[$0] != nil }),
            let after = layer[place...].firstIndex(where: { lefts[$0] != nil }),
            let start = lefts[layer[before]], let end = lefts[layer[after]]
        else { return true }
        let needed = layer[(before + 1)..<after].reduce(gap) { $0 + slots[$1].width + gap }
        return start + slots[layer[before]].width + needed <= end
    }
}
