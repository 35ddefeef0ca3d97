internal import BinpkgModel
internal import Hummingbird
internal import NIOCore

/// A build's log as server-sent events, while it is written and after.
///
/// One event for each line; its `id` is the number of bytes up to the end of that line, with which a reader that lost the
/// connection goes on (`Last-Event-ID`, or `?from=`). At the end comes an event `state` with the answer. Each reader
/// reads the file by itself: a slow one keeps nobody waiting and nothing in memory.
struct LogStream: Sendable {
    let service: BuildService
    /// The request that the log was asked for by.
    let id: String
    /// The domain of who reads it.
    let trustDomain: String
    /// The byte to begin at.
    let start: Int

    /// Writes until the build is done, or the reader gone.
    func write(to writer: inout any ResponseBodyWriter) async throws {
        var lines = EventLines(offset: start)
        for await _ in await service.changes.stream(of: id) {
            let state = try await service.store.state(id, for: trustDomain)
            let path = service.logPath(try await service.logOwner(id, trustDomain: trustDomain))
            if let size = BuildLog.size(of: path), size < lines.offset {
                // The build began again, and so did its log.
                lines = EventLines(offset: 0)
                try await writer.write(ByteBuffer(string: "event: restart\ndata:\n\n"))
            }
            var isSilent = true
            while true {
                let part = BuildLog.part(of: path, from: lines.readTo)
                if part.isEmpty { break }
                let events = lines.events(of: part)
                if !events.isEmpty {
                    isSilent = false
                    try await writer.write(ByteBuffer(bytes: events))
                }
            }
            // A comment: it shows the reader that somebody is there, and us whether the reader is.
            if isSilent { try await writer.write(ByteBuffer(string: ":\n\n")) }
            guard state?.isFinal ?? true else { continue }
            var end = lines.rest()
            if let answer = try await service.answer(id: id, trustDomain: trustDomain) {
                end += Array("event: state\ndata: \(try JSONColumn.text(answer))\n\n".utf8)
            }
            try await writer.write(ByteBuffer(bytes: end))
            break
        }
        try await writer.finish(nil)
    }
}

/// Cuts the bytes of a log into events.
struct EventLines {
    /// The end of the last line that became an event.
    private(set) var offset: Int
    private var pending: [UInt8] = []

    /// A line without end is cut at this length.
    static let longestLine = 65536

    /// Lines from this byte on.
    init(offset: Int) { self.offset = offset }

    /// The byte that is to be read next.
    var readTo: Int { offset + pending.count }

    /// The events of the lines that end in these bytes.
    mutating func events(of bytes: [UInt8]) -> [UInt8] {
        pending += bytes
        var result: [UInt8] = []
        var rest = pending[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            result += event(rest[..<end], length: rest.distance(from: rest.startIndex, to: end) + 1)
            rest = rest[(end + 1)...]
        }
        pending = Array(rest)
        if pending.count > Self.longestLine { result += self.rest() }
        return result
    }

    /// The event of what is left without an end.
    mutating func rest() -> [UInt8] {
        guard !pending.isEmpty else { return [] }
        defer { pending = [] }
        return event(pending[...], length: pending.count)
    }

    private mutating func event(_ line: ArraySlice<UInt8>, length: Int) -> [UInt8] {
        offset += length
        return Array("id: \(offset)\ndata: ".utf8) + line.filter { $0 != UInt8(ascii: "\r") } + Array("\n\n".utf8)
    }
}
