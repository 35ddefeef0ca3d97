extension LayeredGraph {
    /// The column of every slot's centre, within `available` columns; nil when a layer is wider than that.
    ///
    /// Every slot wants to be in the middle of its neighbours, a passage above all under the next piece of its line.
    /// One layer is solved exactly for fixed neighbours (isotonic regression by pooling adjacent violators: Barlow and
    /// others 1972); layers are relaxed in sweeps until they rest.
    /// - Parameter lefts: the left edge that a slot had in the last picture; it stays there when the order allows it.
    public func columns(available: Int, gap: Int, lefts: [Int?] = []) -> [Int]? {
        guard layers.indices.allSatisfy({ width(of: $0, gap: gap) <= available }) else { return nil }
        guard lefts.contains(where: { $0 != nil }) else { return relaxed(available: available, gap: gap, lefts: []) }
        // With room on both sides first; then all of it is moved to where it fits, if it does.
        let margin = available
        let pinned = lefts.map { left in left.map { $0 + margin } }
        guard let columns = relaxed(available: 3 * margin, gap: gap, lefts: pinned) else { return nil }
        let starts = slots.indices.map { columns[$0] - (slots[$0].width - 1) / 2 }
        let least = starts.min() ?? 0
        let greatest = slots.indices.map { starts[$0] + slots[$0].width }.max() ?? 0
        guard greatest - least <= available else { return nil }
        let shift = least < margin ? least : greatest > margin + available ? greatest - available : margin
        return columns.map { $0 - shift }
    }

    private func relaxed(available: Int, gap: Int, lefts: [Int?]) -> [Int]? {
        let (above, below) = neighbours()
        var x = [Double](repeating: 0, count: slots.count)
        for layer in layers {
            // Beside a picture that is pinned somewhere in the middle, start in the middle.
            var left = lefts.isEmpty ? 0 : available / 3
            for slot in layer {
                x[slot] = Double(left) + Double(slots[slot].width - 1) / 2
                left += slots[slot].width + gap
            }
        }
        let both = slots.indices.map { above[$0] + below[$0] }
        let rows = layers.map { Row($0, slots, gap: gap, available: available) }
        var wants: [(target: Double, weight: Double)] = []
        for sweep in 0..<12 {
            let isDown = sweep % 2 == 0
            // First every layer follows the one before it, then all neighbours count.
            let oneSided = sweep < 4
            for step in layers.indices {
                let layer = isDown ? step : layers.count - 1 - step
                wants.removeAll(keepingCapacity: true)
                for slot in layers[layer] {
                    let from = isDown ? above[slot] : below[slot]
                    if !lefts.isEmpty, let left = lefts[slot] {
                        wants.append((Double(left) + Double(slots[slot].width - 1) / 2, 100_000))
                    } else {
                        wants.append(want(slot, oneSided && !from.isEmpty ? from : both[slot], x))
                    }
                }
                rows[layer].place(wants, in: &x)
            }
        }
        return rounded(x, gap: gap, available: available)
    }

    private func want(_ slot: Int, _ ends: [Int], _ x: [Double]) -> (target: Double, weight: Double) {
        var (sum, weight) = (0.0, 0.0)
        for end in ends {
            let isLine = slots[slot].item == nil && slots[end].item == nil
            let one = isLine ? 8.0 : slots[slot].item == nil || slots[end].item == nil ? 2.0 : 1.0
            sum += x[end] * one
            weight += one
        }
        return weight == 0 ? (x[slot], 0.01) : (sum / weight, weight)
    }

    /// Whole columns: left edges are rounded from left to right and pushed apart where rounding made them touch.
    private func rounded(_ x: [Double], gap: Int, available: Int) -> [Int] {
        var columns = [Int](repeating: 0, count: slots.count)
        for layer in layers {
            var lowest = 0
            var room = width(of: layer.first.map { slots[$0].layer } ?? 0, gap: gap)
            for slot in layer {
                let half = (slots[slot].width - 1) / 2
                // No column is negative, so adding a half rounds.
                let left = Int(x[slot] - Double(slots[slot].width - 1) / 2 + 0.5)
                let start = min(max(left, lowest), available - room)
                columns[slot] = start + half
                lowest = start + slots[slot].width + gap
                room -= slots[slot].width + gap
            }
        }
        return columns
    }
}

/// The slots of a layer as far left as they can be, and how far they may go to the right.
private struct Row {
    let members: [Int]
    /// The middle of each.
    let offsets: [Double]
    let slack: Double

    init(_ members: [Int], _ slots: [LayeredGraph.Slot], gap: Int, available: Int) {
        var offsets: [Double] = []
        var left = 0.0
        for slot in members {
            offsets.append(left + Double(slots[slot].width - 1) / 2)
            left += Double(slots[slot].width + gap)
        }
        (self.members, self.offsets) = (members, offsets)
        slack = max(0, Double(available) - (left - Double(gap)))
    }

    /// Places them as near to what they want as their widths allow.
    func place(_ wants: [(target: Double, weight: Double)], in x: inout [Double]) {
        var blocks: [(sum: Double, weight: Double, count: Int)] = []
        blocks.reserveCapacity(wants.count)
        for (index, want) in wants.enumerated() {
            var block = (sum: (want.target - offsets[index]) * want.weight, weight: want.weight, count: 1)
            while let before = blocks.last, before.sum / before.weight > block.sum / block.weight {
                block = (before.sum + block.sum, before.weight + block.weight, before.count + block.count)
                blocks.removeLast()
            }
            blocks.append(block)
        }
        var index = 0
        for block in blocks {
            let shift = min(max(block.sum / block.weight, 0), slack)
            for _ in 0..<block.count {
                x[members[index]] = offsets[index] + shift
                index += 1
            }
        }
    }
}
