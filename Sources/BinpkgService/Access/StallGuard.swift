internal import Glibc
internal import NIOCore

/// Ends a connection whose client does not read: of what is to be sent it took nothing for so many seconds.
///
/// What it took is what its side acknowledged: the kernel holds some megabytes, and asks for more only when a good part
/// of them is gone, which a client that reads slowly, but reads, may not reach in time.
///
/// It stands next to the socket, so it also counts what came, whether that makes a request or not.
final class StallGuard: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    /// Bytes that came.
    private(set) var received = 0
    /// Whether something is still to be sent.
    var isSending: Bool { pending > 0 }
    private let patience: TimeAmount
    private var pending = 0
    private var progress = NIODeadline.now()
    private var acknowledged: UInt64 = 0
    private var check: Scheduled<Void>?

    init(seconds: Int) { patience = .seconds(Int64(seconds)) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received += unwrapInboundIn(data).readableBytes
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if pending == 0 { progress = .now() }
        pending += 1
        let written = promise ?? context.eventLoop.makePromise()
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        written.futureResult.whenComplete { _ in
            bound.value.pending -= 1
            bound.value.progress = .now()
        }
        context.write(data, promise: written)
        schedule(context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        check?.cancel()
        context.fireChannelInactive()
    }

    private func schedule(_ context: ChannelHandlerContext) {
        guard check == nil else { return }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        check = context.eventLoop.scheduleTask(in: .nanoseconds(patience.nanoseconds / 4)) {
            let (own, context) = bound.value
            own.check = nil
            if own.pending > 0 { own.look(context) }
        }
    }

    private func look(_ context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        Self.acknowledged(context.channel).whenComplete { result in
            let (own, context) = bound.value
            guard own.pending > 0, context.channel.isActive else { return }
            if case .success(let bytes) = result, bytes != own.acknowledged {
                own.acknowledged = bytes
                own.progress = .now()
            }
            if .now() >= own.progress + own.patience {
                context.close(promise: nil)
            } else {
                own.schedule(context)
            }
        }
    }

    /// The first words of Linux' `struct tcp_info` (`linux/tcp.h`); the C library knows an older and shorter one.
    private typealias TCPInfo = (
        UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64,
        UInt64, bytesAcknowledged: UInt64
    )

    /// How many bytes the other side has taken so far.
    private static func acknowledged(_ channel: any Channel) -> EventLoopFuture<UInt64> {
        guard let options = channel as? any SocketOptionProvider else {
            return channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
        }
        let info: EventLoopFuture<TCPInfo> = options.unsafeGetSocketOption(
            level: .tcp, name: .init(rawValue: TCP_INFO))
        return info.map { $0.bytesAcknowledged }
    }
}
