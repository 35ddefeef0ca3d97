public import BinpkgModel
public import Fetching
import FoundationEssentials

/// The binary-package service, as a client sees it.
public struct ServiceClient: Sendable {
    /// Its address, without a slash at the end.
    public let url: String
    private let token: String?
    private let fetcher: Fetcher

    /// Milliseconds within which a service that is there answers.
    private let answerTimeout: Int
    /// What is allowed unless said otherwise: a service that accepts and then says nothing costs this, once for all
    /// packages.
    public static let usualAnswerTimeout = 800
    /// Milliseconds for each further answer of a service that was there.
    private let laterTimeout: Int
    /// Milliseconds more for a service that is there and has to look into a request.
    private static let thinkingTime = 5000
    /// Milliseconds within which it has to answer a request; nil: the usual ones. One that was away a moment ago gets
    /// less, so that a service that is there and does nothing costs the packages after the first one next to nothing.
    var trialTime: Int?
    /// The most bytes of an answer.
    private static let answerLimit = 4 << 20

    /// The service at an address.
    ///
    /// - Parameters:
    ///   - token: proves who asks; it is sent through TLS or to this machine only.
    ///   - answerTimeout: milliseconds within which a service that is there answers.
    ///   - fetcher: what it is reached with.
    public init(
        url: String, token: String? = nil, answerTimeout: Int = ServiceClient.usualAnswerTimeout,
        fetcher: Fetcher = Fetcher()
    ) throws(ServiceError) {
        var url = url
        while url.hasSuffix("/") { url.removeLast() }
        guard url.hasPrefix("http://") || url.hasPrefix("https://") else {
            throw .configuration(
                "BINPKG_SERVICE is '\(url)', which is neither 'off' nor an http:// or https:// address")
        }
        if token != nil, !url.hasPrefix("https://"), !Self.isLoopback(url) {
            throw .configuration("the token would go to \(url) in clear text: use https://")
        }
        self.url = url
        self.token = token
        self.fetcher = fetcher
        self.answerTimeout = answerTimeout
        laterTimeout = max(answerTimeout, 2000)
    }

    /// Whether somebody is there; throws when not.
    public func checkPresence() async throws(ServiceError) {
        _ = try await send("/v1/status", answerTimeout: answerTimeout)
    }

    /// Asks for a package.
    ///
    /// - Parameter build: whether it may be built; otherwise it is only looked up.
    public func ask(_ request: BuildRequest, build: Bool) async throws(ServiceError) -> RequestAnswer {
        let body = try Self.encode(request)
        let answer = try await send(
            "/v1/requests" + (build ? "" : "?build=no"), method: "POST",
            headers: [("Content-Type", "application/json")], body: body, patience: Self.thinkingTime,
            answerTimeout: trialTime)
        return try decode(answer)
    }

    /// A question as it is sent.
    static func encode(_ question: some Encodable) throws(ServiceError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let body = try? encoder.encode(question) else { throw .unintelligible("the request cannot be encoded") }
        return Array(body)
    }

    /// Where a request stands. The service holds the answer back until the state is final, at most `wait` seconds.
    public func state(of id: String, wait: Int = 0) async throws(ServiceError) -> RequestAnswer {
        let path = "/v1/requests/\(id)" + (wait > 0 ? "?wait=\(wait)" : "")
        return try decode(try await send(path, patience: wait * 1000))
    }

    /// Sends a piece of content that the service misses.
    public func upload(_ bytes: [UInt8], sha256: String) async throws(ServiceError) {
        // A slow line must do; a service that stands still must not hold emerge.
        let patience = bytes.count / 100
        _ = try await send(
            "/v1/content/\(sha256)", method: "PUT", headers: [("Content-Type", "application/octet-stream")],
            body: bytes, patience: patience)
    }

