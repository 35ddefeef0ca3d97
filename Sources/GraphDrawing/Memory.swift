import DependencyGraph

/// What the next frame has to know of this one so that boxes stay where they are.
public struct FrameMemory: Sendable, Hashable {
    /// Where a package was.
    struct Place: Sendable, Hashable {
        /// The layer, in a count that all frames share.
        var layer: Int
        var left: Int
        var top: Int
    }

    /// A package, whatever its index in the graph.
    struct Key: Sendable, Hashable {
        var cpv: String
        var root: String

        init(_ node: PackageNode) { (cpv, root) = (node.cpv, node.root) }
    }

    var places: [Key: Place] = [:]
    /// The first row of a layer.
    var tops: [Int: Int] = [:]
    var writing: Writing?
    /// How much of the graph the frame showed, as a place in the ladder.
    var rank = 0
    /// How many lines cross.
    var crossings = 0

    /// Nothing is known.
    public init() {}

    init(_ composition: Composition, _ graph: PackageGraph) {
        writing = composition.writing
        rank = composition.rank
        crossings = composition.drawing.crossings
        places = FrameMemory.places(composition, graph)
        for (layer, top) in composition.drawing.tops.enumerated() { tops[layer + composition.layered.top] = top }
    }

    static func places(_ composition: Composition, _ graph: PackageGraph) -> [Key: Place] {
        var places: [Key: Place] = [:]
        for (index, slot) in composition.layered.slots.enumerated() {
            guard let item = slot.item, case .package(let node) = composition.part.items[item].content else { continue }
            places[Key(graph.nodes[node])] = Place(
                layer: slot.layer + composition.layered.top,
                left: composition.columns[index] - (slot.width - 1) / 2,
                top: composition.drawing.tops[slot.layer])
        }
        return places
    }

    func place(of item: Neighbourhood.Item, in graph: PackageGraph) -> Place? {
        guard case .package(let node) = item.content else { return nil }
        return places[Key(graph.nodes[node])]
    }

    /// Gives what had no place one beside the others: in the first layer with a gap that is wide enough, else above all of
    /// them.
    static func completed(_ places: [Place?], widths: [Int], available: Int, gap: Int) -> [Place?] {
        var places = places
        var layers = Set(places.compactMap { $0?.layer }).sorted()
        layers.append((layers.first ?? 1) - 1)
        for item in places.indices where places[item] == nil {
            for layer in layers {
                let taken = places.indices.compactMap { other in
                    places[other].flatMap { $0.layer == layer ? $0.left..<($0.left + widths[other]) : nil }
                }
                var left = 0
                for range in taken.sorted(by: { $0.lowerBound < $1.lowerBound })
                where left + widths[item] + gap > range.lowerBound {
                    left = max(left, range.upperBound + gap)
                }
                guard left + widths[item] <= available else { continue }
                places[item] = Place(layer: layer, left: left, top: 0)
                break
            }
        }
        return places
    }

    /// The rows from the top of a layer to that of the next one; nil when one of them was not there.
    func rows(from layer: Int) -> Int? {
        tops[layer].flatMap { top in tops[layer + 1].map { $0 - top } }
    }

    /// The packages of both pictures that are not where they were, when the whole may be shifted.
    func moved(_ composition: Composition, _ graph: PackageGraph) -> [Key] {
        let new = FrameMemory.places(composition, graph)
        var shifts: [Shift: Int] = [:]
        for (key, place) in new {
            if let old = places[key] { shifts[Shift(place, old), default: 0] += 1 }
        }
        let shift = shifts.max { ($0.value, $0.key) < ($1.value, $1.key) }?.key
        return new.compactMap { key, place in
            places[key].flatMap { Shift(place, $0) == shift ? nil : key }
        }
    }

    private struct Shift: Hashable, Comparable {
        var columns: Int
        var rows: Int

        init(_ new: Place, _ old: Place) { (columns, rows) = (new.left - old.left, new.top - old.top) }

        static func < (left: Shift, right: Shift) -> Bool {
            (left.columns, left.rows) < (right.columns, right.rows)
        }
    }
}
