/// Figures of interleaved pairs: the machine's speed drifts, a pair's ratio much less.
struct PairedFigures {
    /// What each pair measured, in the same unit.
    let pairs: [(first: Double, second: Double)]

    /// The median of the ratios first to second.
    var ratio: Double { median(pairs.map { $0.first / $0.second }) }

    /// The interval that holds the median ratio in 95 of 100 resamplings of the pairs (percentile bootstrap, fixed seed).
    var interval: ClosedRange<Double> {
        let ratios = pairs.map { $0.first / $0.second }
        guard ratios.count > 1 else { return ratio...ratio }
        var generator = SplitMix64(state: 20_261_122)
        let medians = (0..<2000).map { _ in
            median((0..<ratios.count).map { _ in ratios[Int(generator.next() % UInt64(ratios.count))] })
        }.sorted()
        return medians[50]...medians[1949]
    }
}

/// The middle value, or the mean of the two in the middle; 0 of nothing.
func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return 0 }
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/// The generator of Steele, Lea and Flood (2014): small, and the same on every machine.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

/// A number with this many digits after the point, without Foundation.
func fixed(_ value: Double, _ digits: Int = 2) -> String {
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let rounded = (value * scale).rounded()
    guard rounded.magnitude < 1e15 else { return "\(value)" }
    let whole = Int(rounded)
    let text = String(whole.magnitude)
    let padded = String(repeating: "0", count: max(0, digits + 1 - text.count)) + text
    let point = padded.index(padded.endIndex, offsetBy: -digits)
    return (whole < 0 ? "-" : "") + padded[..<point] + (digits > 0 ? "." : "") + padded[point...]
}
