import Glibc
import Posix
import Testbed
import Testing

@testable import EmergeSession

private func line(_ time: Int, _ text: String) -> String { "\(time):  \(text)\n" }

/// What emerge.log has of a build.
private func build(_ cpv: String, at start: Int, seconds: Int, position: String = "(1 of 1)") -> String {
    line(start - 1, ">>> emerge \(position) \(cpv) to /")
        + line(start, "=== \(position) Cleaning (\(cpv)::/repo/x.ebuild)")
        + line(start, "=== \(position) Compiling/Merging (\(cpv)::/repo/x.ebuild)")
        + line(start + seconds, "=== \(position) Merging (\(cpv)::/repo/x.ebuild)")
        + line(start + seconds + 1, "::: completed emerge \(position) \(cpv) to /")
}

@Suite struct EmergeLogTests {
    private func builds(_ text: String) -> [PastBuild] { EmergeLog.builds(in: text.utf8) }

    @Test func readsABuild() {
        #expect(
            builds(build("dev-demo/alpha-1.0-r1", at: 1000, seconds: 60))
                == [PastBuild(cpv: "dev-demo/alpha-1.0-r1", ended: 1061, seconds: 60)])
    }

    @Test func failedAndBinaryDoNotCount() {
        let failed =
            line(10, "=== (1 of 1) Compiling/Merging (a/b-1::/r/b.ebuild)")
            + line(90, "*** terminating.") + line(95, "::: completed emerge (1 of 1) a/b-1 to /")
        let binary =
            line(10, "=== (1 of 1) Merging Binary (a/b-1::/pkg/b.gpkg.tar)")
            + line(12, "::: completed emerge (1 of 1) a/b-1 to /")
        #expect(builds(failed).isEmpty)
        #expect(builds(binary).isEmpty)
    }

    @Test func restartCountsFromTheLastStart() {
        let text =
            line(10, "=== (1 of 1) Compiling/Merging (a/b-1::/r/b.ebuild)")
            + build("a/b-1", at: 5000, seconds: 7)
        #expect(builds(text).map(\.seconds) == [7])
    }

    @Test func parallelBuildsAreToldApart() {
        let text =
            line(100, "=== (1 of 2) Compiling/Merging (a/b-1::/r/b.ebuild)")
            + line(110, "=== (2 of 2) Compiling/Merging (a/c-1::/r/c.ebuild)")
            + line(120, "=== (2 of 2) Merging (a/c-1::/r/c.ebuild)")
            + line(150, "=== (1 of 2) Merging (a/b-1::/r/b.ebuild)")
            + line(151, "::: completed emerge (2 of 2) a/c-1 to /")
            + line(152, "::: completed emerge (1 of 2) a/b-1 to /")
        #expect(builds(text).map { "\($0.cpv) \($0.seconds)" } == ["a/c-1 10", "a/b-1 50"])
    }

    @Test(arguments: [
        "xyz:  === (1 of 1) Compiling/Merging (a/b-1::/r)\n", ":  ::: completed emerge (1 of 1) a/b-1 to /\n",
        "\n\n:\n",
        "99999999999999999999999:  === (1 of 1) Merging (a/b-1::/r)\n", "-5:  ::: completed emerge (1 of 1) a/b-1\n",
        "12:  === (1 of 1) Merging (a/b-1", "12:  === (1 of", "12:  ::: completed emerge (1 of 1)", "\u{0}\u{0}\u{0}",
        "9:  ::: completed emerge (1 of 1) \n",
    ])
    func badLinesArePassedOver(_ text: String) {
        #expect(builds(text).isEmpty)
        #expect(builds(build("a/b-1", at: 100, seconds: 3) + text + "\n").count == 1)
    }

    @Test func nulBytesOfACrashEndALine() {
        let text =
            build("a/b-1", at: 100, seconds: 3) + String(repeating: "\u{0}", count: 4096)
            + build("a/b-2", at: 900, seconds: 4)
        #expect(builds(text).map(\.seconds) == [3, 4])
    }

    @Test func clockJumpsAreLeftOut() {
        let back =
            line(5000, "=== (1 of 1) Compiling/Merging (a/b-1::/r)") + line(10, "=== (1 of 1) Merging (a/b-1::/r)")
            + line(11, "::: completed emerge (1 of 1) a/b-1 to /")
        let ahead = build("a/b-1", at: 100, seconds: 400 * 86400)
        #expect(builds(back).isEmpty)
        #expect(builds(ahead).isEmpty)
    }

    @Test func notUTF8IsRead() {
        #expect(EmergeLog.builds(in: [0xff, 0xfe, 10] + Array(build("a/b-1", at: 9, seconds: 1).utf8)).count == 1)
    }
}

