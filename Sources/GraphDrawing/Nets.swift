import DependencyGraph

/// Links between two layers that share one line: all of some slots to all of some others.
struct PortNet {
    /// An end on the lower side; its kind is that of all links of the net to it.
    struct Lower: Hashable, Comparable {
        var slot: Int
        var kind: EdgeKind

        static func < (left: Lower, right: Lower) -> Bool { (left.slot, left.kind) < (right.slot, right.kind) }
    }

    /// Whether its dependencies are at the lower end.
    var isReversed: Bool
    var uppers: [Int]
    var lowers: [Lower]
    /// The column of every upper end.
    var above: [Int] = []
    /// The column of every lower end.
    var below: [Int] = []

    /// What the part that all share is drawn as.
    var kind: EdgeKind { lowers.map(\.kind).min() ?? .build }

    /// The nets for some links, from left to right.
    ///
    /// Links from slots with the same lower ends are joined, or links to slots with the same upper ends, whatever makes
    /// fewer nets. Lines that go up have their arrow at the upper end, so only those of one kind are joined.
    /// - Parameters:
    ///   - order: the place of each slot in its layer.
    ///   - isPassage: whether a slot is one column of a line.
    static func nets(
        _ links: [LayeredGraph.Link], order: [Int: Int], columns: [Int], isPassage: (Int) -> Bool
    ) -> [PortNet] {
        let byUpper = joinedByUpper(links)
        let byLower = joinedByLower(links)
        // A passage is one column: it cannot be part of two nets on one side.
        let usesLower = byLower.count < byUpper.count && hasWholePassages(byLower, isPassage)
        var nets = usesLower ? byLower : byUpper
        for index in nets.indices {
            nets[index].uppers.sort { (order[$0] ?? 0) < (order[$1] ?? 0) }
            nets[index].lowers.sort { (order[$0.slot] ?? 0, $0.kind) < (order[$1.slot] ?? 0, $1.kind) }
        }
        func key(_ net: PortNet) -> [Int] {
            (net.uppers + net.lowers.map(\.slot)).map { columns[$0] } + [net.isReversed ? 1 : 0, net.kind.rawValue]
        }
        let keyed = nets.map { (key: key($0), net: $0) }
        return keyed.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.net)
    }

    private static func family(_ link: LayeredGraph.Link) -> Int {
        link.lineClass.isReversed ? 1 + link.lineClass.kind.rawValue : 0
    }

    private static func joinedByUpper(_ links: [LayeredGraph.Link]) -> [PortNet] {
        var ends: [Int: [Int: [Lower]]] = [:]
        for link in links {
            ends[family(link), default: [:]][link.upper, default: []]
                .append(Lower(slot: link.lower, kind: link.lineClass.kind))
        }
        return ends.sorted { $0.key < $1.key }.flatMap { family, groups in
            var same: [[Lower]: [Int]] = [:]
            for (upper, lowers) in groups { same[lowers.sorted(), default: []].append(upper) }
            return same.map { PortNet(isReversed: family > 0, uppers: $1, lowers: $0) }
        }
    }

    private static func joinedByLower(_ links: [LayeredGraph.Link]) -> [PortNet] {
        var ends: [Int: [Lower: [Int]]] = [:]
        for link in links {
            ends[family(link), default: [:]][Lower(slot: link.lower, kind: link.lineClass.kind), default: []]
                .append(link.upper)
        }
        return ends.sorted { $0.key < $1.key }.flatMap { family, groups in
            var same: [[Int]: [Lower]] = [:]
            for (lower, uppers) in groups { same[uppers.sorted(), default: []].append(lower) }
            return same.map { PortNet(isReversed: family > 0, uppers: $0, lowers: $1) }
        }
    }

    private static func hasWholePassages(_ nets: [PortNet], _ isPassage: (Int) -> Bool) -> Bool {
        for side in [nets.flatMap(\.uppers), nets.flatMap { $0.lowers.map(\.slot) }] {
            let passages = side.filter(isPassage)
            if Set(passages).count != passages.count { return false }
        }
        return true
    }
}
