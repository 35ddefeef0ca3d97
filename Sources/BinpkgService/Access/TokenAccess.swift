internal import BinpkgModel
internal import HTTPTypes
internal import Hummingbird

/// Lets in who has a token, where one is needed: as soon as the service has had any, and always beyond loopback.
struct TokenAccess: RouterMiddleware {
    typealias Context = ServiceContext

    let tokens: TokenBook
    /// Whether a token is needed even if there is none.
    let isRequired: Bool
    /// Counts the attempts of who has none.
    let counts: CallerCounts

    func handle(
        _ request: Request, context: ServiceContext, next: (Request, ServiceContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        if !OpenRoutes.contain(request) {
            let caller: Caller
            do {
                caller = try await self.caller(of: request)
            } catch let refusal as AccessRefusal {
                do throws(CallerCounts.Refusal) {
                    _ = try counts.enter("refused \(context.address ?? "local")")
                } catch {
                    throw CallerLimits.problem(error)
                }
                throw refusal
            }
            let needed = Self.scope(of: request)
            guard caller.scope >= needed else {
                throw ProblemDocument(
                    title: "not allowed", status: 403,
                    detail: "this needs the scope '\(needed.rawValue)'; the token has '\(caller.scope.rawValue)'")
            }
            context.caller = caller
        }
        return try await next(request, context)
    }

    private func caller(of request: Request) async throws -> Caller {
        let isFree = isRequired ? false : try await tokens.isEmpty()
        if isFree { return .local }
        guard let field = request.headers[.authorization] else { throw AccessRefusal(reason: nil) }
        let words = field.split(separator: " ", omittingEmptySubsequences: true)
        guard words.count == 2, words[0].lowercased() == "bearer" else {
            throw AccessRefusal(reason: "it is not sent as 'Authorization: Bearer TOKEN'")
        }
        switch try await tokens.verdict(of: String(words[1])) {
        case .caller(let caller): return caller
        case .unknown: throw AccessRefusal(reason: "this service does not know it")
        case .expired: throw AccessRefusal(reason: "it has expired")
        case .revoked: throw AccessRefusal(reason: "it was revoked")
        }
    }

    /// What a call needs. Asking costs nothing; who has something built or sends content uses what is not theirs.
    static func scope(of request: Request) -> TokenScope {
        if request.method == .get || request.method == .head { return .read }
        let path = request.uri.path
        if path == "/v1/plans/states" { return .read }
        if request.method == .post, request.uri.queryParameters.get("build") == "no" { return .read }
        return path.hasPrefix("/v1/admin/") ? .admin : .request
    }
}

/// A call without a token that is valid; `reason` says what is wrong with it, nil when there is none.
struct AccessRefusal: Error {
    let reason: String?

    /// The problem, which never names the token.
    var problem: ProblemDocument {
        ProblemDocument(
            title: "no valid token", status: 401,
            detail: reason.map { "the token cannot be used: \($0)" } ?? "this service wants a token")
    }

    /// What to send, as RFC 6750 has it.
    var challenge: String { "Bearer realm=\"binpkgd\"" + (reason == nil ? "" : ", error=\"invalid_token\"") }
}

/// What everybody may see.
enum OpenRoutes {
    static func contain(_ request: Request) -> Bool {
        guard request.method == .get || request.method == .head else { return false }
        let path = request.uri.path
        return paths.contains(path) || PageRoutes.paths.contains(path) || prefixes.contains { path.hasPrefix($0) }
    }

    private static let paths: Set = ["/v1/health", "/v1/ping", "/v1/openapi.json"]
    /// The public binary package host: what a plain `emerge --getbinpkg` fetches has no token.
    private static let prefixes = ["/binhost/"]
}
