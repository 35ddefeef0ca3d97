import AgentProtocol
import BinpkgModel
import Glibc
import PortageAPI
import Posix
import Synchronization
import Testing

@testable import BinpkgClient

@Suite struct AgentTests {
    /// An agent for a fake machine.
    private func agent(
        _ machine: FakeMachine, portage: FakePortage, answerTimeout: Int = 60_000, log: Log = Log()
    ) -> Agent {
        Agent(paths: ClientPaths(prefix: machine.root), answerTimeout: answerTimeout, log: { log.add($0) }) {
            (_, _) async throws(PortageError) in PortageAPI(transport: portage)
        }
    }

    final class Log: Sendable {
        private let lines = Mutex<[String]>([])
        func add(_ line: String) { lines.withLock { $0.append(line) } }
        var all: [String] { lines.withLock { $0 } }
    }

    /// The setup phase of an emerge that is this very process.
    private var chain: [ProcessChain.Link] { chain(phase: ["/bin/bash", "/usr/lib/portage/ebuild.sh", "setup"]) }

    private func chain(phase: [String], above: [String] = ["/usr/bin/python3", "/usr/bin/emerge", "-1", "x"])
        -> [ProcessChain.Link]
    {
        let own = ProcessChain.chain(from: getpid()).first
        return [
            .init(pid: 3, started: 30, arguments: ["portage-hook", "setup"]),
            .init(pid: 2, started: 20, arguments: phase),
            .init(pid: own?.pid ?? 0, started: own?.started ?? 0, arguments: above),
        ]
    }

    private func staging(_ machine: FakeMachine, pf: String = "alpha-1.0") throws -> StagingDirectory {
        try #require(StagingDirectory(temporaryDirectory: machine.root + "/tmp", category: "dev-demo", pf: pf))
    }