    /// Fetches a package, by the name that an answer gave it, verified against the hash that the service states. What
    /// breaks off is continued.
    ///
    /// - Parameter limit: the most bytes that it may have.
    public func download(_ id: String, to path: String, limit: Int) async throws(ServiceError) -> Fetcher.Downloaded {
        var request = self.request("/v1/artifacts/\(id)")
        request.timeouts.idle = 10_000
        let whole = request
        return try await patiently { () throws(FetchError) in
            try await fetcher.download(
                whole, to: path, expecting: .init(needsHash: true, limit: limit), attempts: 5)
        }
    }

    /// Follows the log of a build until it ends or `receive` returns false.
    public func log(of id: String, receive: @escaping @Sendable (String) async -> Bool) async throws(ServiceError) {
        var request = self.request("/v1/requests/\(id)/log")
        request.timeouts.idle = 600_000
        do {
            // A last event, `state`, says that the log is at its end.
            try await fetcher.events(request) { event in
                guard event.name == "message" else { return event.name != "state" }
                return await receive(event.data)
            }
        } catch {
            throw translate(error)
        }
    }

    func send(
        _ path: String, method: String = "GET", headers: [(name: String, value: String)] = [], body: [UInt8] = [],
        patience: Int = 0, answerTimeout: Int? = nil
    ) async throws(ServiceError) -> [UInt8] {
        var request = self.request(path)
        request.method = method
        request.headers += headers
        request.body = body
        let answer = answerTimeout ?? (laterTimeout + patience)
        request.timeouts.answer = answer
        request.timeouts.whole = answer + (answerTimeout == nil ? 5000 : answer)
        let whole = request
        return try await patiently { () throws(FetchError) in
            try await fetcher.send(whole, limit: Self.answerLimit).body
        }
    }

    /// Asks again, a few times, what a service refuses because it is asked too much.
    private func patiently<Value>(
        _ body: () async throws(FetchError) -> Value
    ) async throws(ServiceError) -> Value {
        var attempts = Self.attempts
        while true {
            let failure: ServiceError
            do {
                return try await body()
            } catch {
                failure = translate(error)
            }
            attempts -= 1
            guard attempts > 0, let pause = failure.pause, pause <= Self.longestPause,
                (try? await Task.sleep(for: .seconds(pause))) != nil
            else { throw failure }
        }
    }

    /// How often a busy service is asked the same.
    private static let attempts = 4
    /// The longest pause in between, in seconds; who has to wait longer hears of it.
    private static let longestPause = 10

    private func request(_ path: String) -> Fetcher.Request {
        var request = Fetcher.Request(
            url + path, timeouts: .init(answer: laterTimeout, idle: laterTimeout))
        if let token { request.headers.append(("Authorization", "Bearer \(token)")) }
        return request
    }

    private func decode(_ bytes: [UInt8]) throws(ServiceError) -> RequestAnswer {
        let answer: RequestAnswer
        do {
            answer = try JSONDecoder().decode(RequestAnswer.self, from: Data(bytes))
        } catch {
            throw .unintelligible("no answer to a request: \(String(decoding: bytes.prefix(100), as: UTF8.self))")
        }
        guard ContentHash.isHash(answer.id), answer.artifact.map(ContentHash.isHash) ?? true else {
            throw .unintelligible("a name in it is no SHA-256")
        }
        return answer
    }

    /// A problem document in the body of an error says more than its status.
    private func translate(_ error: FetchError) -> ServiceError {
        guard case .status(_, let code, let body) = error,
            let problem = try? JSONDecoder().decode(ProblemDocument.self, from: Data(body))
        else { return .fetch(error) }
        return .problem(
            ProblemDocument(
                type: problem.type, title: problem.title, status: code, detail: problem.detail,
                retryAfter: problem.retryAfter))
    }

    /// Whether the address is this machine's own.
    private static func isLoopback(_ url: String) -> Bool {
        let rest = url.drop { $0 != "/" }.dropFirst(2)
        let authority = rest.prefix { !"/?#".contains($0) }
        guard !authority.contains("@") else { return false }
        if authority.hasPrefix("[::1]") { return true }
        let host = authority.prefix { $0 != ":" }
        let numbers = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return host == "localhost" || (numbers.count == 4 && numbers[0] == 127 && !numbers.contains(nil))
    }
}
