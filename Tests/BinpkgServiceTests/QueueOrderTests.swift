import Testing

@testable import BinpkgService

@Suite struct QueueOrderTests {
    @Test func whatBlocksMoreIsSooner() {
        let ranks = [0, 1, 5, 100, 1_000_000].map { QueueOrder.rank(queued: 1000, unblocks: $0) }
        #expect(ranks == ranks.sorted(by: >))
        #expect(QueueOrder.rank(queued: 0, unblocks: -5) == 0)
    }

    /// A request that blocks nothing is built although others that block much keep coming, faster than they are built.
    @Test func nothingStarves() {
        var waiting = [(name: -1, rank: QueueOrder.rank(queued: 0, unblocks: 0))]
        for step in 0..<2000 {
            let now = Double(step) * 60
            for number in 0..<2 {
                waiting.append((step * 2 + number, QueueOrder.rank(queued: now, unblocks: 100_000)))
            }
            guard let next = waiting.indices.min(by: { waiting[$0].rank < waiting[$1].rank }) else { continue }
            if waiting[next].name == -1 {
                // Later than in the order of arrival by the work of the longest head start, and no more.
                #expect(now <= 2 * QueueOrder.longestHeadStart + 120)
                return
            }
            waiting.remove(at: next)
        }
        Issue.record("it was never built")
    }

    private func item(_ name: String, _ elapsed: Double = 0) -> QueueForecast.Item {
        .init(id: name, name: name, elapsed: elapsed)
    }

    @Test func placesAndTimesFollowFromTheHistory() {
        let forecast = QueueForecast(
            running: [item("a", 40), item("b", 500)], waiting: [item("c"), item("d"), item("e")],
            seconds: ["a": 100, "b": 200, "c": 30, "d": 10, "e": 5], slots: 2)
        #expect(forecast.positions == ["c": 1, "d": 2, "e": 3])
        // b is over its time and may end at once: c and d follow there, e too.
        #expect(forecast.etas == ["a": 60, "b": 0, "c": 30, "d": 40, "e": 45])
    }

    @Test func whatIsUnknownIsTakenForTheUsual() {
        let forecast = QueueForecast(
            running: [item("x")], waiting: [item("c"), item("y"), item("d")], seconds: ["c": 10, "d": 30], slots: 1)
        #expect(forecast.etas == ["c": 30, "d": 80])
        let dark = QueueForecast(running: [], waiting: [item("x"), item("c")], seconds: [:], slots: 1)
        #expect(dark.etas == [:] && dark.positions == ["x": 1, "c": 2])
    }

    @Test(arguments: [([Double](), 0.0), ([3.0], 3.0), ([5.0, 1.0], 3.0), ([9.0, 1.0, 2.0], 2.0)])
    func medianIsTheMiddle(values: [Double], middle: Double) {
        #expect(Statistics.median(values) == middle)
    }
}
