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
        } catch let error as ProblemDocument {
            return try Self.response(error)
        } catch let error as AccessRefusal {
            var response = try Self.response(error.problem)
            response.headers[.wwwAuthenticate] = error.challenge
            return response
        } catch is HTTPParserError {
            return try Self.response(400, "not HTTP", "the body is not as HTTP/1.1 has it")
        } catch let error as HTTPError {
            return try Self.response(error.status.code, error.status.reasonPhrase, error.body ?? "\(request.uri.path)")
        } catch let error as InvalidRequest {
            return try Self.response(422, "invalid request", error.description)
        } catch let error as DecodingError {
            return try Self.response(400, "not a request", Self.sentence(error))
        } catch let error as ServiceError {
            // Who asked is gone, and so is the question to the store.
            if !Task.isCancelled { context.logger.error("request failed", metadata: ["error": "\(error)"]) }
            return try Self.response(500, "the service failed", "the store cannot be used; the service's log says more")
        } catch let error as any HTTPResponseError {
            return try Self.response(error.status.code, error.status.reasonPhrase, "the request cannot be read")
        } catch {
            context.logger.error("request failed", metadata: ["error": "\(error)"])
            return try Self.response(500, "the service failed", "the service's log says more")
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
