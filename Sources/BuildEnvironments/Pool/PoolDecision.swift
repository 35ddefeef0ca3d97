/// In which environment a request is built, and what becomes of the pool.
///
/// Design: the nearest environment is taken while it is within the tolerance. Beyond it, and with room, a new one is made
/// from the nearest by installing what differs. Without room, the nearest is taken if what it gives is accurate enough
/// for the request; if it is not, the least useful environment makes room.
public enum PoolDecision: Equatable, Sendable {
    /// In this environment, as it is.
    case use(String)
    /// In a new environment over `from` that is kept. Those of `removing` go first, in this order.
    case derive(from: String, removing: [String])
    /// Over this environment; what is installed for the build goes with it, since nothing can make room.
    case once(from: String)
    /// In none: there is no environment that the request may use.
    case none

    /// Decides. The same values give the same decision; nothing is read and nothing is done.
    ///
    /// - Parameters:
    ///   - needs: what the request wants.
    ///   - pool: every environment, roots included, each after its parent. Of two that are equally near the first wins.
    ///   - limits: the bounds of the pool.
    public static func decide(
        _ needs: EnvironmentNeeds, pool: [PooledEnvironment], limits: PoolLimits
    ) -> PoolDecision {
        let open = pool.filter { $0.isOpen(to: needs) }
        let distances = open.map { $0.distance(to: needs) }
        guard let index = distances.indices.min(by: { distances[$0] < distances[$1] }) else { return .none }
        let nearest = open[index]
        let weight = distances[index].weight
        if weight == 0 { return .use(nearest.id) }
        let isEnough = nearest.hasAll(of: needs) && nearest.accuracy(for: needs).map { $0 >= needs.accuracy } ?? false
        if isEnough, weight <= limits.tolerance { return .use(nearest.id) }
        let kept = pool.filter { !$0.isRoot }
        if kept.count < limits.environments, kept.reduce(0, { $0 + $1.bytes }) < limits.bytes {
            return .derive(from: nearest.id, removing: [])
        }
        if isEnough { return .use(nearest.id) }
        guard limits.environments > 0 else { return .once(from: nearest.id) }
        if let removing = room(in: pool, keeping: nearest.id, limits) {
            return .derive(from: nearest.id, removing: removing)
        }
        // The nearest itself has to make room.
        guard let removing = room(in: pool, keeping: nil, limits),
            let next = open.filter({ !removing.contains($0.id) }).map({ ($0.id, $0.distance(to: needs)) })
                .min(by: { $0.1 < $1.1 })
        else { return .once(from: nearest.id) }
        return .derive(from: next.0, removing: removing)
    }

    /// The environments to remove so that one more has room: always the least useful of those that are not in use and
    /// that no other stands on, until there is room. nil when that does not make room. What `keeping` stands on stays.
    public static func room(
        in pool: [PooledEnvironment], keeping: String?, _ limits: PoolLimits
    ) -> [String]? {
        var kept = pool.filter { !$0.isRoot }
        var removed: [String] = []
        let protected = ancestors(of: keeping, in: pool)
        while kept.count >= limits.environments || kept.reduce(0, { $0 + $1.bytes }) >= limits.bytes {
            let parents = Set(kept.compactMap(\.parent))
            let free = kept.filter { !$0.isBusy && !parents.contains($0.id) && !protected.contains($0.id) }
            guard let least = free.min(by: isLessUseful) else { return nil }
            kept.removeAll { $0.id == least.id }
            removed.append(least.id)
        }
        return removed
    }

    /// Whether one environment is worth less than another: used longer ago, where one that was used often counts as used
    /// more recently (each doubling of its uses is worth an hour).
    static func isLessUseful(_ a: PooledEnvironment, _ b: PooledEnvironment) -> Bool {
        func worth(_ environment: PooledEnvironment) -> Double {
            let doublings = Int.bitWidth - max(1, environment.uses).leadingZeroBitCount - 1
            return environment.lastUse + 3600 * Double(doublings)
        }
        return (worth(a), a.id) < (worth(b), b.id)
    }

    /// The environment and all that it stands on.
    private static func ancestors(of id: String?, in pool: [PooledEnvironment]) -> Set<String> {
        var result: Set<String> = []
        var current = id
        while let id = current, result.insert(id).inserted {
            current = pool.first { $0.id == id }?.parent
        }
        return result
    }
}
