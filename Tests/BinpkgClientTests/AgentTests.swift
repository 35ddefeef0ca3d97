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

    /// The socket is root's, and closed to others; where somebody opened it, the agent still serves root alone.
    @Test func otherUsersAreRefused() async throws {
        let machine = try FakeMachine()
        defer { withExtendedLifetime(machine) {} }
        let log = Log()
        let agent = agent(machine, portage: machine.portage(), log: log)
        let path = machine.root + "/agent.sock"
        let serving = Task {
            let listener = try UnixSocket(listeningAt: path, mode: 0o666)
            try await agent.serve(listener)
        }
        defer { serving.cancel() }
        let script = """
            import socket, sys, time
            for _ in range(600):
                try:
                    agent = socket.socket(socket.AF_UNIX)
                    agent.connect(sys.argv[1])
                    break
                except OSError:
                    time.sleep(0.1)
            try:
                agent.sendall(b"CATEGORY=dev-demo\\0PF=alpha-1.0\\0")
                agent.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # It has answered already, and closed its end.
            print(agent.recv(4096).decode(), end="")
            """
        func ask(_ words: [String]) async throws -> String {
            let result = try ChildProcess.run(
                "/usr/bin/setpriv", words + ["--clear-groups", "/usr/bin/python3", "-c", script, path],
                environment: ["PATH=/usr/bin:/bin"], deadline: .now.advanced(byMilliseconds: 90_000))
            return String(decoding: result.output, as: UTF8.self)
        }
        #expect(try await ask(["--reuid=65534", "--regid=65534"]) == "refused only root may ask\n")
        #expect(log.all.contains { $0.hasSuffix(" of user 65534: refused: only root may ask") }, "\(log.all)")
        // It is not that it refuses everybody for that reason.
        #expect(try await ask(["--reuid=0"]) == "refused the caller is not the setup phase of a package\n")
    }

    enum Death: CaseIterable, Sendable {
        case refused, blackHole, silent, truncated, silentAtRequests, truncatedRequests

        /// How many packages meet it before it counts as away.
        var attempts: Int { self == .truncatedRequests ? 3 : 1 }

        var answerTimeout: Int {
            switch self {
            case .truncatedRequests: 60_000
            case .silentAtRequests: 4000
            case .refused, .blackHole, .silent, .truncated: 800
            }
        }

        func plan() -> FakeService.Plan {
            let cut = LoopbackServer.Reply.response(200, body: [0x7b], promising: 400)
            var plan = FakeService.Plan()
            switch self {
            case .silent: plan.instead["GET /v1/status"] = .silence
            case .truncated: plan.instead["GET /v1/status"] = cut
            case .silentAtRequests: plan.instead["POST /v1/requests"] = .silence
            case .truncatedRequests: plan.instead["POST /v1/requests"] = cut
            case .refused, .blackHole: break
            }
            return plan
        }
    }

    private func milliseconds(since start: MonotonicTime) -> Int {
        Int((MonotonicTime.now.nanoseconds - start.nanoseconds) / 1_000_000)
    }

    /// 200 packages: the dead service is tried by the first one, by three if it answers badly, and then by one after each
    /// pause. Also when there is time enough to see that it says that it is there.
    @Test(arguments: Death.allCases)
    func aDeadServiceCostsOnce(_ death: Death) async throws {
        let machine = try FakeMachine()
        defer { withExtendedLifetime(machine) {} }
        let service = FakeService(death.plan())
        let hole = try BlackHole()
        let isThere = death == .silentAtRequests || death == .truncatedRequests
        let agent = agent(machine, portage: machine.portage(), answerTimeout: death.answerTimeout)
        try await LoopbackServer.with {
            service.answer($0)
        } _: { server in
            let url = death == .refused ? "http://127.0.0.1:1" : death == .blackHole ? hole.url : server.url
            let start = MonotonicTime.now
            var (accepted, tries) = (0, death.attempts)
            var first = start
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
                if accepted == death.attempts, number < death.attempts {
                    first = .now
                    // In this time the agent looks for it in the background.
                    try await Task.sleep(for: .milliseconds(3500))
                }
            }
            // On a machine that has much to do pauses may end.
            tries += milliseconds(since: start) / 30_000
            #expect(accepted >= death.attempts && accepted <= tries, "\(accepted) of \(tries)")
            // If each package tried, it would be minutes.
            #expect(milliseconds(since: first) < 60_000)
            // What the agent looks for in the background no package waits for.
            let posts = service.log.filter { $0.hasPrefix("POST") }.count
            #expect(posts == (isThere ? accepted : 0), "\(service.log)")
            let looks = service.log.count { $0 == "GET /v1/status" }
            #expect(looks <= 10 + accepted, "\(looks)")
        }
        withExtendedLifetime(hole) {}
        #expect(ServiceClient.usualAnswerTimeout < 1000)
    }

    /// After a pause a service that answers no request is tried once more, with little patience; and it is used as ever
    /// when it answers.
    @Test func aServiceThatAnswersNoRequestIsTriedBriefly() async throws {
        let machine = try FakeMachine()
        defer { withExtendedLifetime(machine) {} }
        let isSilent = Atomic(true)
        let service = FakeService(.init())
        try await LoopbackServer.with { request in
            request.method == "POST" && isSilent.load(ordering: .relaxed) ? .silence : service.answer(request)
        } _: { server in
            let paths = ClientPaths(prefix: machine.root)
            let breaker = ServiceBreaker(directory: paths.run, service: server.url)
            let now = MonotonicTime.now
            breaker.noteUnanswered("silent", at: now.advanced(byMilliseconds: -40_000))
            let gate = ServiceGate(paths: paths, answerTimeout: 3000, looksAgain: true, briefly: 3000)
            func stage() async -> StageReport {
                await Stager(gate: gate) { PortageAPI(transport: machine.portage()) }
                    .stage(machine.setup(service: server.url))
            }
            let report = await stage()
            #expect(report.exitCode == 75)
            #expect(report.line.contains("no answer within 3.0 s"), "\(report.line)")
            // Twice as long as before, though it says that it is there.
            try await Task.sleep(for: .milliseconds(1500))
            #expect(breaker.verdict(at: now.advanced(byMilliseconds: 58_000)) != .lookAgain)
            #expect(await stage().line.contains("was away a moment ago"))
            isSilent.store(false, ordering: .relaxed)
            breaker.noteGood()
            breaker.noteUnanswered("silent", at: now.advanced(byMilliseconds: -40_000))
            #expect(await stage().exitCode == 0)
            #expect(breaker.verdict() == .ask && !breaker.isOnTrial)
        }
    }

    /// The same without the agent: each package is a process of its own, and only the file of the breaker is shared.
    @Test(arguments: [(["GET /v1/status"], 400), (["GET /v1/status", "POST /v1/requests"], 4000)])
    func aDeadServiceCostsOnceInline(_ calls: [String], _ answerTimeout: Int) async throws {
        let machine = try FakeMachine()
        defer { withExtendedLifetime(machine) {} }
        // It is silent at the last of these.
        let service = FakeService(.init(instead: [calls.last ?? "": .silence]))
        try await LoopbackServer.with {
            service.answer($0)
        } _: { server in
            for _ in 0..<200 {
                let portage = machine.portage()
                let report = await Stager(answerTimeout: answerTimeout) { PortageAPI(transport: portage) }
                    .stage(machine.setup(service: server.url))
                #expect(report.exitCode == 75)
            }
        }
        #expect(service.log == calls)
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
