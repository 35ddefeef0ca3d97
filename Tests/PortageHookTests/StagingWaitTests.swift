import AgentProtocol
import Glibc
import Posix
import Testbed
import Testing

@testable import PortageHook

/// The wait of the unpack phase, with a clock that only moves when it pauses.
@Suite struct StagingWaitTests {
    private final class World {
        let directory: ScratchDirectory
        let staging: StagingDirectory
        var time = MonotonicTime(nanoseconds: 1_000_000_000)
        var lines: [String] = []
        var pauses = 0
        /// What happens at the n-th pause.
        var events: [Int: () throws -> Void] = [:]

        init() throws {
            directory = try ScratchDirectory()
            staging = try #require(
                StagingDirectory(temporaryDirectory: directory.path, category: "app-demo", pf: "x-1"))
            try Files.makeDirectories(staging.path)
        }

        func wait(seconds: Int = 3600) -> StagingWait.Outcome {
            var waiting = StagingWait(staging: staging) { self.lines.append($0) }
            waiting.now = { self.time }
            waiting.pause = { milliseconds in
                self.time = self.time.advanced(byMilliseconds: milliseconds)
                self.pauses += 1
                try? self.events[self.pauses]?()
            }
            return waiting.run(until: time.advanced(byMilliseconds: seconds * 1000))
        }

        /// The agent's hold on the directory.
        func lock() throws -> FileLock {
            guard let lock = try FileLock(tryingPath: staging.lock) else { throw CancellationError() }
            return lock
        }

        func tell(_ text: String) throws {
            let before = (try? Files.readText(staging.progress)) ?? ""
            try Files.replace(staging.progress, with: Array((before + text).utf8))
        }
    }

    private let state = StageState(outcome: .staged, cpv: "app-demo/x-1", reason: "hit")

    @Test func theStateEndsIt() throws {
        let world = try World()
        let lock = try world.lock()
        world.events[10] = { try world.staging.write(state) }
        #expect(world.wait() == .ended(state))
        #expect(world.pauses == 10)
        _ = consume lock
    }

    @Test func withoutTheLockNobodyWorks() throws {
        let world = try World()
        #expect(world.wait() == .gone)
        try Files.replace(world.staging.lock, with: [])
        #expect(world.wait() == .gone)
        #expect(world.pauses == 0)
        // The last act of an agent is the state, then it gives the lock back.
        try world.staging.write(state)
        #expect(world.wait() == .ended(state))
    }

    @Test func anAgentThatDoesNothingIsNotWaitedFor() throws {
        let world = try World()
        let lock = try world.lock()
        let start = world.time
        // Its signs of life carry a time of their own: a clock that jumps back is none.
        world.events[200] = { utimensat(AT_FDCWD, world.staging.lock, [timespec(), timespec()], 0) }
        #expect(world.wait() == .hanging)
        let waited = (world.time.nanoseconds - start.nanoseconds) / 1_000_000_000
        #expect(waited >= 40 && waited < 60)
        _ = consume lock
    }

    @Test func thePolicyEndsIt() throws {
        let world = try World()
        let lock = try world.lock()
        #expect(world.wait(seconds: 7) == .tooLong)
        _ = consume lock
    }

    @Test func wholeLinesAreShownOnce() throws {
        let world = try World()
        let lock = try world.lock()
        try world.tell("a: queued\nb: \u{1b}[31m")
        world.events[3] = {
            #expect(world.lines == ["portmanteau: a: queued"])
            try world.tell("red\n")
        }
        world.events[6] = { try world.staging.write(state) }
        #expect(world.wait() == .ended(state))
        #expect(world.lines == ["portmanteau: a: queued", "portmanteau: b: \\u{1b}[31mred"])
        _ = consume lock
    }

    @Test(arguments: ["wait:1m", "require"])
    func theUnpackPhaseSaysWhyItBuilds(_ policy: String) throws {
        let world = try World()
        try Files.removeTree(world.staging.path)
        let path = "\(world.directory.path)/portmanteau/app-demo/x-1"
        try Files.makeDirectories(path)
        try Files.replace(path + "/lock", with: [])
        let transcript = Transcript()
        let arguments = [
            "PREFIX=\(world.directory.path)", "CATEGORY=app-demo", "PF=x-1", "PORTAGE_TMPDIR=\(world.directory.path)",
            "EMERGE_FROM=ebuild", "MERGE_TYPE=source", "BINPKG_POLICY=\(policy)",
        ]
        _ = HookCommand.run(["unpack"] + arguments, in: transcript.context)
        if policy == "require" {
            #expect(transcript.output == "die 'portmanteau: app-demo/x-1: the agent is gone'\n")
        } else {
            #expect(transcript.lines == ["portmanteau: app-demo/x-1: the agent is gone: building here"])
            #expect(transcript.output.isEmpty)
        }
    }
}
