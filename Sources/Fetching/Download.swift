import AsyncHTTPClient
import Glibc
import NIOCore
import NIOHTTP1
import Posix

extension Fetcher {
    /// What a file to fetch must be.
    public struct Expectation: Sendable {
        /// SHA-256 in hexadecimal; nil: take the one that the `Digest` field of the answer states, if any.
        public var sha256: String?
        /// Size in bytes; nil: unknown.
        public var size: Int?
        /// Whether a file is refused when neither `sha256` nor the answer names its hash.
        public var needsHash: Bool
        /// The most bytes to accept.
        public var limit: Int

        /// What is known beforehand.
        public init(sha256: String? = nil, size: Int? = nil, needsHash: Bool = false, limit: Int) {
            self.needsHash = needsHash
            self.sha256 = sha256
            self.size = size
            self.limit = limit
        }
    }

    /// What was fetched.
    public struct Downloaded: Equatable, Sendable {
        /// SHA-256 of the file, in hexadecimal.
        public let sha256: String
        /// Its size in bytes.
        public let size: Int
    }

    /// Fetches a file. It is written beside `path`, checked, synced, and renamed to `path`: whoever looks there sees the
    /// whole verified file or what was there before. After any error nothing is left behind.
    ///
    /// - Parameter attempts: how often a transfer may break off without having brought more of the file. One that
    ///   brought more is continued where it stopped, if the server can, and does not count.
    public func download(
        _ request: Request, to path: String, expecting: Expectation, attempts: Int = 1
    ) async throws(FetchError) -> Downloaded {
        let file: PartialFile
        do {
            file = try PartialFile("\(path).part-\(getpid())")
        } catch {
            throw FetchError(error)
        }
        defer { file.discard() }
        var best = 0
        var failures = 0
        while true {
            do throws(FetchError) {
                try await transfer(request, into: file, expecting)
                return try finish(file, as: path, request.url, expecting)
            } catch {
                let isInterrupted =
                    switch error {
                    case .away, .broken: true
                    default: false
                    }
                failures = file.size >= best + Self.progress ? 0 : failures + 1
                best = max(best, file.size)
                guard isInterrupted, attempts > 1, failures < attempts else { throw error }
            }
            // A service that restarts needs a moment.
            guard (try? await Task.sleep(for: .milliseconds(50 << failures))) != nil else { throw .cancelled }
        }
    }

    /// Bytes that count as more of a file.
    private static let progress = 4096

    /// One transfer, of the whole file or of what is missing.
    private func transfer(
        _ request: Request, into file: PartialFile, _ expecting: Expectation
    ) async throws(FetchError) {
        var request = request
        let start = file.size
        if start > 0 { request.headers.append(("Range", "bytes=\(start)-")) }
        try await exchange(request) { [request] response, progress in
            let status = Int(response.status.code)
            guard (200..<300).contains(status) else {
                if status == 416 { try file.reset() }
                throw FetchError.status(url: request.url, code: status, body: [])
            }
            let isRest = status == 206 && start > 0
            if !isRest, start > 0 { try file.reset() }
            let promised = response.headers.first(name: "content-length").flatMap { Int($0) }
            if isRest, rangeStart(response.headers.first(name: "content-range")) != start {
                throw FetchError.broken(url: request.url, reason: "it sends another part than was asked for")
            }
            if let promised {
                try expecting.check(size: promised + (isRest ? start : 0), isWhole: true, url: request.url)
            }
            let stated = digest(in: response.headers["digest"])
            if isRest, let before = file.stated, let stated, stated != before {
                try file.reset()
                throw FetchError.broken(url: request.url, reason: "the file changed meanwhile")
            }
            if let stated { file.stated = stated }
            if expecting.sha256 == nil, file.stated == nil, expecting.needsHash {
                throw FetchError.broken(url: request.url, reason: "it does not state the file's SHA-256")
            }
            for try await part in response.body {
                progress()
                try file.write(part.readableBytesView)
                try expecting.check(size: file.size, isWhole: false, url: request.url)
            }
            try Task.checkCancellation()
            let got = file.size - (isRest ? start : 0)
            if let promised, promised != got {
                throw FetchError.broken(url: request.url, reason: "\(got) of \(promised) bytes came")
            }
        }
    }

    private func finish(
        _ file: PartialFile, as path: String, _ url: String, _ expecting: Expectation
    ) throws(FetchError) -> Downloaded {
        try expecting.check(size: file.size, isWhole: true, url: url)
        let found = file.sha256
        if let expected = expecting.sha256 ?? file.stated, expected.lowercased() != found {
            throw .mismatch(url: url, what: "SHA-256", expected: expected, found: found)
        }
        do {
            try file.finish(as: path)
        } catch {
            throw FetchError(error)
        }
        return Downloaded(sha256: found, size: file.size)
    }
}

/// The first byte of `bytes FIRST-LAST/SIZE`.
private func rangeStart(_ field: String?) -> Int? {
    guard let field, field.hasPrefix("bytes ") else { return nil }
    return Int(field.dropFirst(6).prefix { $0 != "-" })
}

/// The SHA-256 of a `Digest: sha-256=HEX` field.
private func digest(in fields: [String]) -> String? {
    for field in fields.flatMap({ $0.split(separator: ",") }) {
        let parts = field.split(separator: "=", maxSplits: 1)
        guard parts.count == 2, parts[0].filter({ $0 != " " }).lowercased() == "sha-256" else { continue }
        let value = parts[1].filter { $0 != " " }
        if value.utf8.count == 64, value.allSatisfy(\.isHexDigit) { return value.lowercased() }
    }
    return nil
}

extension Fetcher.Expectation {
    /// Compares a size with the limit, and, when it is that of the whole body, with the size expected.
    fileprivate func check(size found: Int, isWhole: Bool, url: String) throws(FetchError) {
        if found > limit { throw .tooLarge(url: url, limit: limit) }
        if isWhole, let size, size != found {
            throw .mismatch(url: url, what: "size", expected: "\(size)", found: "\(found)")
        }
    }
}
