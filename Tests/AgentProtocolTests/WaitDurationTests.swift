import Testing

@testable import AgentProtocol

@Suite struct WaitDurationTests {
    @Test(arguments: [
        ("0", 0), ("90", 90), ("90s", 90), ("10m", 600), ("1h30m", 5400), ("2h", 7200), ("168h", WaitDuration.longest),
    ])
    func isRead(_ text: String, _ seconds: Int) { #expect(WaitDuration.seconds(text[...]) == seconds) }

    @Test(arguments: [
        "", "x", "-1", "1.5", "10x", "m", "1h30", "1d", "169h", "604801", "99999999999999999999", " 1", "١٠",
    ])
    func isRefused(_ text: String) { #expect(WaitDuration.seconds(text[...]) == nil) }
}
