import Posix
import Testbed
import Testing

@testable import AgentProtocol

@Suite struct ServiceBreakerTests {
    private let scratch: ScratchDirectory
    private let start = MonotonicTime(nanoseconds: 1_000_000_000_000)

    init() throws { scratch = try ScratchDirectory() }

    private func breaker(_ service: String = "http://s.example.org", boot: String = "b") -> ServiceBreaker {
        ServiceBreaker(directory: scratch.path + "/run", service: service, boot: boot)
    }

    private func after(_ seconds: Int) -> MonotonicTime { start.advanced(byMilliseconds: seconds * 1000) }

    @Test func aServiceThatIsAwayIsLeftAloneForAWhile() {
        #expect(breaker().verdict(at: start) == .ask)
        breaker().noteAway("no\nanswer", at: start)
        #expect(breaker().verdict(at: start) == .away("no\\nanswer"))
        #expect(breaker().verdict(at: after(29)) == .away("no\\nanswer"))
        #expect(breaker().verdict(at: after(30)) == .lookAgain)
        #expect(breaker("http://t.example.org").verdict(at: start) == .ask)
    }

    @Test func pausesGrowAndASuccessEndsThem() {
        var time = start
        var pauses: [Int] = []
        for _ in 0..<8 {
            breaker().noteAway("away", at: time)
            var seconds = 0
            while breaker().verdict(at: time.advanced(byMilliseconds: seconds * 1000)) != .lookAgain { seconds += 1 }
            pauses.append(seconds)
            time = time.advanced(byMilliseconds: seconds * 1000)
        }
        #expect(pauses == [30, 60, 120, 240, 480, 600, 600, 600])
        breaker().noteGood()
        #expect(breaker().verdict(at: time) == .ask)
        breaker().noteAway("away", at: time)
        #expect(breaker().verdict(at: time.advanced(byMilliseconds: 30_000)) == .lookAgain)
    }

    @Test func badAnswersCountAfterAFew() {
        breaker().noteStrike("cut off", at: start)
        breaker().noteStrike("cut off", at: start)
        #expect(breaker().verdict(at: start) == .ask)
        breaker().noteStrike("cut off", at: start)
        #expect(breaker().verdict(at: start) == .away("cut off"))
        breaker().noteGood()
        breaker().noteStrike("cut off", at: start)
        #expect(breaker().verdict(at: start) == .ask)
    }

    @Test func aServiceThatIsBackMustShowThatItWorks() {
        breaker().noteAway("away", at: start)
        breaker().noteThere(at: after(30))
        #expect(breaker().verdict(at: after(30)) == .ask)
        breaker().noteStrike("cut off", at: after(31))
        #expect(breaker().verdict(at: after(90)) == .away("cut off"))
        #expect(breaker().verdict(at: after(91)) == .lookAgain)
        breaker().noteThere(at: after(91))
        breaker().noteGood()
        breaker().noteStrike("cut off", at: after(92))
        #expect(breaker().verdict(at: after(92)) == .ask)
    }

    /// Packages side by side fail at the same time, and one that must be asked for fails whatever is known.
    @Test func whoFailsDuringAPauseMakesItNoLonger() {
        breaker().noteAway("away", at: start)
        for seconds in [0, 5, 29] {
            breaker().noteAway("again", at: after(seconds))
            breaker().noteStrike("cut off", at: after(seconds))
        }
        #expect(breaker().verdict(at: after(29)) != .lookAgain)
        #expect(breaker().verdict(at: after(30)) == .lookAgain)
    }

    /// A service that says that it is there, and answers no request.
    @Test func thatItIsThereEndsNoPauseOfOneThatDoesNothing() {
        var time = start
        for pause in [30, 60, 120, 240, 480, 600, 600] {
            breaker().noteUnanswered("silent", at: time)
            for seconds in [1, pause / 2, pause - 1] {
                let now = time.advanced(byMilliseconds: seconds * 1000)
                breaker().noteThere(at: now)
                #expect(breaker().verdict(at: now) == .away("silent"))
            }
            time = time.advanced(byMilliseconds: pause * 1000)
            #expect(breaker().verdict(at: time) == .lookAgain)
            #expect(!breaker().isOnTrial)
            breaker().noteThere(at: time)
            #expect(breaker().verdict(at: time) == .ask && breaker().isOnTrial)
        }
        breaker().noteGood()
        #expect(!breaker().isOnTrial)
        // What looked like nobody at first, and is seen to be there, counts so too.
        breaker().noteAway("silent", at: time)
        breaker().noteUnanswered("silent", at: time)
        breaker().noteThere(at: time)
        #expect(breaker().verdict(at: time.advanced(byMilliseconds: 29_999)) == .away("silent"))
        #expect(breaker().verdict(at: time.advanced(byMilliseconds: 30_000)) == .lookAgain)
    }

    /// A clock that starts anew, another boot, and files that nobody of ours wrote never stop a service for good.
    @Test func whatCannotBeTrueIsNotBelieved() throws {
        breaker().noteAway("away", at: start)
        #expect(breaker(boot: "c").verdict(at: start) == .ask)
        #expect(breaker().verdict(at: MonotonicTime(nanoseconds: 5)) == .lookAgain)
        let text = try Files.readText(breaker().path)
        for (old, new) in [("30000", "30000000"), ("30000", "x"), ("1000000000000", "-1"), ("\n", "")] {
            try Files.replace(breaker().path, with: Array(text.replacing(old, with: new).utf8))
            #expect(breaker().verdict(at: start) == .ask, "\(new)")
        }
        try Files.removeTree(breaker().path)
        try Files.makeDirectories(breaker().path)
        #expect(breaker().verdict(at: start) == .ask)
        breaker().noteAway("away", at: start)
    }
}
