import BinpkgModel
import Testing

@testable import BinpkgClient

@Suite struct WaitPolicyTests {
    @Test(arguments: [
        ("off", WaitPolicy.off), ("ready", .ready), ("wait:auto", .auto), ("", .auto), ("require", .require),
        ("wait:90", .wait(seconds: 90)), ("wait:90s", .wait(seconds: 90)), ("wait:10m", .wait(seconds: 600)),
        ("wait:1h30m", .wait(seconds: 5400)), ("wait:0", .wait(seconds: 0)), ("wait:168h", .wait(seconds: 604_800)),
    ])
    func isRead(_ text: String, as policy: WaitPolicy) {
        #expect(WaitPolicy(text) == policy)
    }

    @Test(arguments: [
        "Off", "wait:", "wait:x", "wait:-1", "wait:1.5", "wait:10x", "wait:m", "wait:1h30", "wait:99999999999999999999",
        "wait:1d", "wait:169h", "wait: 1", "wait:١٠", "ready ", "wait:auto\n",
    ])
    func isRefused(_ text: String) {
        #expect(WaitPolicy(text) == nil)
    }

    /// Estimate of the service, past of this machine, and how long is waited.
    struct Case: Sendable {
        var policy: WaitPolicy
        var estimate: Double?
        var local: Double?
        var limit: Double?
    }

    @Test(arguments: [
        Case(policy: .auto, estimate: nil, local: nil, limit: 1800),
        Case(policy: .auto, estimate: 9999, local: nil, limit: 1800),
        Case(policy: .auto, estimate: 10, local: 60, limit: 60),
        Case(policy: .auto, estimate: 60, local: 60, limit: 0),
        Case(policy: .auto, estimate: 90, local: 60, limit: 0),
        Case(policy: .auto, estimate: 7200, local: 20000, limit: 20000),
        Case(policy: .auto, estimate: nil, local: 60, limit: 60),
        Case(policy: .auto, estimate: nil, local: 20000, limit: 1800),
        Case(policy: .ready, estimate: 1, local: 60, limit: 0),
        Case(policy: .off, estimate: 1, local: 60, limit: 0),
        Case(policy: .wait(seconds: 5), estimate: 90, local: 60, limit: 5),
        Case(policy: .require, estimate: 90, local: 60, limit: nil),
    ])
    func limit(_ row: Case) {
        let answer = RequestAnswer(id: "", key: "", state: .building, estimateSeconds: row.estimate)
        #expect(row.policy.limit(for: answer, local: row.local) == row.limit)
    }
}
