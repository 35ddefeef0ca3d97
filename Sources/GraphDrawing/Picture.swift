import DependencyGraph
import TerminalDrawing

/// What became of an attempt to draw.
enum Attempt {
    /// The lines of the picture.
    case drawn([String])
    /// It does not fit.
    case tooLarge
    /// Too many lines cross, however the items are written.
    case tangled
}

/// Which parts of a picture get boxes.
enum BoxStyle: CaseIterable {
    /// Every item is a box of three lines.
    case boxes
    /// Only current packages are; the others are `[names]`, with arrows.
    case labels
    /// As labels, and no arrow where the direction is plain: all lines lead down.
    case plainLabels
}

/// A layered graph with a label for every slot, ready to be drawn into a given width.
struct Picture {
    let graph: LayeredGraph
    let columns: [Int]
    let labels: [String]
    let isCurrent: [Bool]
    let boxStyle: BoxStyle
    let glyphs: GlyphSet

    private struct Wire {
        var nets: [PortNet]
        var channel: Channel
        /// Rows above the first track.
        var firstTrack: Int
        /// Whether labels get arrows.
        var hasArrows: Bool
        var height: Int
    }

    /// A net with the slots that its ends belong to.
    private struct PortNet {
        var lineClass: LayeredGraph.LineClass
        var uppers: [Int]
        var lowers: [Int]
        var above: [Int] = []
        var below: [Int] = []
    }

    /// Draws the picture, if it is not higher than `height`, no more lines cross than `crossings`, and all of them can
    /// be told apart.
    func draw(width: Int, height: Int, crossings: Int) -> Attempt {
        var wires: [Wire] = []
        var tangles = 0
        var total = graph.layers.indices.reduce(0) { $0 + rows(of: $1) }
        for layer in graph.layers.indices.dropLast() {
            guard let wire = wire(below: layer) else { return .tooLarge }
            wires.append(wire)
            total += wire.height
            tangles += wire.channel.crossings
        }
        guard tangles <= crossings else { return .tangled }
        guard total <= height else { return .tooLarge }
        var canvas = CellCanvas(width: width, height: total, glyphs: glyphs)
        var y = 0
        var tops: [Int] = []
        for layer in graph.layers.indices {
            tops.append(y)
            draw(layer, at: y, in: &canvas)
            y += rows(of: layer) + (wires.indices.contains(layer) ? wires[layer].height : 0)
        }
        // After the boxes: arrows and stems stand in their borders.
        for (layer, wire) in wires.enumerated() {
            draw(wire, from: tops[layer] + rows(of: layer), netBase: layer * 1000, below: layer, in: &canvas)
        }
        return .drawn(canvas.lines)
    }

    /// Rows that a layer takes.
    func rows(of layer: Int) -> Int {
        graph.layers[layer].contains { isBoxed($0) } ? 3 : 1
    }

    private func isBoxed(_ slot: Int) -> Bool {
        guard let item = graph.slots[slot].item else { return false }
        return boxStyle == .boxes || isCurrent[item]
    }

    private func left(_ slot: Int) -> Int { columns[slot] - (graph.slots[slot].width - 1) / 2 }

    // MARK: - Lines

    /// Joins the links below a layer to nets, gives every net its columns, and finds the tracks.
    private func wire(below layer: Int) -> Wire? {
        var nets = joined(layer)
        setPorts(&nets, upperSide: true)
        setPorts(&nets, upperSide: false)
        guard nets.allSatisfy({ !$0.above.isEmpty && !$0.below.isEmpty }),
            let channel = Channel(nets.map { Channel.Net(above: $0.above, below: $0.below) })
        else { return nil }
        let upperArrows = nets.contains { $0.lineClass.isReversed && $0.uppers.contains(where: isLabel) }
        let lowerArrows = nets.contains { !$0.lineClass.isReversed && $0.lowers.contains(where: isLabel) }
        let isPlain = boxStyle == .plainLabels && !upperArrows && !nets.contains { $0.lineClass.isReversed }
        // In a layer of three rows there is room for the arrow above the label.
        let upperRow = upperArrows && rows(of: layer) == 1 ? 1 : 0
        let lowerRow = lowerArrows && !isPlain && rows(of: layer + 1) == 1 ? 1 : 0
        return Wire(
            nets: nets, channel: channel, firstTrack: upperRow, hasArrows: !isPlain,
            height: max(1, channel.height + upperRow + lowerRow))
    }

    private func isLabel(_ slot: Int) -> Bool { graph.slots[slot].item != nil && !isBoxed(slot) }

    /// Links of a class that go from all of some slots to all of some others are one net.
    private func joined(_ layer: Int) -> [PortNet] {
        let links = graph.links.filter { graph.slots[$0.upper].layer == layer }
        var position = [Int: Int]()
        for side in [graph.layers[layer], graph.layers[layer + 1]] {
            for (index, slot) in side.enumerated() { position[slot] = index }
        }
        func grouped(by key: (LayeredGraph.Link) -> Int, _ other: (LayeredGraph.Link) -> Int) -> [PortNet] {
            var ends: [LayeredGraph.LineClass: [Int: [Int]]] = [:]
            for link in links { ends[link.lineClass, default: [:]][key(link), default: []].append(other(link)) }
            var nets: [PortNet] = []
            for (lineClass, groups) in ends.sorted(by: { $0.key < $1.key }) {
                var same: [[Int]: [Int]] = [:]
                for (slot, others) in groups { same[others.sorted(), default: []].append(slot) }
                for (others, slots) in same {
                    nets.append(PortNet(lineClass: lineClass, uppers: slots, lowers: others))
                }
            }
            return nets
        }
        let byUpper = grouped(by: \.upper, \.lower)
        let byLower = grouped(by: \.lower, \.upper).map {
            PortNet(lineClass: $0.lineClass, uppers: $0.lowers, lowers: $0.uppers)
        }
        // A passage is one column: it cannot be part of two nets on one side.
        let usesLower = byLower.count < byUpper.count && hasWholePassages(byLower)
        var nets = usesLower ? byLower : byUpper
        for index in nets.indices {
            nets[index].uppers.sort { (position[$0] ?? 0) < (position[$1] ?? 0) }
            nets[index].lowers.sort { (position[$0] ?? 0) < (position[$1] ?? 0) }
        }
        func key(_ net: PortNet) -> [Int] { (net.uppers + net.lowers).map { columns[$0] } }
        return nets.sorted {
            let (left, right) = (key($0), key($1))
            return left == right ? $0.lineClass < $1.lineClass : left.lexicographicallyPrecedes(right)
        }
    }

