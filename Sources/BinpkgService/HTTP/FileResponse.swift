internal import BinpkgModel
internal import Glibc
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import NIOPosix
internal import Posix

/// A file as an answer: whole or a part of it, with the conditions of RFC 9110, in pieces.
///
/// The file is open from the moment when the answer is made: what removes or replaces it meanwhile does not disturb who
/// reads it.
struct FileResponse: Sendable {
    /// How much is read at once.
    private static let pieceLength = 512 << 10

    let file: OpenFile
    /// The strong validator, without quotes.
    let tag: String
    /// Seconds since 1970.
    let modified: Int
    let type: String
    /// The file's SHA-256.
    var digest: String?
    /// By how many seconds the client is known to send a later time than that of what it has.
    var lead = 0

    /// The answer to a request of GET or HEAD.
    func response(to request: Request) -> Response {
        let quoted = "\"\(tag)\""
        var headers: HTTPFields = [
            .contentType: type, .acceptRanges: "bytes", .eTag: quoted, .lastModified: HTTPDate.text(modified),
        ]
        if let digest, let name = HTTPField.Name("Digest") { headers[name] = "sha-256=\(digest)" }
        if isUnchanged(request.headers, quoted) { return Response(status: .notModified, headers: headers) }
        switch range(request.headers, quoted, of: request.method) {
        case .whole:
            return answer(request, .ok, headers, 0..<file.size)
        case .part(let part):
            headers[.contentRange] = "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(file.size)"
            return answer(request, .partialContent, headers, part)
        case .outside:
            var headers: HTTPFields = [.contentRange: "bytes */\(file.size)", .acceptRanges: "bytes"]
            headers[.contentType] = ProblemDocument.mediaType
            let problem = ProblemDocument(
                title: "no such range", status: 416, detail: "the file has \(file.size) bytes")
            guard
                var response = try? JSONAnswer.response(
                    problem, status: .rangeNotSatisfiable, type: ProblemDocument.mediaType)
            else { return Response(status: .rangeNotSatisfiable, headers: headers) }
            response.headers[.contentRange] = headers[.contentRange]
            return response
        }
    }

    /// Whether the one who asks has this file already.
    private func isUnchanged(_ headers: HTTPFields, _ quoted: String) -> Bool {
        if let tags = headers[.ifNoneMatch] {
            return tags.split(separator: ",").contains { part in
                let tag = part.drop { $0 == " " }
                return tag == "*" || (tag.hasPrefix("W/") ? tag.dropFirst(2) : tag) == quoted
            }
        }
        // Only the very time that was given out: a client that has an older or a newer file gets this one.
        // A time is less than a tag: it is looked at only where there is no tag.
        return headers[.ifModifiedSince] == HTTPDate.text(modified + lead)
    }

    private enum Wanted { case whole, part(Range<Int>), outside }

    /// The part that is asked for. What is not one range of bytes, and what belongs to another file, gets the whole.
    private func range(_ headers: HTTPFields, _ quoted: String, of method: HTTPRequest.Method) -> Wanted {
        // A range is defined for GET only (RFC 9110, 14.2).
        guard method == .get, let text = headers[.range] else { return .whole }
        if let condition = headers[.ifRange], condition != quoted, condition != HTTPDate.text(modified) {
            return .whole
        }
        return Self.range(text, of: file.size)
    }

    private static func range(_ text: String, of size: Int) -> Wanted {
        guard text.hasPrefix("bytes=") else { return .whole }
        let parts = text.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.utf8.allSatisfy { (48...57).contains($0) } }) else {
            return .whole
        }
        switch (Int(parts[0]), Int(parts[1])) {
        case (let first?, nil) where parts[1].isEmpty:
            return first < size ? .part(first..<size) : .outside
        case (let first?, let last?):
            guard first <= last else { return .whole }
            return first < size ? .part(first..<min(last, size - 1) + 1) : .outside
        case (nil, let count?) where parts[0].isEmpty:
            return count > 0 && size > 0 ? .part(max(0, size - count)..<size) : .outside
        default: return .outside
        }
    }

    private func answer(
        _ request: Request, _ status: HTTPResponse.Status, _ headers: HTTPFields, _ part: Range<Int>
    ) -> Response {
        let file = file
        let body = ResponseBody(contentLength: part.count) { writer in
            var next = part.lowerBound
            while next < part.upperBound {
                let piece = try await file.read(at: next, count: min(Self.pieceLength, part.upperBound - next))
                next += piece.readableBytes
                try await writer.write(piece)
            }
            try await writer.finish(nil)
        }
        let response = Response(status: status, headers: headers, body: body)
        return request.method == .head ? response.createHeadResponse() : response
    }
}

/// A file that is open for reading as long as somebody has this.
final class OpenFile: Sendable {
    private let descriptor: Int32
    private let path: String
    /// Its size when it was opened.
    let size: Int
    /// Seconds since 1970 of its last change.
    let modified: Int

    /// Opens a regular file, never through a link; nil when there is none.
    init?(_ path: String) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        var raw = stat()
        guard fstat(descriptor, &raw) == 0, raw.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            return nil
        }
        self.descriptor = descriptor
        self.path = path
        size = Int(raw.st_size)
        modified = Int(raw.st_mtim.tv_sec)
    }

    deinit { close(descriptor) }

    /// Bytes from an offset on, at least one.
    func read(at offset: Int, count: Int) async throws -> ByteBuffer {
        try await NIOThreadPool.singleton.runIfActive { [self] in
            var buffer = ByteBufferAllocator().buffer(capacity: count)
            let got = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { target in
                max(0, pread(descriptor, target.baseAddress, count, off_t(offset)))
            }
            // A file that became shorter cannot keep what the head of the answer promised.
            guard got > 0 else { throw PosixError("read", path, code: EIO) }
            return buffer
        }
    }
}
