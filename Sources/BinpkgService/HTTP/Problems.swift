internal import BinpkgModel
internal import FoundationEssentials
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOCore
internal import NIOHTTP1

/// Turns every error into a problem document.
struct ProblemMiddleware<Context: RequestContext>: RouterMiddleware {
    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            let response = try Self.response(to: error, request, context)
            return request.method == .head ? response.createHeadResponse() : response
        }
    }

    private static func response(to error: any Error, _ request: Request, _ context: Context) throws -> Response {
        switch error {
        case let error as ProblemDocument: return try response(error)
        case let error as AccessRefusal:
            var response = try response(error.problem)
            response.headers[.wwwAuthenticate] = error.challenge
            return response
        case is HTTPParserError: return try response(400, "not HTTP", "the body is not as HTTP/1.1 has it")
        case let error as HTTPError:
            return try response(error.status.code, error.status.reasonPhrase, error.body ?? "\(request.uri.path)")
        case let error as InvalidRequest: return try response(422, "invalid request", error.description)
        case let error as DecodingError: return try response(400, "not a request", sentence(error))
        case let error as ServiceError:
            // Who asked is gone, and so is the question to the store.
            if !Task.isCancelled { context.logger.error("request failed", metadata: ["error": "\(error)"]) }
            return try response(500, "the service failed", "the store cannot be used; the service's log says more")
        case let error as any HTTPResponseError:
            return try response(error.status.code, error.status.reasonPhrase, "the request cannot be read")
        default:
            context.logger.error("request failed", metadata: ["error": "\(error)"])
            return try response(500, "the service failed", "the service's log says more")
        }
    }

    private static func response(_ status: Int, _ title: String, _ detail: String) throws -> Response {
        try response(ProblemDocument(title: title, status: status, detail: detail))
    }

    private static func response(_ problem: ProblemDocument) throws -> Response {
        var response = try JSONAnswer.response(
            problem, status: .init(code: problem.status), type: ProblemDocument.mediaType)
        if let seconds = problem.retryAfter { response.headers[.retryAfter] = "\(seconds)" }
        return response
    }

    private static func sentence(_ error: DecodingError) -> String {
        func name(_ path: [any CodingKey]) -> String { path.map(\.stringValue).joined(separator: ".") }
        return switch error {
        case .keyNotFound(let key, let context): "missing key '\(name(context.codingPath + [key]))'"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "'\(name(context.codingPath))' has the wrong type"
        case .dataCorrupted(let context):
            context.codingPath.isEmpty
                ? "this is no JSON" : "'\(name(context.codingPath))': \(context.debugDescription)"
        @unknown default: "this is no request"
        }
    }
}

/// Answers in JSON.
enum JSONAnswer {
    /// A response of a value.
    static func response(
        _ value: some Encodable, status: HTTPResponse.Status = .ok, type: String = "application/json"
    ) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let data = try encoder.encode(value)
        return Response(
            status: status, headers: [.contentType: type], body: .init(byteBuffer: ByteBuffer(bytes: Array(data))))
    }
}
