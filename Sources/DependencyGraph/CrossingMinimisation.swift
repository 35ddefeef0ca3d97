extension LayeredGraph {
    /// Whether slots and lines are the same as those of `other`, widths and order aside.
    public func hasSameLines(as other: LayeredGraph) -> Bool {
        links == other.links && slots.count == other.slots.count
            && zip(slots, other.slots).allSatisfy { $0.layer == $1.layer && $0.item == $1.item }
    }

    /// Takes over the order of slots from a graph with the same lines.
    public mutating func takeOrder(from other: LayeredGraph) { layers = other.layers }

    /// Orders the slots of every layer so that few lines cross.
    ///
    /// Layers are swept down and up. One layer against a fixed one is solved exactly up to eight slots (dynamic
    /// programming over subsets of the crossing matrix); wider ones by median and adjacent swaps. The best order of
    /// all sweeps is kept. A graph of two layers, one of at most eight slots, is then solved exactly for both.
    /// - Parameter places: where a slot was in the last picture; slots that were there keep their order.
    /// - Returns: the number of crossings left.
    @discardableResult
    public mutating func minimiseCrossings(places: [Int?] = []) -> Int {
        let (above, below) = neighbours()
        if !places.isEmpty {
            for layer in layers.indices {
                layers[layer].sort { (places[$0] ?? Int.max, $0) < (places[$1] ?? Int.max, $1) }
            }
        }
        var best = layers
        var bestCrossings = places.isEmpty ? crossings(below) : Int.max
        var stale = 0
        for sweep in 0..<10 where bestCrossings > 0 && stale < 4 {
            let isDown = sweep % 2 == 0
            for layer in isDown ? Array(layers.indices.dropFirst()) : layers.indices.dropLast().reversed() {
                let fixed = layers[isDown ? layer - 1 : layer + 1]
                var position = [Int](repeating: 0, count: slots.count)
                for (index, slot) in fixed.enumerated() { position[slot] = index }
                let ends = layers[layer].map { slot in
                    (isDown ? above[slot] : below[slot]).map { position[$0] }.sorted()
                }
                let order = orderWithFewCrossings(ends, places: places.isEmpty ? [] : layers[layer].map { places[$0] })
                layers[layer] = order.map { layers[layer][$0] }
            }
            let now = crossings(below)
            if now < bestCrossings { (best, bestCrossings, stale) = (layers, now, 0) } else { stale += 1 }
        }
        layers = best
        if layers.count < 2 { return 0 }
        if layers.count == 2, places.isEmpty, bestCrossings > 0 {
            bestCrossings = solveTwoLayers(above, below, atMost: bestCrossings)
        }
        return bestCrossings
    }

    /// Finds the best orders of two layers when they are not too large.
    private mutating func solveTwoLayers(_ above: [[Int]], _ below: [[Int]], atMost known: Int) -> Int {
        let isUpperSmall = layers[0].count <= layers[1].count
        let (small, large) = isUpperSmall ? (layers[0], layers[1]) : (layers[1], layers[0])
        var position: [Int: Int] = [:]
        for (index, slot) in small.enumerated() { position[slot] = index }
        let ends = large.map { slot in (isUpperSmall ? above[slot] : below[slot]).compactMap { position[$0] } }
        guard let found = fewestCrossings(small: small.count, ends: ends, below: known) else { return known }
        let orders = [found.small.map { small[$0] }, found.large.map { large[$0] }]
        layers = isUpperSmall ? orders : orders.reversed()
        return found.crossings
    }

    /// The slots above and below each slot.
    func neighbours() -> (above: [[Int]], below: [[Int]]) {
        var above = [[Int]](repeating: [], count: slots.count)
        var below = above
        for link in links {
            above[link.lower].append(link.upper)
            below[link.upper].append(link.lower)
        }
        return (above, below)
    }

    /// How many lines cross in the present order.
    func crossings(_ below: [[Int]]) -> Int {
        var position = [Int](repeating: 0, count: slots.count)
        for layer in layers { for (index, slot) in layer.enumerated() { position[slot] = index } }
        var total = 0
        for layer in layers.dropLast() {
            var earlier: [Int] = []
            for slot in layer {
                let ends = below[slot].map { position[$0] }
                for end in ends { total += earlier.count { $0 > end } }
                earlier += ends
            }
        }
        return total
    }
}

/// An order of the given slots, each with the positions of its ends in the fixed layer, with few crossings.
func orderWithFewCrossings(_ ends: [[Int]], places: [Int?]) -> [Int] {
    let count = ends.count
    guard count > 1 else { return Array(0..<count) }
    var matrix = [Int](repeating: 0, count: count * count)
    for left in 0..<count {
        for right in 0..<count where left != right {
            var crossings = 0
            for end in ends[left] { crossings += ends[right].count { $0 < end } }
            // What was there before never changes sides.
            if !places.isEmpty, let one = places[left], let other = places[right], one > other { crossings += 1 << 20 }
            matrix[left * count + right] = crossings
        }
    }
    // Sorted by the mean of the ends, each pair is most often at its best, and no order can be better.
    let means = ends.enumerated().map { index, ends in
        ends.isEmpty ? Double(index) : Double(ends.reduce(0, +)) / Double(ends.count)
    }
    let sorted = (0..<count).sorted { (means[$0], $0) < (means[$1], $1) }
    let isBest = sorted.indices.allSatisfy { first in
        sorted[(first + 1)...].allSatisfy {
            matrix[sorted[first] * count + $0] <= matrix[$0 * count + sorted[first]]
        }
    }
    if isBest { return sorted }
    if count <= 8, let order = cheapestOrder(count: count, cost: { matrix[$0 * count + $1] }) { return order }
    let medians = ends.map { $0.isEmpty ? nil : $0[$0.count / 2] * 2 - ($0.count % 2 == 0 ? 1 : 0) }
    var order = Array(0..<count)
    let movable = order.filter { medians[$0] != nil }.sorted { (medians[$0] ?? 0, $0) < (medians[$1] ?? 0, $1) }
    var next = movable.makeIterator()
    for index in order.indices where medians[order[index]] != nil { order[index] = next.next() ?? order[index] }
    var improved = true
    while improved {
        improved = false
        for index in 1..<count {
            let (left, right) = (order[index - 1], order[index])
            if matrix[right * count + left] < matrix[left * count + right] {
                order.swapAt(index - 1, index)
                improved = true
            }
        }
    }
    return order
}
