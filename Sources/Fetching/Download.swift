import AsyncHTTPClient
import Crypto
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
    public func download(_ request: Request, to path: String, expecting: Expectation) async throws(FetchError)
        -> Downloaded
    {
        try await exchange(request) { response, progress in
            guard (200..<300).contains(response.status.code) else {
                throw FetchError.status(url: request.url, code: Int(response.status.code), body: [])
            }
            let promised = response.headers.first(name: "content-length").flatMap { Int($0) }
            if let promised { try expecting.check(size: promised, isWhole: true, url: request.url) }
            let expected = expecting.sha256 ?? digest(in: response.headers["digest"])
            if expected == nil, expecting.needsHash {
                throw FetchError.broken(url: request.url, reason: "it does not state the file's SHA-256")
            }
            let temporary = "\(path).part-\(getpid())"
            var writer = try FileWriter(temporary)
            do {
                for try await part in response.body {
                    progress()
                    try writer.write(part.readableBytesView)
                    try expecting.check(size: writer.size, isWhole: false, url: request.url)
                }
                try Task.checkCancellation()
                if let promised, promised != writer.size {
                    throw FetchError.mismatch(
                        url: request.url, what: "size", expected: "\(promised)", found: "\(writer.size)")
                }
                try expecting.check(size: writer.size, isWhole: true, url: request.url)
                let found = writer.sha256
                if let expected, expected.lowercased() != found {
                    throw FetchError.mismatch(url: request.url, what: "SHA-256", expected: expected, found: found)
                }
                try writer.finish(as: path)
                return Downloaded(sha256: found, size: writer.size)
            } catch {
                writer.discard()
                throw error
            }
        }
    }
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

/// A file in the making, with the hash of what was written to it.
private struct FileWriter {
    private let path: String
    private let descriptor: Int32
    private var hash = SHA256()
    private(set) var size = 0

    init(_ path: String) throws(PosixError) {
        unlink(path)
        let fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard fd >= 0 else { throw PosixError("write", path, code: errno) }
        self.path = path
        descriptor = fd
    }

    mutating func write(_ part: ByteBufferView) throws(PosixError) {
        let bytes = Array(part)
        try Files.writeAll(descriptor, bytes, path: path)
        bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
        size += part.count
    }

    var sha256: String { Array(hash.finalize()).hexadecimal }

    func finish(as target: String) throws(PosixError) {
        guard fsync(descriptor) == 0 else { throw PosixError("write", path, code: errno) }
        try Files.move(path, to: target)
        close(descriptor)
    }

    func discard() {
        close(descriptor)
        unlink(path)
    }
}

extension Sequence<UInt8> {
    /// The bytes as lower-case hexadecimal digits.
    fileprivate var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
