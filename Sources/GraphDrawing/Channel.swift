import DependencyGraph

/// The lines between two rows of boxes: which net runs in which track.
///
/// A net joins some columns of the upper side with some columns of the lower side: a vertical line from each column to
/// one horizontal track. Nets whose tracks overlap get different rows; their order is the one with the fewest crossings
/// among those that keep the verticals of two nets in one column apart.
struct Channel: Sendable {
    /// Columns to join.
    struct Net: Sendable, Hashable {
        /// Columns on the upper side.
        var above: [Int]
        /// Columns on the lower side.
        var below: [Int]

        /// Makes a net; neither side may be empty.
        init(above: [Int], below: [Int]) {
            self.above = above
            self.below = below
        }

        var left: Int { min(above.min() ?? Int.max, below.min() ?? Int.max) }
        var right: Int { max(above.max() ?? Int.min, below.max() ?? Int.min) }
        /// One column from top to bottom: no track is needed.
        var isStraight: Bool { left == right }
    }

    /// The row of each net's track, from 0; nil for a straight one.
    let tracks: [Int?]
    /// How many rows the tracks take.
    let height: Int
    /// How many lines cross.
    let crossings: Int

    /// Finds tracks; nil when two nets would have to lie on each other.
    /// - Parameter joinsWhatTouches: whether corners have one character, so that two that touch look joined.
    init?(_ nets: [Net], joinsWhatTouches: Bool = false) {
        let bent = nets.indices.filter { !nets[$0].isStraight }
        let columns = joinsWhatTouches ? Set(nets.flatMap { $0.above + $0.below }) : []
        guard let order = Channel.order(nets, bent) else { return nil }
        var tracks = [Int?](repeating: nil, count: nets.count)
        var (height, crossings) = (0, 0)
        for (index, net) in order.enumerated() {
            var row = 0
            for earlier in order[..<index] {
                guard let track = tracks[earlier], !Channel.areApart(nets[earlier], nets[net], columns) else {
                    continue
                }
                let touches = joinsWhatTouches && nets[earlier].above.contains { nets[net].below.contains($0) }
                row = max(row, track + (touches ? 2 : 1))
                crossings += Channel.cost(upper: nets[earlier], lower: nets[net])
            }
            tracks[net] = row
            height = max(height, row + 1)
        }
        for net in bent {
            crossings += nets.count { $0.isStraight && $0.left > nets[net].left && $0.left < nets[net].right }
        }
        self.tracks = tracks
        self.height = height
        self.crossings = crossings
    }

    /// Whether two tracks of a row do not look like one: there is a free column between them.
    /// - Parameter taken: columns that are not free though no track is there.
    private static func areApart(_ one: Net, _ other: Net, _ taken: Set<Int>) -> Bool {
        let (left, right) = one.left < other.left ? (one, other) : (other, one)
        guard left.right + 1 < right.left else { return false }
        return taken.isEmpty || ((left.right + 1)..<right.left).contains { !taken.contains($0) }
    }

    private static func order(_ nets: [Net], _ bent: [Int]) -> [Int]? {
        for straight in nets where straight.isStraight {
            // A column that is taken from top to bottom.
            let column = straight.left
            let users = nets.count { $0.above.contains(column) || $0.below.contains(column) }
            if users > 1 { return nil }
        }
        if bent.count <= 8 {
            return cheapestOrder(count: bent.count) { cost(upper: nets[bent[$0]], lower: nets[bent[$1]]) }?
                .map { bent[$0] }
        }
        // Many nets: take any that may come next, those that end furthest left first.
        var left = bent.sorted { (nets[$0].left, $0) < (nets[$1].left, $1) }
        var order: [Int] = []
        while !left.isEmpty {
            let free = left.firstIndex { candidate in
                left.allSatisfy { $0 == candidate || cost(upper: nets[candidate], lower: nets[$0]) != Int.max }
            }
            guard let free else { return nil }
            order.append(left.remove(at: free))
        }
        return order
    }

    /// Crossings of two nets when the track of `upper` lies above that of `lower`; `Int.max` when they would touch.
    private static func cost(upper: Net, lower: Net) -> Int {
        // The verticals of `upper` reach down from its track, those of `lower` reach up from its own.
        for column in upper.below where lower.above.contains(column) { return Int.max }
        return upper.below.count { $0 > lower.left && $0 < lower.right }
            + lower.above.count { $0 > upper.left && $0 < upper.right }
    }
}
