public import DependencyGraph
public import TerminalDrawing

/// The size of a picture in a terminal.
public struct PictureSize: Sendable, Hashable {
    /// Columns.
    public var width: Int
    /// Lines.
    public var height: Int

    /// Makes a size; less than 1 counts as 1.
    public init(width: Int, height: Int) {
        self.width = max(1, width)
        self.height = max(1, height)
    }
}

/// Draws what the current packages need (above) and what needs them (below) as lines of plain text.
///
/// Of the ways to draw it the first one that fits is taken: full boxes and names, shorter names, labels instead of
/// boxes, fewer packages, one line. What is left out at a distance that is shown stands as `+N more`. No line is wider
/// than `size` says, there are never more lines, and there is no escape sequence in them. Equal input gives equal output.
/// - Parameters:
///   - graph: all packages; nodes of the merge list in merge order.
///   - current: indices of the packages that the picture is about; at least one for a picture.
///   - size: the most columns and lines.
///   - style: which characters may be used.
///   - title: the first line; nil writes `3 of 9  dev-libs/a-1.0  needs 2, unblocks 4`; empty leaves it out.
/// - Returns: the lines without line ends; none when no current package is in the graph.
public func drawGraph(
    _ graph: PackageGraph, current: Set<Int>, size: PictureSize, style: GlyphSet = .unicode, title: String? = nil
) -> [String] {
    let finder = NeighbourhoodFinder(graph, current: current)
    let nodes = current.filter(graph.nodes.indices.contains).sorted()
    guard !nodes.isEmpty else { return [] }
    var size = size
    var lines: [String] = []
    if size.height > 1, title != "" {
        let text = title ?? titleLine(graph, nodes, finder, width: size.width, ascii: style == .ascii)
        lines.append(DisplayWidth.clipped(DisplayWidth.printable(text, ascii: style == .ascii), to: size.width))
        size.height -= 1
    }
    if let picture = pictureLines(graph, nodes, finder, size, style) { return lines + picture }
    return lines + summaryLines(graph, nodes, finder, size, ascii: style == .ascii)
}

/// What to try, in this order.
private let budgets: [NeighbourhoodBudget] = [
    NeighbourhoodBudget(distance: 2, near: 12, far: 4),
    NeighbourhoodBudget(distance: 2, near: 6, far: 4),
    NeighbourhoodBudget(distance: 2, near: 4, far: 3),
    NeighbourhoodBudget(distance: 1, near: 12, far: 0),
    NeighbourhoodBudget(distance: 1, near: 8, far: 0),
    NeighbourhoodBudget(distance: 1, near: 5, far: 0),
    NeighbourhoodBudget(distance: 1, near: 3, far: 0),
    NeighbourhoodBudget(distance: 1, near: 2, far: 0),
    NeighbourhoodBudget(distance: 1, near: 1, far: 0),
]

private func pictureLines(
    _ graph: PackageGraph, _ current: [Int], _ finder: NeighbourhoodFinder, _ size: PictureSize, _ style: GlyphSet
) -> [String]? {
    // A current box with one neighbour above or below does not fit into less.
    guard size.height >= 3 else { return nil }
    let direct = finder.directNeighbours
    let most = max(direct.dependencies.count, direct.dependents.count)
    var failures = 0
    for budget in budgets where budget.near <= 6 || most <= budget.near {
        // What is hard to fit is not worth the time: the hook holds a lock.
        if failures > 12, budget.near > 3 { continue }
        var plan = Plan(graph, current, finder.neighbourhood(budget), style)
        // A tangle says less than a smaller picture.
        if let lines = plan.lines(size, crossings: budget.distance > 1 ? 4 : 99, isLast: budget.near <= 2) {
            return lines
        }
        failures += plan.failures
    }
    return nil
}

/// One neighbourhood and the ways to label it.
private struct Plan {
    let part: Neighbourhood
    let style: GlyphSet
    private let graph: PackageGraph
    private let names: Names
    private let layerHasCurrent: [Bool]
    /// The last graph that was put in order: mostly the next way to draw it has the same lines.
    private var ordered: LayeredGraph?
    /// How many attempts to draw it came as far as its lines.
    private(set) var failures = 0

