import DependencyGraph

@testable import GraphDrawing

/// What a picture with these packages must count as left out, out of the graph alone.
///
/// Each package belongs to the ring of its least distance from the current ones, what they need before what needs them.
/// Installed packages count only next to a current one, and nothing is looked for behind them.
struct LeftOut {
    /// One `+N more`.
    struct Rest: Hashable {
        var count: Int
        /// Whether all of them were installed before.
        var isInstalled: Bool
        /// Whether it stands for what is needed.
        var isDependency: Bool
        /// The shown packages that lines join it with, and of what kind each line is.
        var joins: [Int: Character]
    }

    private let graph: PackageGraph
    private let current: Set<Int>
    private let shown: Set<Int>
    private let rings: [(needs: [Set<Int>], isDependency: Bool)]

    /// - Parameters:
    ///   - shown: the packages in the picture, those in chains too.
    init(_ graph: PackageGraph, current: [Int], shown: Set<Int>) {
        self.graph = graph
        self.current = Set(current)
        self.shown = shown
        var taken = self.current
        rings = [true, false].map { isDependency in
            var frontier = Set(current)
            let rings: [Set<Int>] = (0..<2).map { distance in
                var ring: Set<Int> = []
                for edge in graph.edges {
                    let (near, far) = isDependency ? (edge.from, edge.to) : (edge.to, edge.from)
                    guard frontier.contains(near), !taken.contains(far) else { continue }
                    if distance == 0 || !Self.isInstalled(graph.nodes[far]) { ring.insert(far) }
                }
                taken.formUnion(ring)
                frontier = ring.filter { !Self.isInstalled(graph.nodes[$0]) }
                return ring
            }
            return (rings, isDependency)
        }
    }

    private static func isInstalled(_ node: PackageNode) -> Bool { node.type == .installed || node.state == .installed }

    /// The rests at a distance of 1, and of 2.
    func rests(distance: Int) -> [Rest] {
        rings.compactMap { rings, isDependency in
            let nearer = distance == 1 ? current : rings[0].intersection(shown)
            var links: [Int: [DependencyEdge]] = [:]
            var hidden: Set<Int> = []
            for edge in graph.edges {
                let (near, far) = isDependency ? (edge.from, edge.to) : (edge.to, edge.from)
                guard nearer.contains(near), rings[distance - 1].contains(far), !shown.contains(far) else { continue }
                hidden.insert(far)
                links[near, default: []].append(edge)
            }
            guard !hidden.isEmpty else { return nil }
            return Rest(
                count: hidden.count, isInstalled: hidden.allSatisfy { Self.isInstalled(graph.nodes[$0]) },
                isDependency: isDependency, joins: links.mapValues(Self.kind))
        }
    }

    /// The kind of a line for all of these: of what is certain that which binds most.
    static func kind(_ edges: [DependencyEdge]) -> Character {
        let certain = edges.filter { !$0.maybe }.map(\.kinds.strength).max()
        return switch certain {
        case nil: "m"
        case 3: "b"
        case 2: "r"
        default: "p"
        }
    }
}
