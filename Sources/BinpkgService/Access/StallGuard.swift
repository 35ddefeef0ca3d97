internal import NIOCore

/// Ends a connection whose client does not read: nothing of what is to be sent could be sent for so many seconds.
///
/// It stands next to the socket, so it also counts what came, whether that makes a request or not.
final class StallGuard: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    /// Bytes that came.
    private(set) var received = 0
    private let patience: TimeAmount
    private var pending = 0
    private var progress = NIODeadline.now()
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
        check = context.eventLoop.scheduleTask(deadline: progress + patience) {
            let (own, context) = bound.value
            own.check = nil
            guard own.pending > 0 else { return }
            if .now() >= own.progress + own.patience {
                context.close(promise: nil)
            } else {
                own.schedule(context)
            }
        }
    }
}
