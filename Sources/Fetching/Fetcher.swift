import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Posix
import Synchronization

/// A small HTTP client with bounds on everything: time to connect, to answer, between two parts, in all; and bytes.
///
/// No redirect is followed unless the request allows it, no proxy is used, no compression is asked for, nothing is tried
/// twice.
public struct Fetcher: Sendable {
    /// Times in milliseconds.
    public struct Timeouts: Sendable {
        /// From the start until the head of the answer.
        public var answer: Int
        /// Between two parts of the body.
        public var idle: Int
        /// From the start to the end of the body; nil: no bound.
        public var whole: Int?

        /// Bounds for one exchange.
        public init(answer: Int = 2000, idle: Int = 10_000, whole: Int? = nil) {
            self.answer = answer
            self.idle = idle
            self.whole = whole
        }
    }

    /// What is asked for.
    public struct Request: Sendable {
        /// `http://` or `https://` address.
        public var url: String
        /// GET, POST, PUT…
        public var method: String
        /// Header fields.
        public var headers: [(name: String, value: String)]
        /// The body; empty: none.
        public var body: [UInt8]
        /// Its bounds.
        public var timeouts: Timeouts
        /// How many redirects of a GET are followed, never from https to http. A server that is asked so is taken for a
        /// distant one, and has 10 s to accept the connection.
        public var redirects = 0

        /// A request, by default a plain GET.
        public init(
            _ url: String, method: String = "GET", headers: [(name: String, value: String)] = [], body: [UInt8] = [],
            timeouts: Timeouts = Timeouts()
        ) {
            self.url = url
            self.method = method
            self.headers = headers
            self.body = body
            self.timeouts = timeouts
        }
    }

    /// What came back, with a status of 2xx.
    public struct Response: Sendable {
        /// The status code.
        public let status: Int
        /// The body.
        public let body: [UInt8]
    }

    /// Milliseconds within which a connection must be there.
    public static let connectTimeout = 500

    private static let client = makeClient(connect: connectTimeout)
    private static let patientClient = makeClient(connect: 10_000)
    /// Clients that know other authorities than the system's, by what these are. They live as long as the program.
    private static let ownClients = Mutex<[[UInt8]: HTTPClient]>([:])

    private static func makeClient(connect: Int, trusting: [NIOSSLCertificate]? = nil) -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        if let trusting {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.trustRoots = .certificates(trusting)
            configuration.tlsConfiguration = tls
        }
        configuration.redirectConfiguration = .disallow
        configuration.timeout = .init(connect: .milliseconds(Int64(connect)))
        configuration.connectionPool.retryConnectionEstablishment = false
        // A connection kept for later may be closed by the other side at the very moment it is used again.
        configuration.maximumUsesPerConnection = 1
        configuration.httpVersion = .http1Only
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    private let ownClient: HTTPClient?

    /// A client. Every exchange has a connection of its own.
    public init() { ownClient = nil }

    /// A client that trusts only these authorities, certificates in PEM.
    ///
    /// - Parameter path: the file that they are from, for errors.
    public init(authorities: [UInt8], path: String) throws(FetchError) {
        let certificates: [NIOSSLCertificate]
        do {
            certificates = try NIOSSLCertificate.fromPEMBytes(authorities)
        } catch {
            throw .authorities(path: path)
        }
        guard !certificates.isEmpty else { throw .authorities(path: path) }
        ownClient = Self.ownClients.withLock { clients in
            if let known = clients[authorities] { return known }
            let client = Self.makeClient(connect: Self.connectTimeout, trusting: certificates)
            clients[authorities] = client
            return client
        }
    }

    /// Sends a request and reads the whole answer, at most `limit` bytes. A status other than 2xx is an error.
    public func send(_ request: Request, limit: Int = 16 << 20) async throws(FetchError) -> Response {
        try await exchange(request) { response, progress in
            let status = Int(response.status.code)
            let isGood = (200..<300).contains(status)
            var body: [UInt8] = []
            let promised = response.headers.first(name: "content-length").flatMap { Int($0) } ?? 0
            if isGood, promised > limit { throw FetchError.tooLarge(url: request.url, limit: limit) }
            for try await part in response.body {
                progress()
                body.append(contentsOf: part.readableBytesView)
                if isGood, body.count > limit { throw FetchError.tooLarge(url: request.url, limit: limit) }
                if !isGood, body.count > 1 << 16 { break }
            }
            guard isGood else { throw FetchError.status(url: request.url, code: status, body: body) }
            return Response(status: status, body: body)
        }
    }