@Suite struct BuildHistoryTests {
    private func history(_ builds: [(String, Int)]) -> BuildHistory {
        BuildHistory(
            builds: builds.enumerated().map { PastBuild(cpv: $1.0, ended: ($0 + 1) * 10_000, seconds: $1.1) })
    }

    @Test func medianOfTheLastTen() {
        #expect(history([]).medians(of: ["a/b-3"]).isEmpty)
        #expect(history([("a/b-1", 5)]).medians(of: ["a/b-3", "a/c-3"]) == ["a/b-3": 5])
        #expect(history([("a/b-1", 5), ("a/b-2", 8)]).medians(of: ["a/b-3"]) == ["a/b-3": 6.5])
        let old = (0..<20).map { _ in ("a/b-1", 1000) }
        let new = (1...10).map { ("a/b-2", $0) }
        #expect(history(old + new).medians(of: ["a/b-2", "a/b-3"]) == ["a/b-2": 5.5, "a/b-3": 5.5])
    }

    @Test(arguments: [
        ("a/b-1", true), ("a/b-1.2.3_rc1-r2", true), ("a/b-9999", true), ("a/b-c-1", false), ("a/b-3d-1.0", false),
        ("a/bb-1", false), ("a/bb-1-r1", false), ("a/b-c-1-r1", false), ("", false), ("-", false), ("r1", false),
    ])
    func versionsOfAPackage(_ cpv: String, isOne: Bool) {
        #expect((history([(cpv, 7)]).medians(of: ["a/b-2-r3"]) == ["a/b-2-r3": 7]) == isOne)
    }

    @Test func stagedOnesAreLeftOut() {
        let all = history([("a/b-1", 60), ("a/b-1", 2)])
        #expect(all.excluding([(cpv: "a/b-1", time: 19_999)]).medians(of: ["a/b-1"]) == ["a/b-1": 60])
        #expect(all.excluding([(cpv: "a/c-1", time: 19_999)]).medians(of: ["a/b-1"]) == ["a/b-1": 31])
    }

    @Test func whatAServiceBuiltTellsNothingOfThisMachine() throws {
        let scratch = try ScratchDirectory()
        let log = scratch.path + "/emerge.log"
        let text = build("a/b-1", at: 5000, seconds: 60) + build("a/b-1", at: 9000, seconds: 2)
        try Files.replace(log, with: Array(text.utf8))
        let staged = StagedRecord(prefix: scratch.path)
        try Files.makeDirectories(scratch.path + "/var/cache/portmanteau")
        try staged.add("a/b-1", time: 8999)
        #expect(try BuildHistory(log: log, excluding: staged).medians(of: ["a/b-1"]) == ["a/b-1": 60])
    }

    @Test func onlyTheEndOfALargeFileIsRead() throws {
        let scratch = try ScratchDirectory()
        let none = StagedRecord(prefix: scratch.path)
        let path = scratch.path + "/emerge.log"
        var text = ""
        for number in 0..<200 {
            let time = 1000 + number * 100
            text += "\(time):  === (1 of 1) Compiling/Merging (a/b-\(number)::/r)\n"
            text += "\(time + number):  === (1 of 1) Merging (a/b-\(number)::/r)\n"
            text += "\(time + number):  ::: completed emerge (1 of 1) a/b-\(number) to /\n"
        }
        try Files.replace(path, with: Array(text.utf8))
        let end = try BuildHistory(log: path, excluding: none, limit: 1000)
        #expect((1..<10).contains(end.builds.count))
        #expect(end.builds.last?.seconds == 199)
        #expect(try BuildHistory(log: path, excluding: none).builds.count == 200)
        #expect(try BuildHistory(log: path + "-none", excluding: none).builds.isEmpty)
        #expect(throws: PosixError.self) { try BuildHistory(log: scratch.path, excluding: none) }
    }
}
