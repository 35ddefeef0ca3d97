/// A neighbourhood in layers, dependencies above: every link joins two layers that are next to each other.
///
/// A dependency that spans several layers goes through passages. Slots of one layer that lead to the same items share
/// one passage, so that a wide fan is one line with branches; what is shared is always "all of these to all of those".
public struct LayeredGraph: Sendable {
    /// How a line is drawn.
    public struct LineClass: Sendable, Hashable, Comparable {
        /// The merge need not wait for it: PDEPEND or an alternative.
        public var isSoft: Bool
        /// It runs upwards: the lower end is the dependency.
        public var isReversed: Bool

        /// Any order that is always the same.
        public static func < (left: LineClass, right: LineClass) -> Bool { left.key < right.key }
        private var key: Int { (isSoft ? 1 : 0) + (isReversed ? 2 : 0) }
    }

    /// A place in a layer: an item, or the passage of a line.
    public struct Slot: Sendable, Hashable {
        /// The index of the item; nil for a passage.
        public var item: Int?
        /// The layer, 0 on top.
        public var layer: Int
        /// Columns that it takes.
        public var width: Int
    }

    /// A line between slots of two layers that are next to each other.
    public struct Link: Sendable, Hashable {
        /// The slot in the upper layer.
        public var upper: Int
        /// The slot in the lower layer.
        public var lower: Int
        /// How it is drawn.
        public var lineClass: LineClass
    }

    /// All slots.
    public internal(set) var slots: [Slot]
    /// All links.
    public internal(set) var links: [Link]
    /// The slots of each layer from left to right.
    public internal(set) var layers: [[Int]]

    /// Puts the items in layers: what a current package needs above it, as near as it can be, all others below.
    ///
    /// - Parameters:
    ///   - widths: the columns that each item takes.
    ///   - available: the columns there are; a layer that is wider is split.
    ///   - gap: columns between two slots.
    public init(_ part: Neighbourhood, widths: [Int], available: Int, gap: Int) {
        let reversed = edgesToReverse(part)
        let arrows = part.edges.enumerated().map { index, edge in
            Arrow(
                upper: reversed[index] ? edge.dependent : edge.dependency,
                lower: reversed[index] ? edge.dependency : edge.dependent,
                lineClass: LineClass(isSoft: edge.maybe || edge.kinds.strength <= 1, isReversed: reversed[index]))
        }
        var layerOf = assignLayers(part, arrows)
        splitWideLayers(&layerOf, part, arrows, widths: widths, available: available, gap: gap)
        slots = part.items.indices.map { Slot(item: $0, layer: layerOf[$0], width: widths[$0]) }
        links = []
        layers = Array(repeating: [], count: (layerOf.max() ?? -1) + 1)
        for slot in slots.indices { layers[slots[slot].layer].append(slot) }
        addPassages(arrows, layerOf)
    }

    /// Columns that a layer needs at least.
    public func width(of layer: Int, gap: Int) -> Int {
        layers[layer].reduce(gap * max(0, layers[layer].count - 1)) { $0 + slots[$1].width }
    }

    private struct Passage: Hashable {
        var lineClass: LineClass
        var targets: [Int]
    }

    private mutating func addPassages(_ arrows: [Arrow], _ layerOf: [Int]) {
        // What each slot still has to reach, by class of line.
        var pending = [[LineClass: [Int]]](repeating: [:], count: slots.count)
        for arrow in arrows { pending[arrow.upper][arrow.lineClass, default: []].append(arrow.lower) }
        for layer in layers.indices.dropLast() {
            var passages: [Passage: Int] = [:]
            for slot in layers[layer] {
                for (lineClass, targets) in pending[slot].sorted(by: { $0.key < $1.key }) {
                    for target in targets where layerOf[target] == layer + 1 {
                        links.append(Link(upper: slot, lower: target, lineClass: lineClass))
                    }
                    let far = targets.filter { layerOf[$0] > layer + 1 }.sorted()
                    guard !far.isEmpty else { continue }
                    let passage = Passage(lineClass: lineClass, targets: targets.sorted())
                    let through = passages[passage] ?? slots.count
                    if through == slots.count {
                        passages[passage] = through
                        slots.append(Slot(item: nil, layer: layer + 1, width: 1))
                        layers[layer + 1].append(through)
                        pending.append([lineClass: far])
                    }
                    links.append(Link(upper: slot, lower: through, lineClass: lineClass))
                }
            }
        }
    }
}

