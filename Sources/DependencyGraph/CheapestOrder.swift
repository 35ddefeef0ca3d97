/// The order of `0..<count` with the least sum of `cost(a, b)` over all pairs with a before b (Held and Karp 1962).
///
/// Of several best orders it is the first one in lexicographic order, so equal input gives equal output.
/// - Parameters:
///   - count: at most 12.
///   - cost: what it costs that the first comes before the second; `Int.max` forbids it.
/// - Returns: nil when every order is forbidden, or `count` is too large.
public func cheapestOrder(count: Int, cost: (Int, Int) -> Int) -> [Int]? {
    guard count > 0 else { return [] }
    guard count <= 12 else { return nil }
    let forbidden = 1 << 40
    var costs = [Int](repeating: 0, count: count * count)
    for first in 0..<count {
        for second in 0..<count where first != second {
            costs[first * count + second] = min(cost(first, second), forbidden)
        }
    }
    // rest[set] is the least cost of ordering the members of `set` among themselves.
    var rest = [Int](repeating: 0, count: 1 << count)
    for set in 1..<(1 << count) {
        var least = Int.max
        var firsts = set
        while firsts != 0 {
            let first = firsts.trailingZeroBitCount
            firsts &= firsts - 1
            var sum = rest[set & ~(1 << first)]
            var others = set & ~(1 << first)
            while others != 0 {
                sum += costs[first * count + others.trailingZeroBitCount]
                others &= others - 1
            }
            least = min(least, sum)
        }
        rest[set] = least
    }
    var set = (1 << count) - 1
    guard rest[set] < forbidden else { return nil }
    var order: [Int] = []
    while set != 0 {
        for first in 0..<count where set & (1 << first) != 0 {
            let others = set & ~(1 << first)
            let sum = (0..<count).reduce(rest[others]) {
                others & (1 << $1) != 0 ? $0 + costs[first * count + $1] : $0
            }
            if sum == rest[set] {
                order.append(first)
                set = others
                break
            }
        }
    }
    return order
}
