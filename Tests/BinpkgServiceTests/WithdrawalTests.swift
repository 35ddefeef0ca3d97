import BinpkgModel
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import BinpkgService

/// Requests that are taken back.
@Suite struct WithdrawalTests {
    private func withdraw(_ trial: Trial, _ id: String, plan: String? = nil) async throws -> Withdrawal.Outcome {
        let query = plan.map { "?plan=\($0)" } ?? ""
        let answer: Withdrawal = try await trial.decode(
            trial.client.execute(uri: "/v1/requests/\(id)\(query)", method: .delete))
        #expect(answer.id == id)
        return answer.outcome
    }

    private func wait(_ trial: Trial, _ id: String, for state: RequestState?) async throws {
        for await _ in await trial.service.changes.stream(of: id) {
            if try await trial.service.store.state(id) == state { return }
        }
    }

    private func place(_ plan: String) -> PlanPlace { PlanPlace(id: plan, unblocks: 0) }

    @Test func `what is queued goes, what is built is stopped, and both can be asked for again`() async throws {
        let builder = TrialBuilder(.endless)
        try await Trial.run(builder, settings: { $0.workers = 1 }) { trial in
            let first = sample("first", plan: place("one")), second = sample("second", plan: place("one"))
            _ = try await trial.post(first)
            try await wait(trial, first.id, for: .building)
            _ = try await trial.post(second)
            #expect(try await withdraw(trial, second.id, plan: "one") == .cancelled)
            #expect(try await trial.service.store.state(second.id) == nil)
            #expect(try await withdraw(trial, first.id, plan: "one") == .cancelled)
            try await wait(trial, first.id, for: nil)
            #expect(try await trial.service.store.counts() == [:])
            await builder.set(.exact([1]))
            #expect(try await trial.obtain(first).state == .ready)
            #expect(try await trial.obtain(second).state == .ready)
            #expect(try await withdraw(trial, first.id, plan: "one") == .finished)
        }
    }

    @Test func `what others wait for goes on for them`() async throws {
        let builder = TrialBuilder(.gate)
        try await Trial.run(builder, settings: { $0.workers = 1 }) { trial in
            for plan in ["one", "two", "one"] { _ = try await trial.post(sample("shared", plan: place(plan))) }
            let id = sample("shared").id
            try await wait(trial, id, for: .building)
            #expect(try await withdraw(trial, id, plan: "one") == .wanted)
            // Only once, and not in the name of somebody who never asked.
            #expect(try await withdraw(trial, id, plan: "one") == .wanted)
            #expect(try await withdraw(trial, id, plan: "three") == .wanted)
            // An emerge waits for it too; who it is cannot be told from another.
            _ = try await trial.post(sample("shared"))
            _ = try await trial.post(sample("shared"))
            #expect(try await withdraw(trial, id) == .wanted)
            #expect(try await withdraw(trial, id, plan: "two") == .wanted)
            await builder.open()
            #expect(try await trial.get(id, wait: 60).state == .ready)
            #expect(await builder.builds == 1)
        }
    }

    @Test func `a build is wanted by what waits for its package, too`() async throws {
        let builder = TrialBuilder(.gate)
        try await Trial.run(builder, settings: { $0.workers = 2 }) { trial in
            let mine = sample("like", plan: place("one"))
            var theirs = sample("like", plan: place("two"))
            theirs.libc = "sys-libs/glibc-1.0"
            try #require(mine.primaryKey == theirs.primaryKey && mine.id != theirs.id)
            _ = try await trial.post(mine)
            try await wait(trial, mine.id, for: .building)
            _ = try await trial.post(theirs)
            #expect(try await withdraw(trial, mine.id, plan: "one") == .wanted)
            #expect(try await withdraw(trial, theirs.id, plan: "two") == .cancelled)
            await builder.open()
            #expect(try await trial.get(mine.id, wait: 60).state == .ready)
        }
    }

    @Test func `a build that had ended is not stopped the next time`() async throws {
        let running = RunningBuilds()
        func isStopped() async -> Bool? {
            let seen = Trial.Box<Bool>()
            await running.run("a") { seen.value = Task.isCancelled }
            return seen.value
        }
        #expect(await isStopped() == false)
        // On its way out of the queue, it is stopped when it begins; only that one.
        await running.stop("a")
        #expect(await isStopped() == true)
        #expect(await isStopped() == false)
        // It had ended by itself.
        await running.stop("a")
        await running.forgetStop("a")
        #expect(await isStopped() == false)
    }

    @Test func `what was never asked for is not found`() async throws {
        try await Trial.run(TrialBuilder(.endless), working: false) { trial in
            for name in [String(repeating: "a", count: 64), "x"] {
                let response = try await trial.client.execute(uri: "/v1/requests/\(name)", method: .delete)
                #expect(response.status == .notFound)
            }
        }
    }
}
