/// The orders of both layers of a two-layer graph with the fewest crossings, by branch and bound.
///
/// The smaller layer is put in order from left to right. For every pair of the larger one the crossings so far are known
/// for both of its orders; the sum of the lesser ones never falls while the smaller layer grows, so it bounds what can
/// still be reached (the bound of Juenger and Mutzel, "2-layer straightline crossing minimization", 1997). A complete
/// order of the smaller layer leaves a problem with one free layer, which `cheapestOrder` solves exactly.
/// - Parameters:
///   - small: slots of the smaller layer, at most 8.
///   - ends: for each slot of the larger layer, at most 12, its ends in the smaller one.
///   - below: what is known to be reachable; only something better is of interest.
///   - steps: how many partial orders to look at before giving up.
/// - Returns: nil when there is nothing better, or it was not found in so many steps.
func fewestCrossings(
    small: Int, ends: [[Int]], below: Int, steps: Int = 20_000
) -> (small: [Int], large: [Int], crossings: Int)? {
    guard small <= 8, ends.count <= 12 else { return nil }
    var search = TwoLayerSearch(small: small, ends: ends, best: below, steps: steps)
    search.extend()
    return search.found
}

private struct TwoLayerSearch {
    let small: Int
    let count: Int
    /// For each slot of the smaller layer which of the larger one it is joined to, and how often.
    let joins: [[Int]]
    var best: Int
    var steps: Int
    var found: (small: [Int], large: [Int], crossings: Int)?
    private var order: [Int] = []
    private var isPlaced: [Bool]
    /// `crossings[u * count + v]`: of the lines to `u` and `v` when `u` stands left of `v`.
    private var crossings: [Int]
    /// How many lines of each slot of the larger layer are placed.
    private var degree: [Int]

    init(small: Int, ends: [[Int]], best: Int, steps: Int) {
        self.small = small
        self.best = best
        self.steps = steps
        count = ends.count
        var joins = [[Int]](repeating: [Int](repeating: 0, count: ends.count), count: small)
        for (slot, ends) in ends.enumerated() { for end in ends { joins[end][slot] += 1 } }
        self.joins = joins
        isPlaced = [Bool](repeating: false, count: small)
        crossings = [Int](repeating: 0, count: count * count)
        degree = [Int](repeating: 0, count: count)
    }

    private var bound: Int {
        var sum = 0
        for left in 0..<count {
            for right in (left + 1)..<max(left + 1, count) {
                sum += min(crossings[left * count + right], crossings[right * count + left])
            }
        }
        return sum
    }

    mutating func extend() {
        guard steps > 0 else { return }
        steps -= 1
        guard order.count < small else {
            let matrix = crossings
            let count = count
            guard let large = cheapestOrder(count: count, cost: { matrix[$0 * count + $1] }) else { return }
            let total = large.indices.reduce(0) { sum, index in
                large[(index + 1)...].reduce(sum) { $0 + matrix[large[index] * count + $1] }
            }
            if total < best {
                best = total
                found = (order, large, total)
            }
            return
        }
        for next in 0..<small where !isPlaced[next] {
            let (savedCrossings, savedDegree) = (crossings, degree)
            // A line from the new, rightmost slot to `u` crosses all earlier ones to what stands right of `u`.
            for left in 0..<count where joins[next][left] > 0 {
                for right in 0..<count where right != left {
                    crossings[left * count + right] += joins[next][left] * degree[right]
                }
            }
            for slot in 0..<count { degree[slot] += joins[next][slot] }
            if bound < best {
                isPlaced[next] = true
                order.append(next)
                extend()
                order.removeLast()
                isPlaced[next] = false
            }
            (crossings, degree) = (savedCrossings, savedDegree)
        }
    }
}
