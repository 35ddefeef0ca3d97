import BinpkgModel
import Posix
import Synchronization
import Testing

@testable import BinpkgClient

@Suite struct WaitingLinesTests {
    private final class World: Sendable {
        let time = Mutex(MonotonicTime(nanoseconds: 0))
        let lines = Mutex<[String]>([])

        var waiting: WaitingLines {
            WaitingLines(
                cpv: "a/b-1", now: { self.time.withLock { $0 } },
                tell: { line in self.lines.withLock { $0.append(line) } })
        }

        func pass(_ seconds: Int) { time.withLock { $0 = $0.advanced(byMilliseconds: seconds * 1000) } }

        func take() -> [String] {
            lines.withLock { lines in
                defer { lines = [] }
                return lines
            }
        }
    }

    private func answer(_ state: RequestState, estimate: Double? = 100, position: Int? = nil) -> RequestAnswer {
        RequestAnswer(id: "", key: "", state: state, estimateSeconds: estimate, position: position)
    }

    @Test func thePlaceInTheQueueIsSaid() {
        let world = World()
        let waiting = world.waiting
        waiting.begin(answer(.queued, position: 3), limit: nil, local: nil)
        _ = world.take()
        world.pass(2)
        waiting.add(answer(.queued, position: 2))
        #expect(world.take() == ["a/b-1: queued there, number 2, waited 2.0 s"])
    }

    @Test func bothEstimatesAreSaid() {
        let world = World()
        world.waiting.begin(answer(.queued), limit: 600, local: 700)
        world.waiting.begin(answer(.queued, estimate: nil), limit: nil, local: nil)
        #expect(
            world.take() == [
                "a/b-1: waiting, at most 10 min: the service needs about 100 s, this machine about 12 min",
                "a/b-1: waiting: neither the service nor this machine has built it before",
            ])
    }

    @Test func changesAreSaidAtOnceAndTheRestSeldom() {
        let world = World()
        let waiting = world.waiting
        waiting.add(answer(.queued))
        waiting.begin(answer(.queued), limit: nil, local: nil)
        _ = world.take()
        world.pass(5)
        waiting.add(answer(.queued))
        #expect(world.take().isEmpty)
        waiting.add(answer(.building))
        #expect(world.take() == ["a/b-1: being built there, waited 5.0 s of about 100 s"])
        waiting.addLog(">>> Compiling source in /x ...")
        waiting.addLog("gcc -O2 \u{1b}[1mx.c  ")
        world.pass(15)
        waiting.add(answer(.building))
        #expect(
            world.take() == [
                "a/b-1: being built there (compile), waited 20 s of about 100 s: gcc -O2 \\u{1b}[1mx.c"
            ])
        var shown = 0
        for _ in 0..<360 {
            world.pass(10)
            waiting.add(answer(.building))
            shown += world.take().count
        }
        #expect((15...25).contains(shown), "in an hour")
        waiting.add(answer(.ready))
        #expect(world.take().isEmpty)
        #expect(waiting.hasWaited)
    }
}