    private func state(_ staging: StagingDirectory) async throws -> StageState {
        while true {
            if let state = staging.readState(), !FileLock.isHeld(staging.lock) { return state }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    @Test func aPackageIsStagedBesideThePhase() async throws {
        let machine = try FakeMachine()
        defer { withExtendedLifetime(machine) {} }
        let log = Log()
        let agent = agent(machine, portage: machine.portage(), log: log)
        let service = FakeService(.init(states: [.building, .ready]))
        try await LoopbackServer.with {
            service.answer($0)
        } _: { server in
            let reply = agent.take(machine.setup(service: server.url, policy: "wait:5m"), from: chain)
            #expect(reply == .accepted)
            let staging = try staging(machine)
            #expect(FileLock.isHeld(staging.lock))
            let state = try await state(staging)
            #expect(state.outcome == .staged)
            let lines = try Files.readText(staging.progress).split(separator: "\n")
            #expect(lines.first?.hasPrefix("dev-demo/alpha-1.0: waiting, at most 5 min") == true, "\(lines)")
            #expect(lines.last?.contains("binary package from \(server.url): waited ") == true, "\(lines)")
            #expect(try Files.list(staging.path) == ["build-info", "emerge", "image", "lock", "progress", "state"])
        }
    }

    @Test func onlyASetupPhaseOfEmergeIsServed() async throws {
        let machine = try FakeMachine()
        defer { withExtendedLifetime(machine) {} }
        let agent = agent(machine, portage: machine.portage())
        let setup = machine.setup(service: "http://127.0.0.1:1")
        let cases: [([ProcessChain.Link], String)] = [
            ([], "cannot be seen"), (chain(phase: ["/bin/bash", "/x/ebuild.sh", "compile"]), "not the setup phase"),
            (chain(phase: ["/bin/bash", "/x/ebuild.sh", "preinst"]), "not the setup phase"),
            (chain(phase: ["/bin/bash", "-c", "x"]), "not the setup phase"),
            (
                chain(
                    phase: ["/bin/bash", "/x/ebuild.sh", "setup"],
                    above: ["/usr/bin/python3", "/usr/bin/ebuild", "x.ebuild", "compile"]), "not belong to emerge"
            ),
        ]
        for (chain, text) in cases {
            guard case .refused(let reason) = agent.take(setup, from: chain) else {
                Issue.record("\(text)")
                continue
            }
            #expect(reason.contains(text))
        }
        let other = machine.setup(service: "http://127.0.0.1:1", changing: ["EPREFIX": "/elsewhere"])
        guard case .refused(let reason) = agent.take(other, from: chain) else { throw CancellationError() }
        #expect(reason.contains("EPREFIX is '/elsewhere'"))
        #expect(try Files.list(machine.root + "/tmp").isEmpty)
        let outside = machine.setup(service: "http://127.0.0.1:1", changing: ["PF": "../../x"])
        guard case .local = agent.take(outside, from: chain) else { throw CancellationError() }
    }

    enum Death: CaseIterable, Sendable {
        case refused, blackHole, silent, truncated, truncatedAnswers
    }

    /// 200 packages: the dead service is tried a few times at most, each for less than a second in all.
    @Test(arguments: Death.allCases)
    func aDeadServiceCostsOnce(_ death: Death) async throws {
        let machine = try FakeMachine()
        defer { withExtendedLifetime(machine) {} }
        let cut = LoopbackServer.Reply.response(200, body: [0x7b], promising: 400)
        var plan = FakeService.Plan()
        switch death {
        case .silent: plan.instead["GET /v1/status"] = .silence
        case .truncated: plan.instead["GET /v1/status"] = cut
        case .truncatedAnswers: plan.instead["POST /v1/requests"] = cut
        case .refused, .blackHole: break
        }
        let service = FakeService(plan)
        let agent = agent(
            machine, portage: machine.portage(), answerTimeout: death == .truncatedAnswers ? 60_000 : 800)
        try await LoopbackServer.with {
            service.answer($0)
        } _: { server in
            // An address for documentation: nothing answers there.
            let url = death == .refused ? "http://127.0.0.1:1" : death == .blackHole ? "http://192.0.2.1:7" : server.url
            var accepted = 0
            for number in 0..<200 {
                let setup = machine.setup(service: url, changing: ["PF": "alpha-\(number)", "EBUILD": "", "SLOT": ""])
                switch agent.take(setup, from: chain) {
                case .accepted:
                    accepted += 1
                    let state = try await state(staging(machine, pf: "alpha-\(number)"))
                    #expect(state.outcome == .local)
                case .local(let reason): #expect(reason.contains("was away a moment ago"))
                case .refused(let reason): Issue.record("\(reason)")
                }
            }
            #expect(accepted == (death == .truncatedAnswers ? 3 : 1))
            // What the agent looks for in the background no package waits for.
            if death == .silent { #expect(service.log.filter { $0 != "GET /v1/status" }.isEmpty) }
            if death == .truncatedAnswers { #expect(service.log.filter { $0.hasPrefix("POST") }.count == 3) }
        }
        #expect(ServiceClient.usualAnswerTimeout < 1000)
    }

    /// The same without the agent: each package is a process of its own, and only the file of the breaker is shared.
    @Test func aDeadServiceCostsOnceInline() async throws {
        let machine = try FakeMachine()
        defer { withExtendedLifetime(machine) {} }
        let service = FakeService(.init(instead: ["GET /v1/status": .silence]))
        try await LoopbackServer.with {
            service.answer($0)
        } _: { server in
            for _ in 0..<200 {
                let portage = machine.portage()
                let report = await Stager(answerTimeout: 400) { PortageAPI(transport: portage) }
                    .stage(machine.setup(service: server.url))
                #expect(report.exitCode == 75)
            }
        }
        #expect(service.log == ["GET /v1/status"])
    }

    @Test func aServiceThatIsBackIsUsedAgain() async throws {
        let machine = try FakeMachine()
        defer { withExtendedLifetime(machine) {} }
        let isBack = Atomic(false)
        let service = FakeService(.init())
        let agent = agent(machine, portage: machine.portage())
        try await LoopbackServer.with { request in
            isBack.load(ordering: .relaxed) ? service.answer(request) : .response(200, body: [1], promising: 9)
        } _: { server in
            let setup = machine.setup(service: server.url)
            #expect(agent.take(setup, from: chain) == .accepted)
            let away = try await state(staging(machine))
            #expect(away.outcome == .local)
            guard case .local = agent.take(setup, from: chain) else { throw CancellationError() }
            isBack.store(true, ordering: .relaxed)
            let breaker = ServiceBreaker(directory: machine.root + "/run/portmanteau", service: server.url)
            while breaker.verdict() != .ask { try await Task.sleep(for: .milliseconds(20)) }
            #expect(agent.take(setup, from: chain) == .accepted)
            let back = try await state(staging(machine))
            #expect(back.outcome == .staged)
        }
    }

    @Test func anEmergeThatIsGoneNeedsNothing() async throws {
        let machine = try FakeMachine()
        defer { withExtendedLifetime(machine) {} }
        let log = Log()
        let agent = agent(machine, portage: machine.portage(), log: log)
        let service = FakeService(.init(states: [.building]))
        try await LoopbackServer.with {
            service.answer($0)
        } _: { server in
            var dead = chain
            dead[2] = .init(pid: dead[2].pid, started: 1, arguments: dead[2].arguments)
            #expect(agent.take(machine.setup(service: server.url, policy: "require"), from: dead) == .accepted)
            while log.all.isEmpty { try await Task.sleep(for: .milliseconds(20)) }
            #expect(log.all == ["dev-demo/alpha-1.0: its emerge is gone"])
            #expect(!Files.exists(try staging(machine).path))
        }
    }

    /// An emerge that is killed and started again at once: the work for the first never reaches the second's directory.
    @Test func aSecondEmergeGetsItsOwn() async throws {
        let machine = try FakeMachine()
        defer { withExtendedLifetime(machine) {} }
        let agent = agent(machine, portage: machine.portage())
        let service = FakeService(.init(states: [.building, .building, .ready]))
        try await LoopbackServer.with {
            service.answer($0)
        } _: { server in
            let setup = machine.setup(service: server.url, policy: "wait:5m")
            #expect(agent.take(setup, from: chain) == .accepted)
            try Files.removeTree(try staging(machine).path)
            #expect(agent.take(setup, from: chain) == .accepted)
            let state = try await state(staging(machine))
            #expect(state.outcome == .staged)
        }
    }
}
