/// The order of the queue.
///
/// A request's rank is the time when it was queued, less a head start for each package of its plan that waits for it.
/// The smallest rank is next. A rank never changes with time, while those of new requests grow: whatever comes later,
/// a request waits for at most ``longestHeadStart`` longer than in the order of arrival. So nothing starves.
enum QueueOrder {
    /// Seconds of head start for each package that waits.
    static let headStart = 60.0
    /// The most seconds of head start.
    static let longestHeadStart = 4 * 3600.0

    /// The rank of a request.
    static func rank(queued: Double, unblocks: Int) -> Double {
        queued - min(Double(max(unblocks, 0)) * headStart, longestHeadStart)
    }
}

/// When what is queued will be ready, as far as history tells.
struct QueueForecast: Equatable, Sendable {
    /// A build that runs or waits.
    struct Item: Equatable, Sendable {
        var id: String
        var name: String
        /// How long it has been running, in seconds; 0 while it waits.
        var elapsed = 0.0
    }

    /// The place of each waiting build, from 1.
    let positions: [String: Int]
    /// In how many seconds each build will be ready; those that nothing is known of are left out.
    let etas: [String: Double]
    /// How long each build takes, in seconds; those that nothing is known of are left out.
    let estimates: [String: Double]

    /// Lets the builds take their places, one after the other, in the slot that is free first.
    ///
    /// - Parameters:
    ///   - running: what is being built.
    ///   - waiting: what waits, in its order.
    ///   - seconds: how long packages take. A package without history is taken for the median of the others.
    ///   - slots: how many builds run at once.
    init(running: [Item], waiting: [Item], seconds: [String: Double], slots: Int) {
        let usual = seconds.isEmpty ? nil : Statistics.median(Array(seconds.values))
        var positions: [String: Int] = [:]
        var etas: [String: Double] = [:]
        var free = [Double](repeating: 0, count: max(slots, 1))
        var isKnown = true
        for item in running {
            let rest = (seconds[item.name] ?? usual).map { max(0, $0 - item.elapsed) }
            if seconds[item.name] != nil { etas[item.id] = rest }
            if rest == nil { isKnown = false }
            Self.take(&free, rest ?? 0)
        }
        for (index, item) in waiting.enumerated() {
            positions[item.id] = index + 1
            if seconds[item.name] == nil, usual == nil { isKnown = false }
            let end = Self.take(&free, seconds[item.name] ?? usual ?? 0)
            if isKnown, seconds[item.name] != nil { etas[item.id] = end }
        }
        self.positions = positions
        self.etas = etas
        estimates = Dictionary(
            uniqueKeysWithValues: (running + waiting).compactMap { item in seconds[item.name].map { (item.id, $0) } })
    }

    /// Fills the slot that is free first; returns when that ends.
    @discardableResult
    private static func take(_ free: inout [Double], _ seconds: Double) -> Double {
        let slot = free.indices.min { free[$0] < free[$1] } ?? 0
        free[slot] += seconds
        return free[slot]
    }
}

/// Sums of small lists.
enum Statistics {
    /// The middle value, or the mean of the two in the middle; 0 of nothing.
    static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return 0 }
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}