    /// Sends a request and hands the response to `read`, all within the request's bounds. `read` calls its second
    /// argument whenever it got something.
    func exchange<Value: Sendable>(
        _ request: Request,
        _ read: @escaping @Sendable (HTTPClientResponse, @Sendable () -> Void) async throws -> Value
    ) async throws(FetchError) -> Value {
        guard Self.isFetchable(request.url) else { throw .invalidURL(request.url) }
        var message = HTTPClientRequest(url: request.url)
        message.method = HTTPMethod(rawValue: request.method)
        for (name, value) in request.headers { message.headers.add(name: name, value: value) }
        if !request.body.isEmpty { message.body = .bytes(ByteBuffer(bytes: request.body)) }
        let timeouts = request.timeouts
        let watchdog = Watchdog(answer: timeouts.answer, idle: timeouts.idle, whole: timeouts.whole)
        do {
            return try await watchdog.run { [message] in
                let client = ownClient ?? (request.redirects > 0 ? Self.patientClient : Self.client)
                var message = message
                var response = try await client.execute(message, deadline: .distantFuture)
                watchdog.progress()
                for _ in 0..<request.redirects {
                    guard let target = Self.redirect(response, from: message) else { break }
                    message.url = target
                    response = try await client.execute(message, deadline: .distantFuture)
                    watchdog.progress()
                }
                return try await read(response) { watchdog.progress() }
            }
        } catch {
            throw Self.translate(error, request: request, isAnswered: watchdog.isAnswered)
        }
    }

    /// Where an answer sends a GET; nil when it sends it nowhere, or to a place that is not allowed.
    private static func redirect(_ response: HTTPClientResponse, from request: HTTPClientRequest) -> String? {
        guard [301, 302, 303, 307, 308].contains(response.status.code), request.method == .GET,
            var target = response.headers.first(name: "location")
        else { return nil }
        if target.hasPrefix("/"), !target.hasPrefix("//") {
            let parts = request.url.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { return nil }
            target = parts[0] + "//" + parts[2].prefix { $0 != "/" } + target
        }
        guard isFetchable(target), target.hasPrefix("https://") || request.url.hasPrefix("http://") else { return nil }
        return target
    }

    private static func isFetchable(_ url: String) -> Bool {
        (url.hasPrefix("http://") || url.hasPrefix("https://"))
            && url.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f }
    }

    private static func translate(_ error: any Error, request: Request, isAnswered: Bool) -> FetchError {
        let url = request.url
        switch error {
        case let error as FetchError: return error
        case let error as PosixError: return FetchError(error)
        case let expired as Watchdog.Expired:
            let seconds = Double(expired.waitedForAnswer ? request.timeouts.answer : request.timeouts.idle) / 1000
            if expired.waitedForAnswer { return .away(url: url, reason: "no answer within \(seconds) s") }
            return .broken(url: url, reason: "it stopped in the middle")
        case is CancellationError: return .cancelled
        case let error as HTTPClientError:
            switch error {
            case .cancelled: return .cancelled
            case .invalidURL, .emptyHost, .emptyScheme: return .invalidURL(url)
            // Without a word, as a service does that is being restarted.
            case .remoteConnectionClosed where !isAnswered:
                return .away(url: url, reason: "the connection was closed without an answer")
            case .remoteConnectionClosed: return .broken(url: url, reason: "the connection was closed")
            case .connectTimeout: return .away(url: url, reason: "no connection within \(connectTimeout) ms")
            default: return isAnswered ? .broken(url: url, reason: error.shortDescription) : away(url, error)
            }
        case let error as HTTPParserError: return .broken(url: url, reason: "not HTTP, or cut off (\(error))")
        default: return isAnswered ? .broken(url: url, reason: "\(error)".printable) : away(url, error)
        }
    }

    private static func away(_ url: String, _ error: any Error) -> FetchError {
        guard let failure = error as? NIOConnectionError else { return .away(url: url, reason: reason(error)) }
        if let attempt = failure.connectionErrors.first { return .away(url: url, reason: reason(attempt.error)) }
        return .away(url: url, reason: "the host \(failure.host.printable) has no address")
    }

    private static func reason(_ error: any Error) -> String {
        if error is NIOSSLExtraError { return "its certificate is for another name" }
        if error is NIOSSLError {
            return "\(error)".contains("CERTIFICATE_VERIFY_FAILED")
                ? "its certificate is not from an authority that is known here" : "TLS failed: \(error)".printable
        }
        guard let code = (error as? IOError)?.errnoCode else { return "\(error)".printable }
        return PosixError("connect", code: code).reason
    }
}
