import AgentProtocol
import Testing

@Suite struct StageStateTests {
    @Test func aStateSurvivesItsFile() {
        let state = StageState(
            outcome: .staged, cpv: "app-demo/x-1", reason: "line\nand \\n more", key: "abc", buildSeconds: 12.5)
        #expect(StageState(text: state.text) == state)
    }

    @Test(arguments: [
        "", "portmanteau-stage 1", "portmanteau-stage 2\nOUTCOME=staged\nCPV=a/b-1\n", "OUTCOME=staged\n",
    ])
    func whatIsNoStateIsRefused(text: String) {
        #expect(StageState(text: text) == nil)
    }

    @Test func everyCutOfAStateIsRefusedOrEqual() {
        let state = StageState(outcome: .local, cpv: "app-demo/x-1", reason: "service away", key: "k")
        for length in 0..<state.text.utf8.count {
            let cut = String(decoding: state.text.utf8.prefix(length), as: UTF8.self)
            guard let read = StageState(text: cut) else { continue }
            #expect(read.outcome == .local)
        }
    }

    @Test(arguments: ["..", ".", "", "a/b", "a\nb", "$(x)", "a b"])
    func aNameThatLeadsElsewhereHasNoStagingDirectory(name: String) {
        #expect(StagingDirectory(temporaryDirectory: "/var/tmp", category: name, pf: "x-1") == nil)
        #expect(StagingDirectory(temporaryDirectory: "/var/tmp", category: "app-demo", pf: name) == nil)
    }

    @Test func stagingLiesBesideTheBuildDirectory() {
        let staging = StagingDirectory(temporaryDirectory: "/var/tmp", category: "dev-libs", pf: "libsigc++-2.0_p1-r3")
        #expect(staging?.path == "/var/tmp/portmanteau/dev-libs/libsigc++-2.0_p1-r3")
    }
}
