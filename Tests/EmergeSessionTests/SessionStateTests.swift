import Testing

@testable import EmergeSession

@Suite struct SessionStateTests {
    private typealias Stage = SessionState.Stage

    private static let list = ["a/one-1", "a/two-1", "a/three-1"].map {
        SessionState.ListEntry(cpv: $0, root: "/", isBinary: false)
    }

    private func state(_ list: [SessionState.ListEntry] = list) -> SessionState {
        var state = SessionState(started: 1000)
        state.adopt(list)
        return state
    }

    private func line(
        _ time: Int, _ event: EmergeLogLine.Event, _ number: Int, _ cpv: String, of count: Int = 3, root: String? = nil
    ) -> EmergeLogLine {
        EmergeLogLine(time: time, event: event, position: .init(number: number, count: count), cpv: cpv, root: root)
    }

    private func stages(_ state: SessionState) -> [Stage] { state.packages.map(\.stage) }

    @Test func theLogTellsOfAPackage() {
        var state = state()
        state.apply(line(1001, .begun, 1, "a/one-1", root: "/"))
        #expect(stages(state) == [.building, .waiting, .waiting])
        state.apply(line(1002, .compiling, 1, "a/one-1"))
        state.apply(line(1010, .merging, 1, "a/one-1"))
        #expect(stages(state) == [.merging, .waiting, .waiting])
        state.apply(line(1011, .completed, 1, "a/one-1", root: "/"))
        #expect(stages(state) == [.done, .waiting, .waiting])
        #expect(state.packages[0].started == 1001 && state.packages[0].ended == 1011)
        // What is told once more changes nothing.
        let before = state
        state.apply(line(1002, .compiling, 1, "a/one-1"))
        #expect(state == before)
    }

    @Test func linesOfOthersArePassedOver() {
        var state = state()
        let before = state
        state.apply(line(900, .begun, 1, "a/one-1", root: "/"))
        state.apply(line(1001, .begun, 1, "b/other-1", root: "/"))
        state.apply(line(1001, .begun, 1, "a/one-1", root: "/mnt/"))
        state.apply(line(1001, .begun, 1, "a/one-1", of: 200, root: "/"))
        #expect(state == before)
    }

    @Test func aListIsOwnWhenItHasThePackageThatBegan() {
        var state = SessionState(started: 1000)
        #expect(!state.isOwn(Self.list))
        state.apply(line(1001, .begun, 1, "a/one-1", root: "/"))
        #expect(state.isOwn(Self.list))
        #expect(!state.isOwn([.init(cpv: "b/other-1", root: "/", isBinary: false)]))
        state.adopt(Self.list)
        #expect(stages(state) == [.building, .waiting, .waiting])
        // Another emerge wrote its list over ours.
        state.apply(list: [.init(cpv: "b/other-1", root: "/", isBinary: false)], now: 1002)
        #expect(stages(state) == [.building, .waiting, .waiting])
    }

    @Test func whoComesLateKnowsWhatWasMergedFromTheLog() {
        var state = SessionState(started: 1000)
        for told in [
            line(1001, .completed, 1, "b/other-1", of: 7, root: "/"), line(1001, .begun, 1, "a/one-1", root: "/"),
            line(1005, .completed, 1, "a/one-1", root: "/"), line(1006, .begun, 2, "a/two-1", root: "/"),
        ] { state.apply(told) }
        let left = Array(Self.list.dropFirst())
        #expect(state.isOwn(left))
        state.adopt(left)
        #expect(state.packages.map(\.key.cpv) == ["a/one-1", "a/two-1", "a/three-1"])
        #expect(stages(state) == [.done, .building, .waiting])
        state.apply(line(1009, .merging, 2, "a/two-1"))
        #expect(stages(state) == [.done, .merging, .waiting])
        // The list is still its own.
        state.apply(list: [Self.list[2]], now: 1010)
        #expect(stages(state) == [.done, .done, .waiting])
    }

