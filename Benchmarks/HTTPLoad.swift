import ArgumentParser
import NIOCore
import NIOPosix
import Posix

/// Requests over HTTP/1.1, from many connections that are kept.
struct HTTPLoad: Sendable {
    /// What came of a run.
    struct Figures: Sendable {
        /// Requests for each second.
        let rate: Double
        /// The seconds of each request, sorted.
        let times: [Double]

        /// The time within which so large a share of them was answered.
        func within(_ share: Double) -> Double {
            times.isEmpty ? 0 : times[min(times.count - 1, Int(Double(times.count) * share))]
        }
    }

    let port: Int
    let connections: Int

    /// Sends requests, each connection one after the other, for so many seconds.
    ///
    /// - Parameter request: the bytes of the n-th request of all.
    func run(seconds: Double, status: String, _ request: @escaping @Sendable (Int) -> [UInt8]) async throws -> Figures {
        let start = MonotonicTime.now
        let end = start.advanced(byMilliseconds: Int(seconds * 1000))
        let times = try await withThrowingTaskGroup(of: [Double].self) { group in
            for connection in 0..<connections {
                group.addTask {
                    try await Self.talk(to: port, until: end, status: status) { request($0 * connections + connection) }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        let spent = Double(MonotonicTime.now.nanoseconds - start.nanoseconds) / 1e9
        return Figures(rate: Double(times.count) / spent, times: times.sorted())
    }

    private static func talk(
        to port: Int, until end: MonotonicTime, status: String, _ request: (Int) -> [UInt8]
    ) async throws -> [Double] {
        try await connect(to: port).executeThenClose { inbound, outbound in
            var answers = inbound.makeAsyncIterator()
            var times: [Double] = []
            while MonotonicTime.now < end {
                let bytes = request(times.count)
                let start = MonotonicTime.now
                try await outbound.write(ByteBuffer(bytes: bytes))
                var answer: [UInt8] = []
                while !isWhole(answer) {
                    guard let part = try await answers.next() else {
                        throw ValidationError("the service closed the connection")
                    }
                    answer += part.readableBytesView
                }
                guard String(decoding: answer.prefix(12), as: UTF8.self).hasSuffix(status) else {
                    throw ValidationError("unexpected answer: \(String(decoding: answer.prefix(400), as: UTF8.self))")
                }
                times.append(Double(MonotonicTime.now.nanoseconds - start.nanoseconds) / 1e9)
            }
            return times
        }
    }

    /// A connection to a service of this machine.
    static func connect(to port: Int) async throws -> NIOAsyncChannel<ByteBuffer, ByteBuffer> {
        try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture { try NIOAsyncChannel(wrappingChannelSynchronously: channel) }
            }
    }

    /// Whether an answer is there, by its Content-Length; one without has no body.
    private static func isWhole(_ answer: [UInt8]) -> Bool {
        let text = String(decoding: answer, as: UTF8.self)
        guard let end = text.firstRange(of: "\r\n\r\n") else { return false }
        guard let field = text[..<end.lowerBound].lowercased().firstRange(of: "content-length: ") else { return true }
        let length = Int(text[field.upperBound...].prefix { $0.isNumber }) ?? 0
        return text[end.upperBound...].utf8.count >= length
    }
}
