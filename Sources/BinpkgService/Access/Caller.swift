public import BuildEnvironments
internal import Hummingbird
internal import NIOCore

/// What a caller may do. Each includes those before it.
public enum TokenScope: String, Codable, CaseIterable, Comparable, Sendable {
    /// Look things up, read logs and fetch packages.
    case read
    /// Have packages built.
    case request

    /// By how much they allow.
    public static func < (a: Self, b: Self) -> Bool { a.rank < b.rank }

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// Who makes a request.
public struct Caller: Equatable, Sendable {
    /// The trust domain: callers of one domain may share what one of them brought along.
    public let domain: String
    /// What it may do.
    public let scope: TokenScope
    /// The name of its token; nil for who needs none.
    public let token: String?

    /// A caller of these values.
    public init(domain: String = EnvironmentNeeds.everybody, scope: TokenScope, token: String? = nil) {
        self.domain = domain
        self.scope = scope
        self.token = token
    }

    /// Who asks a service that only this machine can reach and that has no tokens.
    public static let local = Caller(scope: .request)

    /// Who sees only what everybody may see.
    static let visitor = Caller(scope: .read)
}

/// What belongs to one request: beside the router's own, who made it and from where.
struct ServiceContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// Who made it.
    var caller = Caller.visitor
    /// The address that it came from; nil without a connection.
    let address: String?

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        address = source.channel.remoteAddress?.ipAddress
    }
}
