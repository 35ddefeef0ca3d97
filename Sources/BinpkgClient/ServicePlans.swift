import BinpkgModel
import FoundationEssentials
import Posix

/// Many requests in one exchange.
extension ServiceClient {
    /// Milliseconds for each request of a question, beside the usual ones.
    private static let patience = 200

    /// Looks requests up, or asks for them all.
    func plan(_ requests: [BuildRequest], build: Bool) async throws(ServiceError) -> [PlanItem] {
        var items: [PlanItem] = []
        for part in Self.parts(requests) {
            let found = try await exchange(
                "/v1/plans" + (build ? "" : "?build=no"), PlanQuestion(requests: part), count: part.count)
            for (item, request) in zip(found, part) {
                guard item.answer.map({ $0.key == request.primaryKey }) ?? true else {
                    throw .unintelligible("it computes another key for \(request.cpv.printable)")
                }
            }
            items += found
        }
        return items
    }

    /// Where requests stand.
    func states(of ids: [String]) async throws(ServiceError) -> [PlanItem] {
        var items: [PlanItem] = []
        for part in Self.parts(ids) {
            let found = try await exchange("/v1/plans/states", PlanStates(ids: part), count: part.count)
            for (item, id) in zip(found, part) {
                guard item.answer.map({ $0.id == id }) ?? true else {
                    throw .unintelligible("it speaks of another request")
                }
            }
            items += found
        }
        return items
    }

    /// Takes a request of a plan back; nil when the service does not know it.
    func withdraw(_ id: String, plan: String) async throws(ServiceError) -> Withdrawal? {
        let bytes: [UInt8]
        do {
            bytes = try await send("/v1/requests/\(id)?plan=\(plan)", method: "DELETE")
        } catch .problem(let problem) where problem.status == 404 {
            return nil
        }
        guard let answer = try? JSONDecoder().decode(Withdrawal.self, from: Data(bytes)), answer.id == id else {
            throw .unintelligible("no answer to a withdrawal: \(String(decoding: bytes.prefix(100), as: UTF8.self))")
        }
        return answer
    }

    private func exchange(
        _ path: String, _ question: some Encodable, count: Int
    ) async throws(ServiceError) -> [PlanItem] {
        let body = try Self.encode(question)
        let bytes = try await send(
            path, method: "POST", headers: [("Content-Type", "application/json")], body: body,
            patience: Self.patience * (count + 25))
        guard let reply = try? JSONDecoder().decode(PlanReply.self, from: Data(bytes)) else {
            throw .unintelligible("no answer to a plan: \(String(decoding: bytes.prefix(100), as: UTF8.self))")
        }
        guard reply.items.count == count else {
            throw .unintelligible("it speaks of \(reply.items.count) requests and was asked for \(count)")
        }
        for answer in reply.items.compactMap(\.answer) {
            guard ContentHash.isHash(answer.id), answer.artifact.map(ContentHash.isHash) ?? true else {
                throw .unintelligible("a name in it is no SHA-256")
            }
        }
        return reply.items
    }

    /// As many at once as an answer of limited size has room for.
    private static func parts<Element>(_ list: [Element]) -> [[Element]] {
        stride(from: 0, to: list.count, by: 128).map { Array(list[$0..<min($0 + 128, list.count)]) }
    }
}
