import BinpkgModel
import BuildEnvironments
import GRDB
import Posix
import Testbed
import Testing

@testable import BinpkgService

@Suite struct QueueTests {
    /// Waits until a request has a state.
    private func wait(_ trial: Trial, _ request: BuildRequest, for state: RequestState) async throws {
        for await _ in await trial.service.changes.stream(of: request.id) {
            if try await trial.service.store.state(request.id) == state { return }
        }
    }

    @Test func whatBlocksMostIsBuiltFirst() async throws {
        let builder = TrialBuilder(.gate)
        try await Trial.run(builder) { trial in
            _ = try await trial.post(sample("first"))
            try await wait(trial, sample("first"), for: .building)
            let requests = [
                sample("alone"), sample("leaf", plan: PlanPlace(id: "world", unblocks: 1)),
                sample("root", plan: PlanPlace(id: "world", unblocks: 40)), sample("late"),
            ]
            for request in requests { _ = try await trial.post(request) }
            #expect(try await trial.get(requests[2].id).position == 1)
            #expect(try await trial.get(requests[3].id).position == 4)
            // The same package in a plan where more waits for it.
            let sooner = try await trial.post(sample("late", plan: PlanPlace(id: "other", unblocks: 20)))
            #expect(sooner.position == 2)
            // What blocks less does not put it back.
            #expect(try await trial.post(sample("late", plan: PlanPlace(id: "x", unblocks: 1))).position == 2)
            await builder.open()
            for request in requests { #expect(try await trial.get(request.id, wait: 60).state == .ready) }
            let names = await builder.built.map { String($0.dropFirst(9).dropLast(4)) }
            #expect(names == ["first", "root", "late", "leaf", "alone"])
        }
    }

    @Test func asManyRunAsThereAreWorkers() async throws {
        let builder = TrialBuilder(.gate)
        try await Trial.run(builder, settings: { $0.workers = 3 }) { trial in
            let requests = (0..<8).map { sample("p\($0)") }
            for request in requests { _ = try await trial.post(request) }
            for request in requests[..<3] { try await wait(trial, request, for: .building) }
            let counts = try await trial.service.store.counts()
            #expect(counts == ["building": 3, "queued": 5])
            await builder.open()
            for request in requests { #expect(try await trial.get(request.id, wait: 60).state == .ready) }
            #expect(await builder.most == 3)
        }
    }

    /// Requests of one key that the same package satisfies are not built beside each other, though they are not equal.
    @Test func likeRequestsWaitForOnePackage() async throws {
        let builder = TrialBuilder(.gate)
        try await Trial.run(builder, settings: { $0.workers = 4 }) { trial in
            let requests = (0..<6).map { number in
                var request = sample
                request.buildDependencies[0].cpv = "lib-demo/beta-1.\(number)"
                return request
            }
            for request in requests { _ = try await trial.post(request) }
            #expect(Set(requests.map(\.id)).count == 6)
            try await wait(trial, requests[0], for: .building)
            await builder.open()
            var artifacts: Set<String?> = []
            for request in requests {
                let answer = try await trial.get(request.id, wait: 60)
                #expect(answer.state == .ready && answer.satisfies(.abi))
                artifacts.insert(answer.artifact)
                #expect(try await trial.log(request.id).contains("data: compiling"))
            }
            #expect(artifacts.count == 1)
            #expect(await builder.builds == 1)
        }
    }

    /// Eight machines update on the same day. Some leave before the end, and come back.
    @Test func stormBuildsEachPackageOnce() async throws {
        let builder = TrialBuilder(.exact([1]))
        try await Trial.run(builder, settings: { $0.workers = 2 }) { trial in
            await withTaskGroup(of: Void.self) { group in
                for client in 0..<8 {
                    group.addTask {
                        for number in (0..<20).shuffled() {
                            guard let answer = try? await trial.post(sample("p\(number)")) else { continue }
                            // The last two machines do not wait for anything.
                            guard client < 6 else { continue }
                            _ = try? await trial.get(answer.id, wait: 60)
                        }
                    }
                    if client == 5 {
                        let leaving = Task { try await trial.get(sample("p0").id, wait: 60) }
                        leaving.cancel()
                    }
                }
                await group.waitForAll()
            }
            for number in 0..<20 {
                let answer = try await trial.obtain(sample("p\(number)"))
                #expect(answer.state == .ready && answer.accuracy == .exact)
            }
            #expect(await builder.built.sorted() == (0..<20).map { "app-demo/p\($0)-1.0" }.sorted())
        }
    }

    @Test func whoLeavesCancelsNothing() async throws {
        let builder = TrialBuilder(.gate)
        try await Trial.run(builder) { trial in
            let id = try await trial.post(sample).id
            let leaving = Task { try await trial.get(id, wait: 60) }
            let staying = Task { try await trial.get(id, wait: 60) }
            try await wait(trial, sample, for: .building)
            leaving.cancel()
            _ = await leaving.result
            await builder.open()
            #expect(try await staying.value.state == .ready)
            #expect(await builder.builds == 1)
        }
    }

    @Test func failureIsRememberedForATime() async throws {
        let builder = TrialBuilder(.failure(.declined(reason: "not here")))
        try await Trial.run(builder, settings: { $0.retrySeconds = 3600 }) { trial in
            for _ in 0..<3 {
                let answer = try await trial.obtain(sample)
                #expect(answer.state == .declined && answer.message == "not here")
            }
            #expect(await builder.builds == 1)
        }
    }

    /// When the builder cannot give what was asked for, the closest is told, and it does not try again at once.
    @Test func lessThanAskedForIsRememberedToo() async throws {
        let builder = TrialBuilder(.package([1]))
        var request = sample
        request.accuracy = .exact
        let wish = request
        try await Trial.run(builder) { trial in
            for _ in 0..<3 {
                let answer = try await trial.obtain(wish)
                #expect(answer.state == .ready && answer.accuracy == .abi && answer.message?.contains("exact") == true)
            }
            #expect(await builder.builds == 1)
        }
    }

    @Test func estimatesAreTheMedianOfTheLastTen() async throws {
        let scratch = try ScratchDirectory()
        let directory = scratch.path
        try Files.makeDirectories(directory)
        let store = try Store(path: directory + "/store.sqlite")
        let none = try await store.estimate(name: "app-demo/delta")
        #expect(none == nil)
        for number in 0..<60 {
            try await store.write { db in
                // The first builds were slow, and one of the last ones.
                let seconds = number < 50 ? 1000.0 : number == 55 ? 9000 : 10 + Double(number - 50)
                try StoredHistory(name: "app-demo/delta", seconds: seconds, finished: Double(number)).insert(db)
            }
        }
        let estimate = try await store.estimate(name: "app-demo/delta")
        #expect(estimate == 15)
        withExtendedLifetime(scratch) {}
    }

    @Test func fullQueueIsSaid() async throws {
        try await Trial.run(TrialBuilder(.endless), working: false, settings: { $0.queueLength = 2 }) { trial in
            for number in 0..<2 { #expect(try await trial.post(sample("p\(number)")).state == .queued) }
            let answer = try await trial.post(sample("p2"))
            #expect(answer.state == .declined && answer.message == "the queue is full")
            #expect(try await trial.post(sample("p1")).state == .queued)
        }
    }

    @Test func fullDiskIsNoEndOfTheService() async throws {
        let builder = TrialBuilder(.exact([1]))
        try await Trial.run(builder, settings: { $0.retrySeconds = 0 }) { trial in
            let directory = trial.service.packages.directory
            try Files.removeTree(directory)
            try Files.replace(directory, with: [])
            let answer = try await trial.obtain(sample)
            #expect(answer.state == .failed && answer.artifact == nil)
            try Files.removeTree(directory)
            try Files.makeDirectories(directory)
            #expect(try await trial.obtain(sample).state == .ready)
        }
    }

    @Test func packageThatWasRemovedIsBuiltAgain() async throws {
        let builder = TrialBuilder(.exact([1]))
        try await Trial.run(builder) { trial in
            let first = try await trial.obtain(sample)
            try Files.removeTree(trial.service.packages.path(first.artifact ?? "?"))
            let gone = try await trial.get(first.id)
            #expect(gone.state == .declined && gone.message?.contains("removed") == true)
            #expect(try await trial.obtain(sample).state == .ready)
            #expect(await builder.builds == 2)
        }
    }
}