    private func hasWholePassages(_ nets: [PortNet]) -> Bool {
        for side in [nets.flatMap(\.uppers), nets.flatMap(\.lowers)] {
            let passages = side.filter { graph.slots[$0].item == nil }
            if Set(passages).count != passages.count { return false }
        }
        return true
    }

    /// Gives every end of a net on one side its column; an end without room stays away, which refuses the picture.
    private func setPorts(_ nets: inout [PortNet], upperSide: Bool) {
        var users: [Int: [Int]] = [:]
        for (index, net) in nets.enumerated() {
            for slot in upperSide ? net.uppers : net.lowers { users[slot, default: []].append(index) }
        }
        var taken = Set(upperSide ? [] : nets.flatMap(\.above))
        for (slot, indices) in users.sorted(by: { columns[$0.key] < columns[$1.key] }) {
            let centre = columns[slot]
            func middle(_ net: Int) -> Int {
                let ends = upperSide ? nets[net].lowers.map { columns[$0] } : nets[net].above
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
                    let foreign = taken.subtracting(upperSide ? [] : nets[net].above)
                    let room = [0, 1, -1, 2, -2, 3, -3].map { port + $0 }
                    port = room.first { !foreign.contains($0) && inner.contains($0) && $0 >= next } ?? port
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
            let (ends, ports) =
                upperSide ? (nets[index].uppers, nets[index].above) : (nets[index].lowers, nets[index].below)
            if ends.count != ports.count { if upperSide { nets[index].above = [] } else { nets[index].below = [] } }
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

    // MARK: - Drawing

    private func draw(_ layer: Int, at y: Int, in canvas: inout CellCanvas) {
        let rows = rows(of: layer)
        for slot in graph.layers[layer] {
            guard let item = graph.slots[slot].item else { continue }
            if isBoxed(slot) {
                canvas.box(
                    x: left(slot), y: y, width: graph.slots[slot].width, height: 3,
                    style: isCurrent[item] ? .heavy : .light)
                canvas.text(labels[item], x: left(slot) + 2, y: y + 1)
            } else {
                canvas.text("[" + labels[item] + "]", x: left(slot), y: y + rows / 2)
            }
        }
    }

    private func draw(_ wire: Wire, from y: Int, netBase: Int, below layer: Int, in canvas: inout CellCanvas) {
        let upperRows = rows(of: layer)
        let lowerRows = rows(of: layer + 1)
        let bottom = y + wire.height - 1
        let firstTrack = y + wire.firstTrack
        for (index, net) in wire.nets.enumerated() {
            let id = netBase + index
            let style: LineStyle = net.lineClass.isSoft ? .dashed : .light
            let track = wire.channel.tracks[index].map { firstTrack + $0 } ?? bottom
            for (slot, port) in zip(net.uppers, net.above) {
                let isPassage = graph.slots[slot].item == nil
                let start = isPassage ? y - upperRows : isBoxed(slot) ? y - 1 : y - upperRows / 2 - 1
                canvas.vertical(x: port, from: start, to: track, net: id, style: style)
                if isBoxed(slot) {
                    let heavy = graph.slots[slot].item.map { isCurrent[$0] } ?? false
                    canvas.put(
                        net.lineClass.isReversed
                            ? canvas.glyphs.arrow(.north) : canvas.glyphs.port(onHeavy: heavy, side: .south),
                        x: port, y: y - 1)
                } else if !isPassage, net.lineClass.isReversed {
                    canvas.put(canvas.glyphs.arrow(.north), x: port, y: y - upperRows / 2)
                }
            }
            for (slot, port) in zip(net.lowers, net.below) {
                let isPassage = graph.slots[slot].item == nil
                let end = isPassage || isBoxed(slot) ? bottom + 1 : bottom + 1 + lowerRows / 2
                canvas.vertical(x: port, from: track, to: end, net: id, style: style)
                if isBoxed(slot) {
                    let heavy = graph.slots[slot].item.map { isCurrent[$0] } ?? false
                    canvas.put(
                        net.lineClass.isReversed
                            ? canvas.glyphs.port(onHeavy: heavy, side: .north) : canvas.glyphs.arrow(.south),
                        x: port, y: bottom + 1)
                } else if !isPassage, !net.lineClass.isReversed, wire.hasArrows {
                    canvas.put(canvas.glyphs.arrow(.south), x: port, y: bottom + lowerRows / 2)
                }
            }
            if wire.channel.tracks[index] != nil {
                let ports = net.above + net.below
                canvas.horizontal(
                    y: track, from: ports.min() ?? 0, to: ports.max() ?? 0, net: id, style: style)
            }
        }
    }
}
