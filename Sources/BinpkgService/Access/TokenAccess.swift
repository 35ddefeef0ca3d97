internal import BinpkgModel
internal import FoundationEssentials
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
    /// The binhosts that everybody may read.
    let openBinhosts: Set<String>

    func handle(
        _ request: Request, context: ServiceContext, next: (Request, ServiceContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        if !OpenRoutes.contain(request, openBinhosts) {
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
        let isPlain = OpenRoutes.isBinhost(request)
        guard let field = request.headers[.authorization] else { throw AccessRefusal(reason: nil, isPlain: isPlain) }
        guard let token = Self.token(field, isPlain: isPlain) else {
            throw AccessRefusal(reason: "it is not sent as 'Authorization: Bearer TOKEN'", isPlain: isPlain)
        }
        switch try await tokens.verdict(of: token) {
        case .caller(let caller): return caller
        case .unknown: throw AccessRefusal(reason: "this service does not know it", isPlain: isPlain)
        case .expired: throw AccessRefusal(reason: "it has expired", isPlain: isPlain)
        case .revoked: throw AccessRefusal(reason: "it was revoked", isPlain: isPlain)
        }
    }

    /// The token of a field `Authorization`. A plain emerge only knows addresses with a name and a password: for a
    /// binhost, the token may be that password.
    private static func token(_ field: String, isPlain: Bool) -> String? {
        let words = field.split(separator: " ", omittingEmptySubsequences: true)
        guard words.count == 2 else { return nil }
        switch words[0].lowercased() {
        case "bearer": return String(words[1])
        case "basic" where isPlain:
            guard let bytes = Data(base64Encoded: String(words[1])), let colon = bytes.firstIndex(of: UInt8(ascii: ":"))
            else { return nil }
            return String(decoding: bytes[(colon + 1)...], as: UTF8.self)
        default: return nil
        }
    }

    /// What a call needs. Asking costs nothing; who has something built or sends content uses what is not theirs.
    static func scope(of request: Request) -> TokenScope {
        if request.method == .get || request.method == .head { return .read }
        let path = request.uri.path
        if path == "/v1/plans/states" { return .read }
        if request.method == .post, request.uri.queryParameters.get("build") == "no" { return .read }
        return .request
    }
}

/// A call without a token that is valid; `reason` says what is wrong with it, nil when there is none.
struct AccessRefusal: Error {
    let reason: String?
    /// Whether the client may be one that only knows names and passwords.
    var isPlain = false

    /// The problem, which never names the token.
    var problem: ProblemDocument {
        ProblemDocument(
            title: "no valid token", status: 401,
            detail: reason.map { "the token cannot be used: \($0)" } ?? "this service wants a token")
    }

    /// What to send, as RFC 6750 and RFC 7617 have it.
    var challenge: String {
        if isPlain { return "Basic realm=\"binpkgd\", charset=\"UTF-8\"" }
        return "Bearer realm=\"binpkgd\"" + (reason == nil ? "" : ", error=\"invalid_token\"")
    }
}

/// What everybody may see.
enum OpenRoutes {
    /// - Parameter openBinhosts: the binhosts that everybody may read; of others, also of those that are not there, nothing
    ///   is said without a token.
    static func contain(_ request: Request, _ openBinhosts: Set<String>) -> Bool {
        guard request.method == .get || request.method == .head else { return false }
        let path = request.uri.path
        if paths.contains(path) || PageRoutes.paths.contains(path) { return true }
        return isBinhost(request) && openBinhosts.contains(String(path.dropFirst(binhosts.count).prefix { $0 != "/" }))
    }

    /// Whether a call is for a binary package host.
    static func isBinhost(_ request: Request) -> Bool { request.uri.path.hasPrefix(binhosts) }

    private static let paths: Set = ["/v1/health", "/v1/ping", "/v1/openapi.json"]
    private static let binhosts = "/binhost/"
}