    init(_ graph: PackageGraph, _ current: [Int], _ part: Neighbourhood, _ style: GlyphSet) {
        self.graph = graph
        self.part = part
        self.style = style
        let nodes = part.items.compactMap { item in
            if case .package(let node) = item.content { node } else { nil }
        }
        names = Names(graph, nodes: nodes, current: current, ascii: style == .ascii)
        let widths = part.items.map { _ in 1 }
        let layers = LayeredGraph(part, widths: widths, available: Int.max / 2, gap: 0)
        layerHasCurrent = layers.layers.map { layer in
            layer.contains { layers.slots[$0].item.map { part.items[$0].isCurrent } ?? false }
        }
    }

    /// Lines that a picture takes at least, when no layer has to be split.
    func leastHeight(_ boxStyle: BoxStyle) -> Int {
        layerHasCurrent.reduce(layerHasCurrent.count - 1) { $0 + (boxStyle == .boxes || $1 ? 3 : 1) }
    }

    /// The first way to draw it that fits; names with their middle left out come after every way to draw whole ones.
    mutating func lines(_ size: PictureSize, crossings: Int, isLast: Bool) -> [String]? {
        for nameStyles in isLast ? [0..<3, 3..<4, 4..<5] : [0..<3, 3..<4] {
            for boxStyle in BoxStyle.allCases where leastHeight(boxStyle) <= size.height {
                for nameStyle in NameStyle.all[nameStyles] {
                    guard let picture = picture(boxStyle, nameStyle, size) else { continue }
                    switch picture.draw(width: size.width, height: size.height, crossings: crossings) {
                    case .drawn(let lines): return lines
                    case .tooLarge: failures += 1
                    case .tangled:
                        failures += 1
                        return nil
                    }
                }
            }
        }
        return nil
    }

    private mutating func picture(_ boxStyle: BoxStyle, _ nameStyle: NameStyle, _ size: PictureSize) -> Picture? {
        let labels = part.items.map { label($0, nameStyle) }
        let widths = part.items.indices.map { index in
            DisplayWidth.columns(of: labels[index]) + (boxStyle == .boxes || part.items[index].isCurrent ? 4 : 2)
        }
        guard widths.allSatisfy({ $0 <= size.width }) else { return nil }
        var layered = LayeredGraph(part, widths: widths, available: size.width, gap: 2)
        guard layered.layers.indices.allSatisfy({ layered.width(of: $0, gap: 2) <= size.width }) else { return nil }
        guard rows(layered, boxStyle) <= size.height else { return nil }
        if let ordered, ordered.hasSameLines(as: layered) {
            layered.takeOrder(from: ordered)
        } else {
            layered.minimiseCrossings()
            ordered = layered
        }
        guard let columns = layered.columns(available: size.width, gap: 2) else { return nil }
        return Picture(
            graph: layered, columns: columns, labels: labels, isCurrent: part.items.map(\.isCurrent),
            boxStyle: boxStyle, glyphs: style)
    }

    /// Lines that a picture takes at least: its layers, and one between each two.
    private func rows(_ layered: LayeredGraph, _ boxStyle: BoxStyle) -> Int {
        layered.layers.reduce(layered.layers.count - 1) { sum, layer in
            let isHigh = layer.contains { slot in
                layered.slots[slot].item.map { boxStyle == .boxes || part.items[$0].isCurrent } ?? false
            }
            return sum + (isHigh ? 3 : 1)
        }
    }

    private func label(_ item: Neighbourhood.Item, _ nameStyle: NameStyle) -> String {
        switch item.content {
        case .package(let node):
            sign(graph.nodes[node].state, ascii: style == .ascii) + " " + names.name(node, nameStyle)
        case .more(let count, let installed): "+\(count) " + (installed ? "installed" : "more")
        }
    }
}
