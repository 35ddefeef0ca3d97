internal import BinpkgModel
internal import FoundationEssentials
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// What the page shows, for any program: lists instead of single requests.
extension Routes {
    /// The most lines of one answer.
    private static let longestList = 500

    /// Adds `GET /v1/builds`, `/v1/builds/ID`, `/v1/environments`, `/v1/accuracy` and `/v1/accuracy.svg`.
    func addOverview(to router: Router<ServiceContext>) {
        router.get("/v1/builds") { request, context in try await builds(request, context.caller) }
        router.get("/v1/builds/:id") { _, context in try await build(id(context), context.caller) }
        router.get("/v1/environments") { _, _ in
            let configuration = service.configuration
            return try JSONAnswer.response(
                EnvironmentOverview.all(configuration.environments, stateDirectory: configuration.stateDirectory))
        }
        router.get("/v1/accuracy") { _, _ in try JSONAnswer.response(try await points()) }
        router.get("/v1/accuracy.svg") { _, _ in
            let points = try await points()
            let count = points.first?.requests ?? 0
            let curve = SimulationCurve(points, title: "the last \(count) different requests of this service")
            return Response(
                status: .ok, headers: [.contentType: "image/svg+xml", .cacheControl: "max-age=60"],
                body: .init(byteBuffer: ByteBuffer(string: curve.svg)))
        }
    }

    private func points() async throws -> [Simulation] {
        try await service.curve.points(service.store, tolerance: service.configuration.tolerance)
    }

    private func builds(_ request: Request, _ caller: Caller) async throws -> Response {
        let query = request.uri.queryParameters
        func number(_ name: String, _ usual: Int, _ range: ClosedRange<Int>) throws -> Int {
            guard let text = query.get(name) else { return usual }
            guard let value = Int(text), range.contains(value) else {
                throw ProblemDocument(
                    title: "no such list", status: 400,
                    detail: "'\(name)' is a number from \(range.lowerBound) to \(range.upperBound)")
            }
            return value
        }
        let states = try (query.get("state") ?? "").split(separator: ",").map { name in
            guard let state = RequestState(rawValue: String(name)) else {
                throw ProblemDocument(title: "no such list", status: 400, detail: "'state' names no state")
            }
            return state
        }
        let filter = BuildFilter(
            states: states, text: query.get("search") ?? "", limit: try number("limit", 50, 1...Self.longestList),
            offset: try number("offset", 0, 0...1_000_000))
        return try JSONAnswer.response(try await service.overview(filter, trustDomain: caller.domain))
    }

    private func build(_ id: String, _ caller: Caller) async throws -> Response {
        guard let detail = try await service.detail(id, trustDomain: caller.domain) else { throw Self.notFound }
        return try JSONAnswer.response(detail)
    }
}

/// All that is known of one request.
struct BuildDetail: Encodable, Sendable {
    /// What was asked for, with what the asking machine has.
    let request: BuildRequest
    /// Where it stands.
    let answer: RequestAnswer
    /// When it was asked for, in seconds since 1970.
    let queued: Double
    /// When its state changed last.
    let changed: Double
    /// What the package was built with; nil without a package.
    let builtWith: DependencyVector?
    /// The size of the package.
    let size: Int?
}

extension BuildService {
    /// A list with the forecast of the queue.
    func overview(_ filter: BuildFilter, trustDomain: String) async throws -> BuildList {
        var list = try await store.builds(filter, for: trustDomain)
        let pending = [RequestState.queued, .building].map(\.rawValue)
        guard list.builds.contains(where: { pending.contains($0.state) }) else { return list }
        let forecast = try await store.forecast(slots: engine.slots)
        for index in list.builds.indices where pending.contains(list.builds[index].state) {
            let build = list.builds[index]
            list.builds[index].position = forecast.positions[build.id]
            list.builds[index].etaSeconds = forecast.etas[build.id]
            list.builds[index].estimateSeconds = forecast.estimates[build.id]
        }
        return list
    }

    /// All of one request; nil when it was not made, or is another domain's.
    func detail(_ id: String, trustDomain: String) async throws -> BuildDetail? {
        guard let (stored, recipe) = try await store.request(id, for: trustDomain) else { return nil }
        let request = try stored.request(recipe)
        var artifact: StoredArtifact?
        if let name = stored.artifact { artifact = try await store.artifact(name, for: trustDomain) }
        return BuildDetail(
            request: request, answer: try await answer(stored, for: request, trustDomain), queued: stored.queued,
            changed: stored.changed, builtWith: try artifact?.dependencies(), size: artifact?.size)
    }
}
