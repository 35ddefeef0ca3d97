internal import BinpkgModel
internal import Hummingbird
internal import Logging

/// Taking a request back.
extension BuildService {
    /// Takes the wish of a plan, or of who asked without one, back. What nobody else waits for leaves the queue, or is
    /// stopped. Nil when there is no such request.
    func withdraw(_ id: String, plan: String?, domain: String) async throws -> Withdrawal? {
        switch try await store.withdraw(id, Store.wisher(plan: plan, domain: domain)) {
        case .unknown: return nil
        case .wanted: return Withdrawal(id: id, outcome: .wanted)
        case .finished: return Withdrawal(id: id, outcome: .finished)
        case .removed: break
        case .running:
            await running.stop(id)
            // It may have ended meanwhile; the next build of this name is not to be stopped for that.
            if try await store.state(id, for: domain)?.isFinal == true {
                await running.forgetStop(id)
                return Withdrawal(id: id, outcome: .finished)
            }
        }
        logger.info("withdrawn", metadata: ["id": "\(id)"])
        await changes.tell(id)
        return Withdrawal(id: id, outcome: .cancelled)
    }
}

extension Routes {
    /// Adds `DELETE /v1/requests/ID`, with `?plan=NAME` for a request of a plan.
    func addWithdrawing(to router: Router<ServiceContext>) {
        router.delete("/v1/requests/:id") { request, context in
            let id = try id(context)
            let plan = request.uri.queryParameters.get("plan").map { String($0) }
            let found = try await service.withdraw(id, plan: plan, domain: context.caller.domain)
            guard let answer = found else { throw Self.notFound }
            return try JSONAnswer.response(answer)
        }
    }
}
