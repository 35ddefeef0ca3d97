internal import BinpkgModel
internal import FoundationEssentials
internal import HTTPTypes
internal import NIOCore
internal import NIOHTTPTypes

/// Ends a connection whose client sends too slowly, or goes on sending what nobody reads any more; and puts a problem
/// document into the answer to what is not HTTP.
final class RequestGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private enum Phase {
        /// For the head of a request, since so many bytes had come.
        case waiting(since: Int)
        /// A body comes: so many bytes in this stretch of time.
        case receiving(bytes: Int)
        /// The request is there, the answer not yet.
        case answering
        /// The answer was given before the body was there; so many bytes of that came since.
        case draining(bytes: Int)
        /// Nothing more is expected.
        case ending
    }

    private let limits: ServiceLimits
    private var phase = Phase.waiting(since: 0)
    private var deadline: NIODeadline?
    private var check: Scheduled<Void>?
    private var traffic: StallGuard?
    private var isAnswered = false

    /// Of a body that nobody wants any more so much is read, so that its sender gets to see the answer.
    private static let drained = 16 << 20
    private static let drainingTime = TimeAmount.seconds(10)

    init(limits: ServiceLimits) { self.limits = limits }

    func handlerAdded(context: ChannelHandlerContext) {
        traffic = try? context.pipeline.syncOperations.handler(type: StallGuard.self)
        wait(context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        check?.cancel()
        deadline = nil
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            isAnswered = false
            phase = .receiving(bytes: 0)
            expect(context, .seconds(Int64(limits.stallSeconds)))
        case .body(let part):
            switch phase {
            case .receiving(let bytes): phase = .receiving(bytes: bytes + part.readableBytes)
            case .draining(let bytes) where bytes + part.readableBytes > Self.drained:
                context.close(promise: nil)
                return
            case .draining(let bytes): phase = .draining(bytes: bytes + part.readableBytes)
            case .waiting, .answering, .ending: break
            }
        case .end:
            if isAnswered {
                wait(context)
            } else {
                phase = .answering
                deadline = nil
            }
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head) where Self.isOfGarbage(head):
            phase = .ending
            expect(context, Self.drainingTime)
            send(
                context, 400, "not HTTP",
                "this is not HTTP/1.1, or its head has more than \(limits.headerBytes) bytes or 100 fields")
            promise?.succeed()
            return
        case .end:
            isAnswered = true
            switch phase {
            case .answering: wait(context)
            case .receiving:
                phase = .draining(bytes: 0)
                expect(context, Self.drainingTime)
            case .waiting, .draining, .ending: break
            }
        case .head, .body: break
        }
        context.write(data, promise: promise)
    }

    /// The server's own answer to what it cannot parse: every other one has a date.
    private static func isOfGarbage(_ head: HTTPResponse) -> Bool {
        head.status == .badRequest && head.headerFields[.date] == nil
    }

    private func wait(_ context: ChannelHandlerContext) {
        phase = .waiting(since: traffic?.received ?? 0)
        expect(context, .seconds(Int64(limits.idleSeconds)))
    }

    private func expect(_ context: ChannelHandlerContext, _ time: TimeAmount) {
        deadline = .now() + time
        schedule(context)
    }

    private func schedule(_ context: ChannelHandlerContext) {
        guard check == nil, let deadline else { return }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        check = context.eventLoop.scheduleTask(deadline: deadline) {
            let (own, context) = bound.value
            own.check = nil
            own.look(context)
        }
    }

    /// The time may be over.
    private func look(_ context: ChannelHandlerContext) {
        guard let deadline else { return }
        guard .now() >= deadline else { return schedule(context) }
        switch phase {
        case .receiving(let bytes) where bytes >= ServiceLimits.slowest * limits.stallSeconds:
            phase = .receiving(bytes: 0)
            expect(context, .seconds(Int64(limits.stallSeconds)))
        // The answer before is still on its way, and `StallGuard` sees to that.
        case .waiting where traffic?.isSending ?? false: wait(context)
        case .waiting(let since) where (traffic?.received ?? since) == since: context.close(promise: nil)
        case .waiting, .receiving:
            send(context, 408, "too slow", "the request did not come in time")
            write(.end(nil), context)
            context.flush()
            context.close(promise: nil)
        case .draining, .ending: context.close(promise: nil)
        case .answering: break
        }
    }

    /// Writes all of a problem but its end.
    private func send(_ context: ChannelHandlerContext, _ status: Int, _ title: String, _ detail: String) {
        let problem = ProblemDocument(title: title, status: status, detail: detail)
        let body = (try? JSONColumn.text(problem)) ?? ""
        let head = HTTPResponse(
            status: .init(code: status),
            headerFields: [
                .contentType: ProblemDocument.mediaType, .contentLength: "\(body.utf8.count)", .connection: "close",
            ])
        write(.head(head), context)
        write(.body(ByteBuffer(string: body)), context)
    }

    private func write(_ part: HTTPResponsePart, _ context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(part), promise: nil)
    }
}
