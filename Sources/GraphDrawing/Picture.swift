import DependencyGraph
import TerminalDrawing

/// What became of an attempt to draw.
enum Attempt {
    /// The picture.
    case drawn(Drawing)
    /// It does not fit.
    case tooLarge
    /// Too many lines cross, however the items are written.
    case tangled
}

/// A picture, and what the next one has to know of it.
struct Drawing {
    var sketch: Sketch
    /// The first row of each layer.
    var tops: [Int]
    var crossings: Int
}

/// Which parts of a picture get boxes.
enum BoxStyle: Hashable, CaseIterable {
    /// Every item is a box of three lines.
    case boxes
    /// Only current packages are; the others are `[names]`, with arrows.
    case labels
    /// As labels, and without arrows where all lines are of build-time dependencies and lead down.
    case plainLabels
}

/// What is written for an item.
struct Label {
    var text: String
    var role: PictureRole
    var isCurrent = false
    /// Written in the box when there is room, the first one that fits.
    var notes: [Note] = []
    var isBare = false

    /// What may be written beside the name.
    struct Note {
        var text: String
        /// Whether it says how far the package is.
        var showsProgress: Bool
    }
}

/// A layered graph with a label for every slot, ready to be drawn into a given width.
struct Picture {
    let graph: LayeredGraph
    let columns: [Int]
    let labels: [Label]
    let boxStyle: BoxStyle
    /// Boxes only in the style of boxes, so that a layer's height never depends on what is current.
    let isFlat: Bool
    /// What it is drawn with: corners of ASCII look joined with all that they touch.
    let glyphs: GlyphSet
    /// The rows from each layer's top to that of the next in the last picture, for those that are to stay as far apart.
    var distances: [Int] = []

    private struct Wire {
        var nets: [PortNet]
        var channel: Channel
        /// Rows above the first track.
        var firstTrack: Int
        /// Whether labels get arrows.
        var hasArrows: Bool
        var height: Int
    }

    /// Draws the picture, if it is not higher than `height`, no more lines cross than `crossings`, and all of them can
    /// be told apart.
    func draw(width: Int, height: Int, crossings: Int) -> Attempt {
        var wires: [Wire] = []
        var tangles = 0
        var total = graph.layers.indices.reduce(0) { $0 + rows(of: $1) }
        for layer in graph.layers.indices.dropLast() {
            guard var wire = wire(below: layer) else { return .tooLarge }
            if distances.indices.contains(layer) { wire.height = max(wire.height, distances[layer] - rows(of: layer)) }
            wires.append(wire)
            total += wire.height
            tangles += wire.channel.crossings
        }
        guard tangles <= crossings else { return .tangled }
        guard total <= height else { return .tooLarge }
        var sketch = Sketch(width: width, height: total)
        var y = 0
        var tops: [Int] = []
        for layer in graph.layers.indices {
            tops.append(y)
            y += rows(of: layer) + (wires.indices.contains(layer) ? wires[layer].height : 0)
        }
        for (layer, wire) in wires.enumerated() {
            draw(wire, from: tops[layer] + rows(of: layer), netBase: layer * 1000, below: layer, in: &sketch)
        }
        for layer in graph.layers.indices { addTiles(of: layer, at: tops[layer], to: &sketch) }
        return .drawn(Drawing(sketch: sketch, tops: tops, crossings: tangles))
    }

    /// Rows that a layer takes.
    func rows(of layer: Int) -> Int {
        graph.layers[layer].contains { isBoxed($0) } ? 3 : 1
    }

    private func isBoxed(_ slot: Int) -> Bool {
        guard let item = graph.slots[slot].item else { return false }
        return boxStyle == .boxes || (labels[item].isCurrent && !isFlat)
    }

    private func isHeavy(_ slot: Int) -> Bool { graph.slots[slot].item.map { labels[$0].isCurrent } ?? false }

    func left(_ slot: Int) -> Int { columns[slot] - (graph.slots[slot].width - 1) / 2 }

    // MARK: - Lines