    @Test func theSamePackageForTwoRootsIsTwo() {
        var state = state([
            .init(cpv: "a/one-1", root: "/", isBinary: false), .init(cpv: "a/one-1", root: "/mnt/", isBinary: false),
        ])
        state.apply(line(1001, .begun, 2, "a/one-1", of: 2, root: "/mnt/"))
        #expect(stages(state) == [.waiting, .building])
        state.apply(line(1005, .merging, 2, "a/one-1", of: 2))
        #expect(stages(state) == [.waiting, .merging])
    }

    @Test func keepGoingDropsWhatNeedsTheFailed() {
        var state = state()
        state.apply(line(1001, .begun, 1, "a/one-1", root: "/"))
        state.apply(list: [Self.list[2]], now: 1005)
        #expect(stages(state) == [.failed, .dropped, .waiting])
        state.apply(line(1006, .begun, 1, "a/three-1", of: 1, root: "/"))
        #expect(state.running == [2])
        state.end(succeeded: false, now: 1010)
        #expect(stages(state) == [.failed, .dropped, .failed])
    }

    @Test func aShorterListMeansMerged() {
        var state = state()
        state.apply(list: [Self.list[2]], now: 1005)
        #expect(stages(state) == [.done, .done, .waiting])
    }

    @Test func snapshotsTellPhasesAndFailures() {
        var state = state()
        func snapshot(_ tasks: [ObservabilitySnapshot.Task], completed: Int, failed: Int) -> ObservabilitySnapshot {
            .init(pid: 1, time: 1010, completed: completed, total: 3, failed: failed, mostJobs: 2, tasks: tasks)
        }
        state.apply(
            snapshot(
                [
                    .init(cpv: "a/one-1", root: "/", isMerge: false, phase: "compile", started: 1003),
                    .init(cpv: "a/two-1", root: "/", isMerge: true, phase: "merge-wait"),
                    .init(cpv: "b/unknown-1", root: "/", isMerge: false),
                ], completed: 0, failed: 0))
        #expect(stages(state) == [.building, .built, .waiting])
        #expect(state.running == [0])
        #expect(state.packages[0].phase == "compile" && state.packages[0].started == 1003)
        #expect(state.jobs == 2)
        state.apply(
            snapshot([.init(cpv: "a/one-1", root: "/", isMerge: false, phase: "install")], completed: 1, failed: 0))
        #expect(stages(state) == [.building, .done, .waiting])
        state.apply(snapshot([], completed: 1, failed: 1))
        #expect(stages(state) == [.failed, .done, .waiting])
    }

    @Test func whatWaitsToBeMergedIsNotAtWork() {
        var state = state()
        state.apply(line(1001, .begun, 1, "a/one-1", root: "/"))
        state.apply(line(1001, .begun, 2, "a/two-1", root: "/"))
        state.built(0, now: 1004)
        state.built(2, now: 1004)
        #expect(stages(state) == [.built, .building, .waiting])
        #expect(state.running == [1])
        #expect(state.packages[0].elapsed(now: 1010) == 3)
        var shorter = state
        shorter.apply(list: [Self.list[2]], now: 1005)
        #expect(stages(shorter) == [.done, .failed, .waiting], "what was built cannot have failed")
        // An earlier try's build was found, then this one begins.
        var again = state
        again.apply(line(1005, .compiling, 1, "a/one-1"))
        #expect(stages(again) == [.building, .building, .waiting] && again.packages[0].elapsed(now: 1010) == 9)
        state.apply(line(1006, .merging, 1, "a/one-1"))
        #expect(stages(state) == [.merging, .building, .waiting])
        #expect(state.jobs == 2)
    }

    @Test func successMeansThatAllIsMerged() {
        var state = state()
        state.apply(line(1001, .begun, 1, "a/one-1", root: "/"))
        state.end(succeeded: true, now: 1010)
        #expect(stages(state) == [.done, .done, .done])
    }

    @Test func timeLeft() {
        var state = state()
        #expect(state.left(now: 1000) == nil)
        state.expect(["a/one-1": 60, "a/two-1": 40])
        state.apply(line(1001, .begun, 1, "a/one-1", root: "/"))
        let left = state.left(now: 1011)
        #expect(left?.seconds == 90 && left?.isComplete == false)
        state.expect(["a/one-1": 60, "a/two-1": 40, "a/three-1": 0])
        #expect(state.left(now: 2000)?.seconds == 40)
        #expect(state.left(now: 2000)?.isComplete == true)
    }
}

