/// The layer of each item, from 0.
func assignLayers(_ part: Neighbourhood, _ arrows: [Arrow]) -> [Int] {
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
func splitWideLayers(
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
            // Half of the last one may be over the target: rows of nearly the same width.
            if kept > 0, used > min(available - 2, target + widths[members[index]] / 2) { break }
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

/// Layers for items of which some have one already: these keep it, and only go down where a dependency needs it.
///
/// The others take what is left: as low as those they lead to allow, else right below what they need.
func pinnedLayers(_ part: Neighbourhood, _ arrows: [Arrow], fresh: [Int], pins: [Int?]) -> [Int] {
    let count = part.items.count
    var above = [[Int]](repeating: [], count: count)
    var below = [[Int]](repeating: [], count: count)
    for arrow in arrows {
        above[arrow.lower].append(arrow.upper)
        below[arrow.upper].append(arrow.lower)
    }
    // In the order of fresh layers every upper end comes before its lower end.
    let order = part.items.indices.sorted { (fresh[$0], $0) < (fresh[$1], $1) }
    var highest = pins
    for item in order.reversed() where highest[item] == nil {
        highest[item] = below[item].compactMap { highest[$0] }.min().map { $0 - 1 }
    }
    // An item without any tie to a pinned one stands as far from them as in a fresh picture.
    let offset = part.items.indices.compactMap { item in pins[item].map { $0 - fresh[item] } }.min() ?? 0
    var layer = [Int?](repeating: nil, count: count)
    for item in order {
        let least = above[item].compactMap { layer[$0] }.max().map { $0 + 1 }
        if let wanted = highest[item] {
            layer[item] = max(wanted, least ?? wanted)
        } else {
            layer[item] = least ?? fresh[item] + offset
        }
    }
    return layer.map { $0 ?? 0 }
}
