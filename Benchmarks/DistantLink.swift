import NIOCore
import NIOPosix

/// A port on loopback from which another one is reached as if it were far away: what is sent arrives later, in its order,
/// and no less of it in a second.
struct DistantLink: Sendable {
    private let listener: any Channel

    /// The port on 127.0.0.1.
    var port: Int { listener.localAddress?.port ?? 0 }

    /// Leads to a port of 127.0.0.1.
    ///
    /// - Parameter milliseconds: from a question to its answer.
    init(to port: Int, milliseconds: Int) async throws {
        let delay = TimeAmount.microseconds(Int64(milliseconds) * 500)
        listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { near in
                ClientBootstrap(group: near.eventLoop)
                    .channelOption(.autoRead, value: false)
                    .connect(host: "127.0.0.1", port: port)
                    .flatMapThrowing { far in
                        try near.pipeline.syncOperations.addHandler(Delay(to: far, by: delay))
                        try far.pipeline.syncOperations.addHandler(Delay(to: near, by: delay))
                        for end in [near, far] { _ = end.setOption(.autoRead, value: true) }
                    }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    func close() async throws { try await listener.close() }
}

/// Passes on what is read, after a while. Both ends are on one event loop.
private final class Delay: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let other: any Channel
    private let delay: TimeAmount

    init(to other: any Channel, by delay: TimeAmount) {
        self.other = other
        self.delay = delay
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let (other, bytes) = (other, unwrapInboundIn(data))
        context.eventLoop.scheduleTask(in: delay) { other.writeAndFlush(bytes, promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        let other = other
        context.eventLoop.scheduleTask(in: delay) { other.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
