import AsyncHTTPClient
import NIOCore
import NIOHTTP1

extension Fetcher {
    /// One event of a `text/event-stream` answer.
    public struct Event: Equatable, Sendable {
        /// The event's type; "message" when none is given.
        public var name: String
        /// Its data; several lines are joined with newlines.
        public var data: String
    }

    /// Reads server-sent events until the stream ends or `receive` returns false. The request's idle time bounds the
    /// silence between two events (comments count as signs of life).
    public func events(_ request: Request, receive: @escaping @Sendable (Event) async -> Bool) async throws(FetchError)
    {
        var request = request
        request.headers.append((name: "Accept", value: "text/event-stream"))
        try await exchange(request) { [request] response, progress in
            guard (200..<300).contains(response.status.code) else {
                throw FetchError.status(url: request.url, code: Int(response.status.code), body: [])
            }
            var parser = EventParser()
            for try await part in response.body {
                progress()
                for event in parser.feed(part.readableBytesView) {
                    guard await receive(event) else { return }
                }
            }
        }
    }
}

/// Cuts a byte stream into server-sent events; total: lines that are none are ignored, too long ones are cut.
///
/// The format is that of the HTML standard, section "Server-sent events".
struct EventParser {
    private static let lineLimit = 1 << 16
    private var line: [UInt8] = []
    private var name = ""
    private var data: [String] = []
    private var lastWasReturn = false

    mutating func feed(_ bytes: some Sequence<UInt8>) -> [Fetcher.Event] {
        var events: [Fetcher.Event] = []
        for byte in bytes {
            defer { lastWasReturn = byte == 13 }
            switch byte {
            case 10 where lastWasReturn: continue
            case 10, 13: if let event = endLine() { events.append(event) }
            default: if line.count < Self.lineLimit { line.append(byte) }
            }
        }
        return events
    }

    private mutating func endLine() -> Fetcher.Event? {
        defer { line = [] }
        if line.isEmpty {
            defer { (name, data) = ("", []) }
            guard !data.isEmpty else { return nil }
            return Fetcher.Event(name: name.isEmpty ? "message" : name, data: data.joined(separator: "\n"))
        }
        let parts = line.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        var value = parts.count > 1 ? parts[1] : []
        if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        let text = String(decoding: value, as: UTF8.self)
        switch String(decoding: parts[0], as: UTF8.self) {
        case "event": name = text
        case "data": if data.count < 1024 { data.append(text) }
        default: break
        }
        return nil
    }
}
