import DependencyGraph

/// Where lines meet boxes and labels.
extension Picture {
    /// Gives every end of a net on one side its column; an end without room stays away, which refuses the picture.
    func setPorts(_ nets: inout [PortNet], upperSide: Bool) {
        var users: [Int: [Int]] = [:]
        for (index, net) in nets.enumerated() {
            for slot in upperSide ? net.uppers : net.lowers.map(\.slot) { users[slot, default: []].append(index) }
        }
        var taken = Set(upperSide ? [] : nets.flatMap(\.above))
        for (slot, indices) in users.sorted(by: { columns[$0.key] < columns[$1.key] }) {
            let centre = columns[slot]
            func middle(_ net: Int) -> Int {
                let ends = upperSide ? nets[net].lowers.map { columns[$0.slot] } : nets[net].above
                return ends.reduce(0, +) * 2 / max(1, ends.count)
            }
            let ordered = indices.sorted { (middle($0), $0) < (middle($1), $1) }
            let isPassage = graph.slots[slot].item == nil
            let inner = (left(slot) + 1)...max(left(slot) + 1, left(slot) + graph.slots[slot].width - 2)
            let step = min(4, max(2, inner.count / max(1, ordered.count)))
            var next = isPassage ? centre : inner.lowerBound
            for (rank, net) in ordered.enumerated() {
                var port = centre + (2 * rank - ordered.count + 1) * step / 2
                if !isPassage {
                    if !upperSide { port = straightened(nets[net], slot, port, inner, alone: ordered.count == 1) }
                    port = min(max(port, next), inner.upperBound - 2 * (ordered.count - 1 - rank))
                    // A column that another net uses above would lie on this one.
                    let own = upperSide ? [] : nets[net].above
                    let room = [0, 1, -1, 2, -2, 3, -3].lazy.map { [port] in port + $0 }
                    port =
                        room.first {
                            inner.contains($0) && $0 >= next && (!taken.contains($0) || own.contains($0))
                        } ?? port
                    guard inner.contains(port), port >= next else { continue }
                }
                next = port + 2
                if upperSide {
                    nets[net].above.append(port)
                } else {
                    nets[net].below.append(port)
                    taken.insert(port)
                }
            }
        }
        for index in nets.indices {
            let missing =
                upperSide
                ? nets[index].uppers.count - nets[index].above.count
                : nets[index].lowers.count - nets[index].below.count
            if missing != 0 { if upperSide { nets[index].above = [] } else { nets[index].below = [] } }
        }
    }

    /// Moves a port under the only column above it, when that makes the line straight.
    private func straightened(
        _ net: PortNet, _ slot: Int, _ port: Int, _ inner: ClosedRange<Int>, alone: Bool
    ) -> Int {
        guard net.lowers.count == 1 || net.above.count == 1 else { return port }
        let near = net.above.filter { inner.contains($0) }.min { abs($0 - port) < abs($1 - port) }
        guard let near else { return port }
        if net.above.count == 1, net.lowers.count == 1 { return near }
        // A wide item can take its line a little off the middle without looking crooked.
        return alone && abs(near - port) <= max(1, min(3, inner.count / 5)) ? near : port
    }
}
