import ArgumentParser
import NIOCore
import NIOPosix
import Posix

/// Requests over HTTP/1.1, from many connections that are kept.
///
/// What is sent was made before, and of an answer only its status and its length are read, so that a request costs little
/// here, and the same whatever it asks for: one thread does all of it.
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
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    init(port: Int, connections: Int) {
        self.port = port
        self.connections = connections
    }

    /// Sends requests in turns, each connection one after the other, for so many seconds. An answer of another status ends
    /// it.
    func run(seconds: Double, status: String, _ requests: [[UInt8]]) async throws -> Figures {
        let buffers = requests.map { ByteBuffer(bytes: $0) }
        let start = MonotonicTime.now
        let end = start.advanced(byMilliseconds: Int(seconds * 1000))
        let loop = group.next()
        let results = try await withThrowingTaskGroup(of: [Double].self) { tasks in
            for connection in 0..<connections {
                let times = loop.makePromise(of: [Double].self)
                let channel = try await ClientBootstrap(group: loop).channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(
                            Talk(
                                requests: buffers, first: connection, step: connections, end: end,
                                status: Array(status.utf8), times: times))
                    }
                }.connect(host: "127.0.0.1", port: port).get()
                tasks.addTask {
                    let result = try await times.futureResult.get()
                    try? await channel.close()
                    return result
                }
            }
            return try await tasks.reduce(into: []) { $0 += $1 }
        }
        let spent = Double(MonotonicTime.now.nanoseconds - start.nanoseconds) / 1e9
        return Figures(rate: Double(results.count) / spent, times: results.sorted())
    }

    /// A connection to a service of this machine.
    static func connect(to port: Int) async throws -> NIOAsyncChannel<ByteBuffer, ByteBuffer> {
        try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture { try NIOAsyncChannel(wrappingChannelSynchronously: channel) }
            }
    }
}

/// One connection: asks, waits for the whole answer, asks again.
private final class Talk: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let requests: [ByteBuffer]
    private let step: Int
    private let end: MonotonicTime
    private let status: [UInt8]
    private let result: EventLoopPromise<[Double]>
    private var next: Int
    private var sent = MonotonicTime.now
    private var times: [Double] = []
    private var answer = ByteBuffer()
    private var isOver = false

    init(
        requests: [ByteBuffer], first: Int, step: Int, end: MonotonicTime, status: [UInt8],
        times: EventLoopPromise<[Double]>
    ) {
        (self.requests, next, self.step, self.end, self.status) = (requests, first, step, end, status)
        result = times
    }

    func channelActive(context: ChannelHandlerContext) { ask(context) }

    private func ask(_ context: ChannelHandlerContext) {
        guard MonotonicTime.now < end else { return finish(.success(times)) }
        answer.clear()
        sent = .now
        context.writeAndFlush(wrapOutboundOut(requests[next % requests.count]), promise: nil)
        next += step
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var part = unwrapInboundIn(data)
        if answer.readableBytes == 0 { answer = part } else { answer.writeBuffer(&part) }
        guard !isOver, Self.isWhole(answer.readableBytesView) else { return }
        guard answer.readableBytesView.dropFirst(9).starts(with: status) else {
            return finish(.failure(ValidationError("unexpected answer: \(String(buffer: answer).prefix(400))")))
        }
        times.append(Double(MonotonicTime.now.nanoseconds - sent.nanoseconds) / 1e9)
        ask(context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish(.failure(ValidationError("the service closed the connection")))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { finish(.failure(error)) }

    private func finish(_ outcome: Result<[Double], any Error>) {
        guard !isOver else { return }
        isOver = true
        result.completeWith(outcome)
    }

    /// Whether an answer is there, by its Content-Length; one without has no body.
    private static func isWhole(_ answer: ByteBufferView) -> Bool {
        answer.withUnsafeBytes { bytes in
            var start = 0
            var length = 0
            while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
                let line = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
                // The line with a carriage return alone ends the head.
                if line.count == 1 { return bytes.count - end - 1 >= length }
                if line.count > 15, line[0] | 32 == UInt8(ascii: "c"), line[14] == UInt8(ascii: ":"),
                    line.prefix(14).elementsEqual("content-length".utf8, by: { $0 | 32 == $1 })
                {
                    length = line.dropFirst(15).reduce(0) { (48...57).contains($1) ? $0 * 10 + Int($1) - 48 : $0 }
                }
                start = end + 1
            }
            return false
        }
    }
}