/// An edge after cycles were broken: it goes down.
struct Arrow {
    var upper: Int
    var lower: Int
    var lineClass: LayeredGraph.LineClass
}

/// The layer of each item, from 0.
private func assignLayers(_ part: Neighbourhood, _ arrows: [Arrow]) -> [Int] {
    let count = part.items.count
    var above = [[Int]](repeating: [], count: count)
    var below = [[Int]](repeating: [], count: count)
    for arrow in arrows {
        above[arrow.lower].append(arrow.upper)
        below[arrow.upper].append(arrow.lower)
    }
    var waiting = above.map(\.count)
    var order = part.items.indices.filter { waiting[$0] == 0 }
    var next = 0
    while next < order.count {
        for lower in below[order[next]] {
            waiting[lower] -= 1
            if waiting[lower] == 0 { order.append(lower) }
        }
        next += 1
    }
    // Items that lead to a current one hang from it, as low as they can.
    var layer = [Int?](repeating: nil, count: count)
    for item in order.reversed() {
        let lowest = below[item].compactMap { layer[$0] }.min()
        if let lowest { layer[item] = lowest - 1 } else if part.items[item].isCurrent { layer[item] = 0 }
    }
    for item in order where layer[item] == nil {
        layer[item] = above[item].compactMap { layer[$0] }.max().map { $0 + 1 } ?? 0
    }
    let top = layer.compactMap { $0 }.min() ?? 0
    return layer.map { ($0 ?? 0) - top }
}

/// Splits layers that are too wide: above the current packages upwards, below them downwards.
private func splitWideLayers(
    _ layerOf: inout [Int], _ part: Neighbourhood, _ arrows: [Arrow], widths: [Int], available: Int, gap: Int
) {
    var layer = 0
    while layer <= (layerOf.max() ?? -1), layer < 64 {
        let members = layerOf.indices.filter { layerOf[$0] == layer }
        let width = members.reduce(-gap) { $0 + widths[$1] + gap }
        guard width > available, members.count > 1 else {
            layer += 1
            continue
        }
        let isAbove =
            !members.contains { part.items[$0].isCurrent }
            && part.items.indices.contains { part.items[$0].isCurrent && layerOf[$0] > layer }
        // Those that end here stay next to the current packages: nothing has to pass them on its way out.
        let leaves = members.map { member in
            !arrows.contains { isAbove ? $0.lower == member : $0.upper == member }
        }
        let ranked = members.indices.sorted { (leaves[$0] ? 0 : 1, $0) < (leaves[$1] ? 0 : 1, $1) }
        let rows = (width + available) / (available + 1)
        let target = width / max(2, rows) + 1
        var used = -gap
        var kept = 0
        for index in ranked {
            used += widths[members[index]] + gap
            if kept > 0, used > min(available - 2, max(target, widths[members[index]])) { break }
            kept += 1
        }
        let moved = Set(ranked.dropFirst(kept).map { members[$0] })
        guard !moved.isEmpty else {
            layer += 1
            continue
        }
        for item in layerOf.indices {
            if isAbove {
                // Keep the layer's number for those that move up; all others go one down.
                if layerOf[item] > layer || (layerOf[item] == layer && !moved.contains(item)) { layerOf[item] += 1 }
            } else if layerOf[item] > layer || moved.contains(item) {
                layerOf[item] += 1
            }
        }
        if !isAbove { layer += 1 }
    }
}
