internal import BinpkgModel
internal import Posix

/// The accuracy that the service's own requests would have got with other numbers of environments.
///
/// It is computed anew at most once a minute, from the newest requests, each counted once.
actor OwnCurve {
    /// How many requests it is made from.
    static let requests = 1000
    private static let environments = [0, 1, 2, 4, 8, 16, 32]
    private static let lifetime: UInt64 = 60_000_000_000

    private var last: (made: MonotonicTime, points: [Simulation])?

    /// The points of the curve, in the order of their numbers of environments.
    func points(_ store: Store, tolerance: Int) async throws -> [Simulation] {
        let now = MonotonicTime.now
        if let last, now.nanoseconds - last.made.nanoseconds < Self.lifetime { return last.points }
        let trace = try await store.trace(limit: Self.requests)
        var points: [Simulation] = []
        for number in Self.environments {
            points.append(Simulation(of: trace, environments: number, tolerance: tolerance))
            await Task.yield()
        }
        last = (now, points)
        return points
    }
}