    /// Joins the links below a layer to nets, gives every net its columns, and finds the tracks.
    private func wire(below layer: Int) -> Wire? {
        let links = graph.links.filter { graph.slots[$0.upper].layer == layer }
        var order: [Int: Int] = [:]
        for side in [graph.layers[layer], graph.layers[layer + 1]] {
            for (index, slot) in side.enumerated() { order[slot] = index }
        }
        var nets = PortNet.nets(links, order: order, columns: columns) { graph.slots[$0].item == nil }
        setPorts(&nets, upperSide: true)
        setPorts(&nets, upperSide: false)
        guard nets.allSatisfy({ !$0.above.isEmpty && !$0.below.isEmpty }),
            let channel = Channel(
                nets.map { Channel.Net(above: $0.above, below: $0.below) }, joinsWhatTouches: glyphs == .ascii)
        else { return nil }
        let upperArrows = nets.contains { $0.isReversed && $0.uppers.contains(where: isLabel) }
        let lowerArrows = nets.contains { !$0.isReversed && $0.lowers.contains { isLabel($0.slot) } }
        let isPlain =
            boxStyle == .plainLabels && nets.allSatisfy { !$0.isReversed && $0.lowers.allSatisfy { $0.kind == .build } }
        // In a layer of three rows there is room for the arrow above the label.
        let touches = touches(nets, channel, below: layer)
        let upperRow = (upperArrows || touches.upper) && rows(of: layer) == 1 ? 1 : 0
        let lowerRow = ((lowerArrows && !isPlain) || touches.lower) && rows(of: layer + 1) == 1 ? 1 : 0
        return Wire(
            nets: nets, channel: channel, firstTrack: upperRow, hasArrows: !isPlain,
            height: max(1 + upperRow, channel.height + upperRow + lowerRow))
    }

    /// Whether a corner of the first track touches a label above that its line does not lead to, or one of the last track
    /// such a label below, where that would look like a line of the label.
    private func touches(_ nets: [PortNet], _ channel: Channel, below layer: Int) -> (upper: Bool, lower: Bool) {
        guard glyphs == .ascii else { return (false, false) }
        func isUnderOther(_ column: Int, _ layer: Int, own: [Int]) -> Bool {
            graph.layers[layer].contains { slot in
                // A note may make it wider than it is now.
                isLabel(slot) && !own.contains(slot) && column >= left(slot)
                    && column < left(slot) + graph.slots[slot].width + roomForNotes(slot)
            }
        }
        var touches = (upper: false, lower: false)
        for (net, track) in zip(nets, channel.tracks) {
            if track == 0, net.below.contains(where: { isUnderOther($0, layer, own: net.uppers) }) {
                touches.upper = true
            }
            let lowers = net.lowers.map(\.slot)
            if track == channel.height - 1, net.above.contains(where: { isUnderOther($0, layer + 1, own: lowers) }) {
                touches.lower = true
            }
        }
        return touches
    }

    /// Columns that the notes of an item take at most.
    private func roomForNotes(_ slot: Int) -> Int {
        guard let item = graph.slots[slot].item else { return 0 }
        return labels[item].notes.map { DisplayWidth.columns(of: $0.text) + 2 }.max() ?? 0
    }

    private func isLabel(_ slot: Int) -> Bool { graph.slots[slot].item != nil && !isBoxed(slot) }

    // MARK: - Drawing

    private func addTiles(of layer: Int, at y: Int, to sketch: inout Sketch) {
        let slots = graph.layers[layer]
        for (index, slot) in slots.enumerated() {
            guard let item = graph.slots[slot].item else { continue }
            let label = labels[item]
            let height = isBoxed(slot) ? 3 : 1
            var tile = Sketch.Tile(
                x: left(slot), y: y + (rows(of: layer) - height) / 2, width: graph.slots[slot].width, height: height,
                isHeavy: label.isCurrent, text: label.text, role: label.role,
                frameRole: label.isCurrent ? label.role : .frame, isBare: label.isBare && height == 1)
            // A note takes room that nothing else uses, so that a box never pushes another one.
            let limit = index + 1 < slots.count ? left(slots[index + 1]) - 2 : sketch.width
            let room = limit - tile.x - tile.width - 2
            if let note = label.notes.first(where: { DisplayWidth.columns(of: $0.text) <= room }) {
                tile.note = note.text
                tile.width += DisplayWidth.columns(of: note.text) + 2
                sketch.showsProgress = sketch.showsProgress || note.showsProgress
            } else if height == 3, label.isCurrent {
                addNote(label, to: tile, in: &sketch)
            }
            sketch.tiles.append(tile)
        }
    }

