internal import BinpkgModel
internal import BuildEnvironments
internal import FoundationEssentials
internal import Hummingbird

/// Many requests in one exchange: what a machine that is going to merge a list of packages sends.
extension Routes {
    /// Adds `POST /v1/plans` and `POST /v1/plans/states`.
    func addPlans(to router: Router<ServiceContext>) {
        router.post("/v1/plans") { request, context in try await plan(request, context.caller) }
        router.post("/v1/plans/states") { request, context in try await states(request, context.caller) }
    }

    private func plan(_ request: Request, _ caller: Caller) async throws -> Response {
        let body = try await collect(request, limit: service.configuration.planBytes)
        let question = try JSONDecoder().decode(PlanQuestion.self, from: Data(body))
        try Self.limit(question.requests.count)
        let mayBuild = request.uri.queryParameters.get("build") != "no"
        var reply = PlanReply(items: [])
        for wanted in question.requests {
            reply.items.append(try await item(wanted, mayBuild: mayBuild, caller.domain))
        }
        return try JSONAnswer.response(reply)
    }

    private func states(_ request: Request, _ caller: Caller) async throws -> Response {
        let body = try await collect(request, limit: service.configuration.requestBytes)
        let question = try JSONDecoder().decode(PlanStates.self, from: Data(body))
        try Self.limit(question.ids.count)
        var reply = PlanReply(items: [])
        for id in question.ids {
            let answer =
                ContentHash.isHash(id) ? try await service.answer(id: id, trustDomain: caller.domain) : nil
            reply.items.append(
                PlanItem(answer: answer, problem: answer == nil ? "no such request was made here" : nil))
        }
        return try JSONAnswer.response(reply)
    }

    private static func limit(_ count: Int) throws {
        guard count <= PlanQuestion.maximumCount else {
            throw ProblemDocument(
                title: "too many", status: 413, detail: "more than \(PlanQuestion.maximumCount) requests at once")
        }
    }

    /// One request that cannot be used does not spoil the others.
    private func item(
        _ wanted: BuildRequest, mayBuild: Bool, _ domain: String
    ) async throws -> PlanItem {
        do {
            guard mayBuild else { return try await service.preview(wanted, trustDomain: domain) }
            return PlanItem(answer: try await service.submit(wanted, mayBuild: true, trustDomain: domain))
        } catch let error as InvalidRequest {
            return PlanItem(answer: nil, problem: "the request is not valid: \(error.description)")
        }
    }
}

extension BuildService {
    /// Looks a request up and says whether it would be built. Nothing is queued.
    func preview(_ request: BuildRequest, trustDomain: String) async throws -> PlanItem {
        var answer = try await submit(request, mayBuild: false, trustDomain: trustDomain)
        guard answer.state == .declined, answer.message == Self.onlyLookedUp else { return PlanItem(answer: answer) }
        if let reason = request.hostBoundReason {
            answer.message = "not built for others: \(reason)"
            return PlanItem(answer: answer)
        }
        do {
            _ = try await engine.itemsFromOutside(request)
        } catch {
            answer.message = error.description
            return PlanItem(answer: answer)
        }
        return PlanItem(answer: answer, canBeBuilt: true)
    }
}
