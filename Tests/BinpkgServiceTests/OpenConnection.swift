import NIOCore
import NIOPosix
import Posix
import Synchronization
import Testbed

/// A connection to a service that stays open and asks `/v1/ping`.
final class OpenConnection: Sendable {
    private let channel: any Channel
    private let counter: Counter

    /// Connects.
    init(to port: Int) async throws {
        let counter = Counter()
        self.counter = counter
        channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Counting(counter: counter))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
    }

    /// How many answers came.
    var answers: Int { counter.answers.withLock { $0 } }

    /// Sends a question.
    func ask() async throws {
        try await channel.writeAndFlush(ByteBuffer(string: "GET /v1/ping HTTP/1.1\r\nHost: x\r\n\r\n")).get()
    }

    /// Sends a question and waits for its answer, for a minute at most.
    func ping() async throws -> Bool {
        let before = answers
        try await ask()
        for _ in 0..<30_000 {
            if answers > before { return true }
            try await Task.sleep(for: .milliseconds(2))
        }
        return false
    }

    /// Ends it, if it has not ended.
    func close() async throws {
        if channel.isActive { try await channel.close() }
    }

    private final class Counter: Sendable {
        let answers = Mutex(0)
    }

    /// Counts the answers by the ends of their heads: they have no body.
    private final class Counting: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let counter: Counter
        private var rest: [UInt8] = []

        init(counter: Counter) { self.counter = counter }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            rest += unwrapInboundIn(data).readableBytesView
            while let end = rest.firstRange(of: Array("\r\n\r\n".utf8)) {
                if rest.starts(with: "HTTP/1.1 204".utf8) { counter.answers.withLock { $0 += 1 } }
                rest.removeSubrange(..<end.upperBound)
            }
        }
    }
}