    /// Writes a note into the border of a box, where no line meets it.
    private func addNote(_ label: Label, to tile: Sketch.Tile, in sketch: inout Sketch) {
        for note in label.notes {
            let columns = DisplayWidth.columns(of: note.text) + 2
            for y in [tile.y + 2, tile.y] {
                let taken = sketch.marks.filter { $0.y == y }.map(\.x)
                for x in (tile.x + 1)..<max(tile.x + 1, tile.x + tile.width - columns)
                where !taken.contains(where: { (x..<(x + columns)).contains($0) }) {
                    sketch.texts.append(.init(x: x, y: y, text: " " + note.text + " ", role: .note))
                    sketch.showsProgress = sketch.showsProgress || note.showsProgress
                    return
                }
            }
        }
    }

    private func draw(_ wire: Wire, from y: Int, netBase: Int, below layer: Int, in sketch: inout Sketch) {
        let upperRows = rows(of: layer)
        let lowerRows = rows(of: layer + 1)
        let bottom = y + wire.height - 1
        let firstTrack = y + wire.firstTrack
        for (index, net) in wire.nets.enumerated() {
            let id = netBase + index
            let track = wire.channel.tracks[index].map { firstTrack + $0 }
            let turn = track ?? bottom
            for (slot, port) in zip(net.uppers, net.above) {
                let isPassage = graph.slots[slot].item == nil
                let start = isPassage ? y - upperRows : isBoxed(slot) ? y - 1 : y - upperRows / 2 - 1
                sketch.segments.append(
                    .init(isVertical: true, at: port, from: start, to: turn, net: id, kind: net.kind))
                let arrow = net.isReversed ? net.kind : nil
                let role = arrow?.role ?? frameRole(slot)
                if isBoxed(slot) {
                    sketch.marks.append(
                        .init(
                            x: port, y: y - 1, side: arrow == nil ? .south : .north, arrow: arrow,
                            isHeavy: isHeavy(slot),
                            role: role))
                } else if !isPassage, arrow != nil {
                    sketch.marks.append(
                        .init(x: port, y: y - upperRows / 2, side: .north, arrow: arrow, isHeavy: false, role: role))
                }
            }
            for (lower, port) in zip(net.lowers, net.below) {
                let isPassage = graph.slots[lower.slot].item == nil
                let end = isPassage || isBoxed(lower.slot) ? bottom + 1 : bottom + 1 + lowerRows / 2
                sketch.segments.append(
                    .init(isVertical: true, at: port, from: turn, to: end, net: id, kind: lower.kind))
                let arrow = net.isReversed ? nil : lower.kind
                let role = arrow?.role ?? frameRole(lower.slot)
                if isBoxed(lower.slot) {
                    sketch.marks.append(
                        .init(
                            x: port, y: bottom + 1, side: arrow == nil ? .north : .south, arrow: arrow,
                            isHeavy: isHeavy(lower.slot), role: role))
                } else if !isPassage, arrow != nil, wire.hasArrows {
                    sketch.marks.append(
                        .init(
                            x: port, y: bottom + lowerRows / 2, side: .south, arrow: arrow, isHeavy: false, role: role))
                }
            }
            if let track {
                let ports = net.above + net.below
                sketch.segments.append(
                    .init(
                        isVertical: false, at: track, from: ports.min() ?? 0, to: ports.max() ?? 0, net: id,
                        kind: net.kind))
            }
        }
    }

    private func frameRole(_ slot: Int) -> PictureRole {
        guard let item = graph.slots[slot].item, labels[item].isCurrent else { return .frame }
        return labels[item].role
    }
}
