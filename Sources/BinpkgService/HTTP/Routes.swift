internal import BinpkgModel
internal import FoundationEssentials
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOCore

/// The HTTP interface, version 1.
struct Routes: Sendable {
    let service: BuildService

    /// The longest that a request waits for a state, in seconds.
    private static let longestWait = 300.0

    /// All routes.
    func router() -> Router<ServiceContext> {
        let router = Router(context: ServiceContext.self)
        let counts = CallerCounts(limits: service.configuration.limits)
        router.add(middleware: ProblemMiddleware())
        router.add(
            middleware: TokenAccess(
                tokens: TokenBook(store: service.store), isRequired: !service.configuration.isLoopback, counts: counts,
                openBinhosts: Set(service.configuration.binhosts.filter { !$0.needsToken }.map(\.name))))
        router.add(middleware: CallerLimits(counts: counts))
        router.post("/v1/requests") { request, context in try await post(request, context) }
        router.get("/v1/requests/:id") { request, context in try await state(request, context) }
        router.get("/v1/requests/:id/log") { request, context in try await log(request, context) }
        router.put("/v1/content/:hash") { request, context in try await put(request, context) }
        addArtifacts(to: router)
        addBinhosts(to: router)
        addPlans(to: router)
        addHealth(to: router)
        addOverview(to: router)
        addWithdrawing(to: router)
        router.get("/v1/status") { _, _ in
            try JSONAnswer.response(Status(version: BinpkgServer.version, builds: try await service.store.counts()))
        }
        PageRoutes.add(to: router)
        return router
    }

    private struct Status: Encodable {
        let version: String
        let builds: [String: Int]
    }

    func id(_ context: ServiceContext) throws -> String {
        let id = try context.parameters.require("id")
        guard ContentHash.isHash(id) else { throw Self.notFound }
        return id
    }

    static let notFound = ProblemDocument(
        title: "not found", status: 404, detail: "no such request was made here")

    private func post(_ request: Request, _ context: ServiceContext) async throws -> Response {
        let body = try await collect(request, limit: service.configuration.requestBytes)
        let wanted = try JSONDecoder().decode(BuildRequest.self, from: Data(body))
        let mayBuild = request.uri.queryParameters.get("build") != "no"
        let answer = try await service.submit(
            wanted, mayBuild: mayBuild, trustDomain: context.caller.domain)
        return try JSONAnswer.response(answer, status: answer.state.isFinal ? .ok : .accepted)
    }

    private func state(_ request: Request, _ context: ServiceContext) async throws -> Response {
        let id = try id(context)
        let wanted = request.uri.queryParameters.get("wait").flatMap { Double(String($0)) } ?? 0
        let seconds = wanted.isFinite ? min(max(wanted, 0), Self.longestWait) : 0
        let found = try await service.answer(id: id, waiting: seconds, trustDomain: context.caller.domain)
        guard let answer = found else { throw Self.notFound }
        return try JSONAnswer.response(answer, status: answer.state.isFinal ? .ok : .accepted)
    }

    private func put(_ request: Request, _ context: ServiceContext) async throws -> Response {
        let hash = try context.parameters.require("hash")
        guard ContentHash.isHash(hash) else {
            throw ProblemDocument(title: "no hash", status: 400, detail: "the name is no SHA-256 in lower-case digits")
        }
        let bytes = try await collect(request, limit: service.configuration.contentBytes)
        do {
            try await service.take(hash, bytes, from: context.caller.domain)
        } catch ContentStore.Refusal.otherHash(let found) {
            throw ProblemDocument(
                title: "other content", status: 422, detail: "the bytes that came have SHA-256 \(found)")
        } catch ContentStore.Refusal.notWritten(let reason) {
            context.logger.error("cannot store content", metadata: ["error": "\(reason)"])
            throw ProblemDocument(title: "not stored", status: 507, detail: "the service cannot store this now")
        }
        return Response(status: .created)
    }

    func collect(_ request: Request, limit: Int) async throws -> [UInt8] {
        let tooLarge = ProblemDocument(
            title: "too large", status: 413, detail: "more than \(limit) bytes are not taken here")
        let length = request.headers[.contentLength].flatMap { Int($0) }
        if let length, length > limit { throw tooLarge }
        var bytes: [UInt8] = []
        // What is only promised takes no more room than this.
        bytes.reserveCapacity(min(max(0, length ?? 0), 64 << 10))
        for try await buffer in request.body {
            guard bytes.count + buffer.readableBytes <= limit else { throw tooLarge }
            bytes += buffer.readableBytesView
        }
        return bytes
    }

    // MARK: Logs

    private func log(_ request: Request, _ context: ServiceContext) async throws -> Response {
        let (id, domain) = (try id(context), context.caller.domain)
        guard try await service.store.state(id, for: domain) != nil else { throw Self.notFound }
        let place =
            HTTPField.Name("Last-Event-ID").flatMap { request.headers[$0] }
            ?? request.uri.queryParameters.get("from").map { String($0) }
        let stream = LogStream(
            service: service, id: id, trustDomain: domain, start: max(0, place.flatMap { Int($0) } ?? 0))
        let body = ResponseBody { writer in
            var writer: any ResponseBodyWriter = writer
            try await stream.write(to: &writer)
        }
        return Response(
            status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"], body: body)
    }
}
