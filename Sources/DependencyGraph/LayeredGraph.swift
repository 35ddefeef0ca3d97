/// A neighbourhood in layers, dependencies above: every link joins two layers that are next to each other.
///
/// A dependency that spans several layers goes through passages. Slots of one layer that lead to the same items share
/// one passage, so that a wide fan is one line with branches; what is shared is always "all of these to all of those".
public struct LayeredGraph: Sendable {
    /// How a line is drawn.
    public struct LineClass: Sendable, Hashable, Comparable {
        /// What it means; of several edges in one line that of the one that binds most.
        public var kind: EdgeKind
        /// It runs upwards: the lower end is the dependency.
        public var isReversed: Bool

        /// Any order that is always the same.
        public static func < (left: LineClass, right: LineClass) -> Bool { left.key < right.key }
        private var key: Int { kind.rawValue + (isReversed ? 4 : 0) }
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
    /// What the first layer's number is in the last picture's count.
    public let top: Int
    /// The slots of each layer from left to right.
    public internal(set) var layers: [[Int]]

    /// Puts the items in layers: what a current package needs above it, as near as it can be, all others below.
    ///
    /// - Parameters:
    ///   - widths: the columns that each item takes.
    ///   - available: the columns there are; a layer that is wider is split.
    ///   - gap: columns between two slots.
    ///   - pins: the layer that an item had in the last picture; such items go there when their dependencies allow it.
    public init(_ part: Neighbourhood, widths: [Int], available: Int, gap: Int, pins: [Int?] = []) {
        let reversed = edgesToReverse(part)
        let arrows = part.edges.enumerated().map { index, edge in
            Arrow(
                upper: reversed[index] ? edge.dependent : edge.dependency,
                lower: reversed[index] ? edge.dependency : edge.dependent,
                lineClass: LineClass(kind: EdgeKind(edge.kinds, maybe: edge.maybe), isReversed: reversed[index]))
        }
        var layerOf = assignLayers(part, arrows)
        if pins.contains(where: { $0 != nil }) {
            let pinned = pinnedLayers(part, arrows, fresh: layerOf, pins: pins)
            let first = pinned.min() ?? 0
            layerOf = pinned.map { $0 - first }
            top = first
        } else {
            top = 0
            splitWideLayers(&layerOf, part, arrows, widths: widths, available: available, gap: gap)
        }
        slots = part.items.indices.map { Slot(item: $0, layer: layerOf[$0], width: widths[$0]) }
        links = []
        layers = [[Int]](repeating: [], count: (layerOf.max() ?? -1) + 1)
        for slot in slots.indices { layers[slots[slot].layer].append(slot) }
        addPassages(arrows, layerOf)
    }

    /// Columns that a layer needs at least.
    public func width(of layer: Int, gap: Int) -> Int {
        layers[layer].reduce(gap * max(0, layers[layer].count - 1)) { $0 + slots[$1].width }
    }

    /// What a line still has to reach.
    private struct Target: Hashable, Comparable {
        var item: Int
        var lineClass: LineClass

        static func < (left: Target, right: Target) -> Bool {
            left.item == right.item ? left.lineClass < right.lineClass : left.item < right.item
        }
    }

    private mutating func addPassages(_ arrows: [Arrow], _ layerOf: [Int]) {
        // Lines that go down and lines that go up never share a passage, nor do lines that go up of several kinds:
        // their arrow is at the upper end.
        func family(_ lineClass: LineClass) -> Int { lineClass.isReversed ? 1 + lineClass.kind.rawValue : 0 }
        var pending = [[Int: [Target]]](repeating: [:], count: slots.count)
        for arrow in arrows {
            pending[arrow.upper][family(arrow.lineClass), default: []]
                .append(Target(item: arrow.lower, lineClass: arrow.lineClass))
        }
        for layer in layers.indices.dropLast() {
            var passages: [[Target]: Int] = [:]
            for slot in layers[layer] {
                for (family, unsorted) in pending[slot].sorted(by: { $0.key < $1.key }) {
                    let targets = unsorted.sorted()
                    for target in targets where layerOf[target.item] == layer + 1 {
                        links.append(Link(upper: slot, lower: target.item, lineClass: target.lineClass))
                    }
                    let far = targets.filter { layerOf[$0.item] > layer + 1 }
                    guard let lineClass = far.map(\.lineClass).min() else { continue }
                    let through = passages[targets] ?? slots.count
                    if through == slots.count {
                        passages[targets] = through
                        slots.append(Slot(item: nil, layer: layer + 1, width: 1))
                        layers[layer + 1].append(through)
                        pending.append([family: far])
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
