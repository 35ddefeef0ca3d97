import BinpkgModel
import FoundationEssentials
import Synchronization

/// A service that knows the protocol and does as it is told, on top of `LoopbackServer`.
final class FakeService: Sendable {
    /// What it does; every part can be spoilt.
    struct Plan: Sendable {
        /// States of the answers, one after the other; the last one stays.
        var states: [RequestState] = [.ready]
        var accuracy: Accuracy? = .exact
        var differences: [String] = []
        var message: String?
        var estimate: Double?
        /// Whether it asks for the content once.
        var wantsContent = false
        /// A wrong answer instead of all others, per "METHOD /path".
        var instead: [String: LoopbackServer.Reply] = [:]
        var artifact: [UInt8] = Array("package".utf8)
        /// Packages by CPV; others are declined. Empty: every package is `artifact`.
        var packages: [String: [UInt8]] = [:]
        /// Packages that are being built until `release` is called.
        var held: Set<String> = []
        var id: String?
    }

    private struct State {
        var id = String(repeating: "0", count: 64)
        var asked = 0
        /// CPVs by id.
        var names: [String: String] = [:]
        var isReleased = false
        var content: [String: Int] = [:]
        var log: [String] = []
    }

    private let plan: Plan
    private let state = Mutex(State())

    init(_ plan: Plan) { self.plan = plan }

    /// The requests so far, "METHOD /path".
    var log: [String] { state.withLock { $0.log } }
    /// Lets the held packages be ready.
    func release() { state.withLock { $0.isReleased = true } }
    /// Hash and size of what was uploaded.
    var uploads: [String: Int] { state.withLock { $0.content } }

    func answer(_ request: LoopbackServer.Request) -> LoopbackServer.Reply {
        let path = request.target.split(separator: "?")[0].split(separator: "/").prefix(2).joined(separator: "/")
        let call = "\(request.method) /\(path)"
        state.withLock { $0.log.append(request.method + " " + request.target) }
        if let reply = plan.instead[call] { return reply }
        switch call {
        case "GET /v1/status": return .response(200, body: Array(#"{"version": "1"}"#.utf8))
        case "PUT /v1/content":
            let hash = String(request.target.split(separator: "/").last ?? "")
            guard ContentHash.sha256(request.body) == hash else { return .response(400) }
            state.withLock { $0.content[hash] = request.body.count }
            return .response(201)
        case "POST /v1/requests":
            guard let asked = try? JSONDecoder().decode(BuildRequest.self, from: Data(request.body)) else {
                return .response(400)
            }
            let missing = asked.content.map(\.sha256).filter { hash in state.withLock { $0.content[hash] == nil } }
            let id = plan.id ?? asked.primaryKey
            state.withLock {
                $0.id = id
                $0.names[id] = asked.cpv
            }
            return json(id, missing: plan.wantsContent ? missing : [])
        case "GET /v1/requests" where request.target.hasSuffix("/log"): return .response(404)
        case "GET /v1/requests": return json(Self.id(in: request.target), missing: [])
        case "GET /v1/artifacts":
            let name = state.withLock { $0.names[Self.id(in: request.target)] ?? "" }
            let artifact = plan.packages[name] ?? plan.artifact
            return .response(200, body: artifact, headers: ["Digest: sha-256=\(ContentHash.sha256(artifact))"])
        default: return .response(404)
        }
    }

    private static func id(in target: String) -> String {
        String(target.split(separator: "?")[0].split(separator: "/").dropFirst(2).first ?? "")
    }

    /// The state of a package that has a name of its own; nil: the plan's states count.
    private func ownState(_ id: String, _ state: State) -> RequestState? {
        guard !plan.packages.isEmpty, let name = state.names[id] else { return nil }
        if plan.packages[name] == nil { return .declined }
        return plan.held.contains(name) && !state.isReleased ? .building : .ready
    }

    private func json(_ id: String, missing: [String]) -> LoopbackServer.Reply {
        let answer = state.withLock { state in
            if let own = ownState(id, state) {
                return RequestAnswer(
                    id: id, key: id, state: own, accuracy: plan.accuracy, artifact: own == .ready ? id : nil,
                    buildSeconds: 12)
            }
            let current = missing.isEmpty ? plan.states[min(state.asked, plan.states.count - 1)] : .declined
            if missing.isEmpty { state.asked += 1 }
            return RequestAnswer(
                id: id, key: id, state: current, accuracy: plan.accuracy,
                artifact: current == .ready ? ContentHash.sha256(plan.artifact) : nil, differences: plan.differences,
                missing: missing, estimateSeconds: plan.estimate, buildSeconds: 12, message: plan.message)
        }
        return .response(200, body: (try? JSONEncoder().encode(answer)).map(Array.init) ?? [])
    }
}
