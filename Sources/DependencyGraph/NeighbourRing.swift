/// The packages at one distance from the current ones, in no order; the most important are picked when asked for.
struct NeighbourRing: Sendable {
    /// A package and how important it is; the least rank comes first, then the name decides.
    struct Member: Sendable {
        var node: Int
        var rank: Int
    }

    var members: [Member] = []

    /// The most important members among those that `isWanted`, at most `count`.
    func first(_ count: Int, _ nodes: [PackageNode], where isWanted: (Int) -> Bool = { _ in true }) -> [Int] {
        func precedes(_ left: Member, _ right: Member) -> Bool {
            if left.rank != right.rank { return left.rank < right.rank }
            return (nodes[left.node].cpv, left.node) < (nodes[right.node].cpv, right.node)
        }
        guard count < members.count / 8 else {
            return members.filter { isWanted($0.node) }.sorted(by: precedes).prefix(count).map(\.node)
        }
        // Few of many: most members are only compared with the last of those kept.
        var kept: [Member] = []
        for member in members where isWanted(member.node) {
            if kept.count == count {
                guard let last = kept.last, precedes(member, last) else { continue }
                kept.removeLast()
            }
            kept.insert(member, at: kept.firstIndex { precedes(member, $0) } ?? kept.count)
        }
        return kept.map(\.node)
    }
}

/// Looks for the rings around some packages, one side after the other; no package is in two of them.
struct RingSearch {
    let start: [Int]
    let isInstalled: [Bool]
    let preferred: Set<Int>
    let distance: Int
    private var isTaken: [Bool]

    init(start: [Int], isInstalled: [Bool], preferred: Set<Int>, distance: Int) {
        (self.start, self.isInstalled, self.preferred, self.distance) = (start, isInstalled, preferred, distance)
        isTaken = [Bool](repeating: false, count: isInstalled.count)
        for node in start { isTaken[node] = true }
    }

    /// The rings on the side that `neighbours` leads to, the nearest first.
    /// - Parameter waitsFor: how many packages one still waits for.
    mutating func rings(
        waitsFor: (Int) -> Int = { _ in 0 }, _ neighbours: (Int) -> ArraySlice<Adjacency.Link>
    ) -> [NeighbourRing] {
        var rings: [NeighbourRing] = []
        var frontier = start
        // How strong the strongest link to a node is; -1 without one.
        var strengths = [Int](repeating: -1, count: isTaken.count)
        while !frontier.isEmpty, rings.count < distance {
            var found: [Int] = []
            for node in frontier {
                for link in neighbours(node) where !isTaken[link.node] {
                    if !rings.isEmpty, isInstalled[link.node] { continue }
                    if strengths[link.node] < 0 { found.append(link.node) }
                    strengths[link.node] = max(strengths[link.node], link.maybe ? 0 : link.kinds.strength)
                }
            }
            guard !found.isEmpty else { break }
            rings.append(
                NeighbourRing(
                    members: found.map { .init(node: $0, rank: rank($0, strengths[$0], waitsFor: waitsFor($0))) }))
            for node in found { isTaken[node] = true }
            frontier = found.filter { !isInstalled[$0] }
        }
        return rings
    }

    /// A merge-list member before an installed package, then the stronger link, then one of the preferred, then what
    /// waits for less.
    private func rank(_ node: Int, _ strength: Int, waitsFor: Int) -> Int {
        let place = (isInstalled[node] ? 8 : 0) + (3 - strength) * 2 + (preferred.contains(node) ? 0 : 1)
        return place << 32 + waitsFor
    }
}
