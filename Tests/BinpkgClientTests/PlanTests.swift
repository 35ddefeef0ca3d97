import BinpkgModel
import FoundationEssentials
import PortageAPI
import Posix
import Synchronization
import Testing

@testable import BinpkgClient

/// A service that answers plans as it is told; every part can be spoilt.
private final class FakePlans: Sendable {
    struct Script: Sendable {
        /// What is said of a request, for each time that it is asked for.
        var items: [PlanItem] = []
        /// A wrong answer instead of all others, per "METHOD /path".
        var instead: [String: LoopbackServer.Reply] = [:]
        /// Whether the key is that of the request.
        var tellsKey = true
        /// How many items more than asked for.
        var surplus = 0
    }

    static let artifact = Array("package".utf8)
    private let script: Script
    private let state = Mutex<(log: [String], uploads: [String], asked: Int, id: String)>(([], [], 0, ""))

    init(_ script: Script) { self.script = script }

    var log: [String] { state.withLock { $0.log } }
    var uploads: [String] { state.withLock { $0.uploads } }

    func answer(_ request: LoopbackServer.Request) -> LoopbackServer.Reply {
        let path = request.target.split(separator: "?")[0]
        let call = "\(request.method) \(path)"
        state.withLock { $0.log.append("\(request.method) \(request.target)") }
        if let reply = script.instead[call] { return reply }
        if path.hasPrefix("/v1/artifacts/") {
            if let reply = script.instead["artifact"] { return reply }
            return .response(
                200, body: Self.artifact, headers: ["Digest: sha-256=\(ContentHash.sha256(Self.artifact))"])
        }
        if path.hasPrefix("/v1/content/") {
            state.withLock { $0.uploads.append(String(path.dropFirst(12))) }
            return .response(201)
        }
        switch call {
        case "GET /v1/status": return .response(200, body: Array(#"{"version": "1"}"#.utf8))
        case "POST /v1/plans":
            guard let question = try? JSONDecoder().decode(PlanQuestion.self, from: Data(request.body)) else {
                return .response(400)
            }
            return reply(question.requests.map { ($0.id, $0.primaryKey) })
        case "POST /v1/plans/states":
            guard let question = try? JSONDecoder().decode(PlanStates.self, from: Data(request.body)) else {
                return .response(400)
            }
            return reply(question.ids.map { ($0, "") })
        default: return .response(404)
        }
    }

    private func reply(_ wanted: [(id: String, key: String)]) -> LoopbackServer.Reply {
        let number = state.withLock { state in
            state.asked += 1
            return min(state.asked, script.items.count) - 1
        }
        var items = wanted.map { id, key in
            var item = script.items[number]
            if item.answer?.id == "" { item.answer?.id = id }
            if script.tellsKey { item.answer?.key = key }
            return item
        }
        for _ in 0..<script.surplus { items.append(PlanItem(answer: nil)) }
        return .response(200, body: (try? JSONEncoder().encode(PlanReply(items: items))).map(Array.init) ?? [])
    }
}

@Suite struct PlanTests {
    private static func item(
        _ state: RequestState, accuracy: Accuracy? = nil, missing: [String] = [], message: String? = nil,
        nearest: [String]? = nil, canBeBuilt: Bool = false, artifact: String? = nil
    ) -> PlanItem {
        PlanItem(
            answer: RequestAnswer(
                id: "", key: "other", state: state, accuracy: accuracy,
                artifact: artifact ?? (state == .ready ? ContentHash.sha256(FakePlans.artifact) : nil),
                nearest: nearest.map {
                    NearestPackage(key: "k", artifact: "a", accuracy: nil, differences: $0)
                }, missing: missing, estimateSeconds: 12, message: message), canBeBuilt: canBeBuilt)
    }

    private static let hit = item(.ready, accuracy: .exact)
    private static let wanted = item(.declined, message: "only looked up", canBeBuilt: true)

    /// A machine whose Portage plans dev-demo/alpha-1.0.
    private struct Stage {
        let machine: FakeMachine
        let portage: FakePortage

        /// - Parameter replacing: parts of the list, and what is there instead.
        init(changing: [String: String] = [:], replacing: [String: String] = [:]) throws {
            machine = try FakeMachine()
            var merge = """
                {"isSolved": true, "messages": "", "packages": [{"kind": "binary", "isCompiled": true,
                "properties": [], "inherited": [], "cpv": "dev-demo/alpha-1.0",
                "repository": "demo", "slot": "0", "subSlot": "2", "use": ["doc"], "replaces": null, "unblocks": 3,
                "inputs": \(machine.keyInputs)}]}
                """
            for (old, new) in replacing { merge = merge.replacing(old, with: new) }
            portage = machine.portage(changing: ["plan": merge, "index_packages": "[]"].merging(changing) { $1 })
        }
    }

    private func plan(
        _ stage: Stage, _ url: String, isRequired: Bool = false,
        refusal: @escaping @Sendable (PlannedPackage) -> String? = { _ in nil }
    ) async throws -> PlanDraft {
        try await PlanMaker(
            prefix: stage.machine.root, service: url, accuracy: .abi, answerTimeout: 60_000, refusal: refusal
        ) { [portage = stage.portage] in
            PortageAPI(transport: portage)
        }.plan(["dev-demo/alpha"], isRequired: isRequired)
    }

    private func run(_ stage: Stage, _ draft: PlanDraft) async throws -> Plan {
        let run = PlanRun(
            portage: PortageAPI(transport: stage.portage), prefix: stage.machine.root, answerTimeout: 60_000,
            progress: { _ in },
            isInterrupted: { false })
        guard case .finished(let plan) = try await run.follow(try await run.send(draft)) else { return draft.plan }
        return plan
    }

    private func withScript<Value: Sendable>(
        _ script: FakePlans.Script, _ body: (FakePlans, String) async throws -> Value
    ) async throws -> Value {
        let fake = FakePlans(script)
        return try await LoopbackServer.with {
            fake.answer($0)
        } _: {
            try await body(fake, $0.url)
        }
    }

    @Test func `what the service has is fetched, verified and indexed`() async throws {
        let stage = try Stage()
        try await withScript(.init(items: [Self.hit])) { fake, url in
            let draft = try await plan(stage, url)
            #expect(draft.plan.packages.map(\.verdict) == [.hit])
            #expect(draft.plan.packages.first?.request?.plan == PlanPlace(id: draft.plan.id, unblocks: 3))
            let done = try await run(stage, draft)
            #expect(done.packages.first?.file == "dev-demo/alpha/alpha-1.0-1.gpkg.tar")
            let directory = PlanDirectory(prefix: stage.machine.root)
            let path = directory.packages(done.id) + "/dev-demo/alpha/alpha-1.0-1.gpkg.tar"
            #expect(try Files.read(path) == FakePlans.artifact)
            #expect(await stage.portage.calls == ["plan", "check_package", "index_packages"])
            #expect(fake.uploads.isEmpty)
            #expect(try directory.load(done.id) == done)
            #expect(directory.all() == [done])
            #expect(!directory.hasOthers(done.id, than: ["dev-demo/alpha/alpha-1.0-1.gpkg.tar"]))
            #expect(directory.hasOthers(done.id, than: []))
            try directory.remove(done.id)
            #expect(directory.all().isEmpty)
        }
    }

    @Test func `only the content that is missing is sent, and the build is waited for`() async throws {
        let stage = try Stage()
        let hash = ContentHash.sha256(Array("EAPI=8\n".utf8))
        let script = FakePlans.Script(items: [
            Self.wanted, Self.item(.declined, missing: [hash]), Self.item(.queued), Self.item(.building), Self.hit,
        ])
        try await withScript(script) { fake, url in
            let draft = try await plan(stage, url)
            #expect(draft.plan.packages.map(\.verdict) == [.build])
            #expect(draft.plan.estimateSeconds == 12)
            let done = try await run(stage, draft)
            #expect(done.packages.map(\.verdict) == [.hit])
            #expect(fake.uploads == [hash])
            #expect(
                fake.log.filter { $0.contains("plans") } == [
                    "POST /v1/plans?build=no", "POST /v1/plans", "POST /v1/plans", "POST /v1/plans/states",
                    "POST /v1/plans/states",
                ])
        }
    }

    @Test func `what differs is named`() async throws {
        let stage = try Stage()
        let near = Self.item(
            .declined, message: "only looked up", nearest: ["CFLAGS: -O2 ≠ -O3\n"], canBeBuilt: true)
        try await withScript(.init(items: [near])) { _, url in
            let package = try await plan(stage, url).plan.packages.first
            #expect(package?.verdict == .near)
            #expect(package?.reasons == ["CFLAGS: -O2 ≠ -O3\\n"])
        }
    }

    @Test func `what is not provided is taken from its ebuild, unless that is forbidden`() async throws {
        let stage = try Stage()
        let script = FakePlans.Script(items: [Self.item(.declined, message: "not built for others: kernel")])
        try await withScript(script) { _, url in
            let required = try await plan(stage, url, isRequired: true).plan
            #expect(required.packages.map(\.verdict) == [.cannot])
            #expect(required.packages.first?.reasons == ["not built for others: kernel"])
            #expect(await stage.portage.calls == ["plan"])
            // Portage is asked again, without it.
            _ = try await plan(stage, url)
            #expect(await stage.portage.calls == ["plan", "plan", "plan"])
        }
    }

    @Test func `what is never asked for is not asked for, and says why`() async throws {
        let stage = try Stage()
        try await withScript(.init(items: [Self.hit])) { fake, url in
            for isRequired in [false, true] {
                let never = try await plan(stage, url, isRequired: isRequired) { "\($0.cpv): never" }.plan
                #expect(never.packages.map(\.verdict) == [.cannot])
                #expect(never.packages.first?.reasons == ["dev-demo/alpha-1.0: never"])
                #expect(never.packages.first?.request == nil)
            }
            #expect(fake.log.filter { $0.hasPrefix("POST") }.isEmpty, "\(fake.log)")
            // What needs no compiler must come from the service only where everything must.
            let bare = try Stage(replacing: ["\"isCompiled\": true": "\"isCompiled\": false"])
            let asked = try await plan(bare, url, isRequired: true) { _ in "never" }.plan
            #expect(asked.packages.map(\.verdict) == [.hit])
        }
    }

    @Test func `what emerge builds for another reason is not said to need no compiler`() async throws {
        try await withScript(.init(items: [Self.hit])) { _, url in
            let kinds = ["\"isCompiled\": true": PlanPackage.Verdict.cannot, "\"isCompiled\": false": .ebuild]
            for (compiled, verdict) in kinds {
                let stage = try Stage(replacing: [
                    "\"isCompiled\": true": compiled, "\"kind\": \"binary\"": "\"kind\": \"ebuild\"",
                    "\"inputs\": ": "\"inputs\": null, \"others\": ",
                ])
                #expect(try await plan(stage, url).plan.packages.map(\.verdict) == [verdict])
            }
        }
    }

    /// A spoilt service or package, and what follows.
    struct Trouble: Sendable, CustomTestStringConvertible {
        var name: String
        var items: [PlanItem] = [PlanTests.hit]
        var instead: [String: LoopbackServer.Reply] = [:]
        var tellsKey = true
        var surplus = 0
        var portage: [String: String] = [:]
        var text: String

        var testDescription: String { name }
    }

    @Test(arguments: [
        Trouble(name: "another key", tellsKey: false, text: "another key for dev-demo/alpha-1.0"),
        Trouble(name: "more items", surplus: 1, text: "speaks of 2 requests and was asked for 1"),
        Trouble(
            name: "no JSON", instead: ["POST /v1/plans": .response(200, body: [60])], text: "no answer to a plan: <"),
        Trouble(name: "status 500", instead: ["POST /v1/plans": .response(500)], text: "status 500"),
        Trouble(
            name: "a path for a name", items: [PlanTests.item(.ready, accuracy: .exact, artifact: "../../etc/passwd")],
            text: "no SHA-256"),
        Trouble(
            name: "content of others",
            items: [PlanTests.wanted, PlanTests.item(.declined, missing: [String(repeating: "a", count: 64)])],
            text: "content that is no part of a request"),
        Trouble(name: "truncated", instead: ["artifact": .response(200, body: [1], promising: 99)], text: ""),
        Trouble(
            name: "wrong hash",
            instead: [
                "artifact": .response(
                    200, body: [1], headers: ["Digest: sha-256=" + String(repeating: "0", count: 64)])
            ], text: "SHA-256 is 4bf5122f"),
        Trouble(
            name: "altered package", portage: ["check_package": "raise DigestException: image.tar"],
            text: "cannot be used: OSError: DigestException: image.tar"),
        Trouble(
            name: "another package",
            portage: ["check_package": FakeMachine.metadata.replacing("CHOST", with: "riscv64-unknown-linux-gnu")],
            text: "not what was asked for: its CHOST"),
        Trouble(name: "accepts and is silent", instead: ["POST /v1/plans": .bytes([], close: true)], text: ""),
    ])
    func `nothing wrong is taken`(_ trouble: Trouble) async throws {
        let stage = try Stage(changing: trouble.portage)
        let script = FakePlans.Script(
            items: trouble.items, instead: trouble.instead, tellsKey: trouble.tellsKey, surplus: trouble.surplus)
        try await withScript(script) { _, url in
            var reason = ""
            do {
                let done = try await run(stage, try await plan(stage, url))
                #expect(done.packages.map(\.verdict) == [.cannot])
                #expect(done.packages.allSatisfy { $0.file == nil })
                reason = done.packages.first?.reasons.first ?? ""
            } catch let error as StageFailure {
                reason = error.reason
            }
            #expect(reason.contains(trouble.text), "\(reason)")
            let plans = stage.machine.root + "/var/cache/portmanteau/plans"
            for id in (try? Files.list(plans)) ?? [] {
                #expect(try Files.list("\(plans)/\(id)/packages").allSatisfy { $0 == "dev-demo" })
                #expect(!Files.exists("\(plans)/\(id)/packages/dev-demo/alpha/alpha-1.0-1.gpkg.tar"))
            }
        }
    }

    @Test func `a service that is away is told apart`() async throws {
        let stage = try Stage()
        await #expect(throws: StageFailure.self) { try await plan(stage, "http://127.0.0.1:1") }
        #expect(await stage.portage.calls.isEmpty)
        #expect(!Files.exists(stage.machine.root + "/var/cache/portmanteau/plans"))
    }

    @Test(arguments: ["", "..", "a/b", "x y", "nosuch"]) func `a plan is a plain name`(_ id: String) throws {
        let machine = try FakeMachine()
        #expect(throws: StageFailure.self) { try PlanDirectory(prefix: machine.root).load(id) }
    }

    @Test func `every byte of a request is shown`() throws {
        let machine = try FakeMachine()
        let inputs = try JSONDecoder().decode(KeyInputs.self, from: Data(machine.keyInputs.utf8))
        let prepared = try RequestMaker.request(for: inputs, accuracy: .abi)
        let sent = try SentBytes(prepared, service: "http://127.0.0.1:1", hasToken: true)
        #expect(try JSONDecoder().decode(BuildRequest.self, from: Data(sent.body)) == prepared.request)
        #expect(sent.head.contains("Content-Length: \(sent.body.count)"))
        let names = prepared.request.allContent.map(\.name)
        #expect(names.count { $0 == "demo.eclass" } == 2 && names.contains("spin-3.ebuild"))
        #expect(sent.files.map(\.item.sha256).sorted() == Set(prepared.request.allContent.map(\.sha256)).sorted())
        #expect(sent.files.allSatisfy { ContentHash.sha256($0.bytes) == $0.item.sha256 })
    }
}