@Suite struct ObservabilitySnapshotTests {
    private static let sample = """
        {"type":"snapshot","schema":1,"emerge_pid":77,"timestamp":12.5,"jobs":{"running":1,"max":true,"completed":2,\
        "total":9,"failed":0,"merge_wait":0,"merges_pending":0},"tasks":[{"cpv":"a/b-1","category":"a","pf":"b-1",\
        "root":"/","operation":"merge","binary":false,"kind":"build","phase":"compile","merge_wait":false,"pid":99,\
        "start_time":10.25,"elapsed":2.25,"build_elapsed":2.25,"resources":{"cpu_usec":5}},{"cpv":"a/c-1","root":"/mnt/",\
        "kind":"merge","phase":"merge-wait","start_time":null},{"cpv":7},3]}
        """

    @Test func isRead() throws {
        let snapshot = try #require(ObservabilitySnapshot(Array(Self.sample.utf8)))
        #expect(snapshot.pid == 77 && snapshot.completed == 2 && snapshot.total == 9 && snapshot.mostJobs == nil)
        #expect(
            snapshot.tasks == [
                .init(cpv: "a/b-1", root: "/", isMerge: false, phase: "compile", started: 10.25),
                .init(cpv: "a/c-1", root: "/mnt/", isMerge: true, phase: "merge-wait"),
            ])
    }

    @Test func everyInputIsTaken() {
        let bytes = Array(Self.sample.utf8)
        for length in 0..<bytes.count { #expect(ObservabilitySnapshot(bytes.prefix(length)) == nil) }
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            var changed = bytes
            for _ in 0..<3 {
                changed[Int.random(in: 0..<changed.count, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            _ = ObservabilitySnapshot(changed)
        }
        for text in [
            "", "null", "[]", "3", #"{"type":"other","emerge_pid":1}"#, #"{"type":"snapshot","emerge_pid":-1}"#,
        ] {
            #expect(ObservabilitySnapshot(Array(text.utf8)) == nil)
        }
        #expect(ObservabilitySnapshot(Array(repeating: 0x20, count: ObservabilitySnapshot.sizeLimit + 1)) == nil)
    }

    @Test func linesAreCutWhereTheyEnd() {
        var lines = LineBuffer()
        #expect(lines.take("one\ntw".utf8) == [Array("one".utf8)])
        #expect(lines.take("o\n\n".utf8) == [Array("two".utf8), []])
        #expect(lines.take(Array(repeating: 0x41, count: ObservabilitySnapshot.sizeLimit + 5)).isEmpty)
        #expect(lines.take("\nnext\n".utf8) == [Array("next".utf8)])
    }
}

@Suite struct LogFollowerTests {
    @Test func nothingIsReadTwiceAndAReplacedLogFromItsBeginning() throws {
        let path = "/tmp/portmanteau-follow-\(UInt64.random(in: 0 ... .max))"
        defer { removeFile(path) }
        func text(_ number: Int) -> String { "\(1000 + number):  >>> emerge (\(number) of 9) a/b-\(number) to /\n" }
        try writeFile(path, text(1))
        var follower = LogFollower(path)
        #expect(follower.read().isEmpty)
        try writeFile(path, text(2) + text(3).dropLast(4), adding: true)
        #expect(follower.read().map(\.cpv) == ["a/b-2"])
        try writeFile(path, String(text(3).suffix(4)), adding: true)
        #expect(follower.read().map(\.cpv) == ["a/b-3"])
        #expect(follower.read().isEmpty)
        try writeFile(path, text(4))
        #expect(follower.read().map(\.cpv) == ["a/b-4"])
        var earlier = LogFollower(path, last: 1 << 20)
        #expect(earlier.read().map(\.position.number) == [4])
        var missing = LogFollower(path + "-none")
        #expect(missing.read().isEmpty)
    }
}
