internal import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOSSL

/// A connection with bounds on how slow its client may be, and with TLS where there is an identity.
struct GuardedChannel: ServerChildChannel {
    typealias Value = HTTP1Channel.Value

    private let base: HTTP1Channel
    private let identity: TLSIdentity?
    private let limits: ServiceLimits

    /// What makes the connections of a server.
    static func server(limits: ServiceLimits, identity: TLSIdentity?) -> HTTPServerBuilder {
        HTTPServerBuilder { responder in
            let decoder = HTTP1Channel.Configuration.DecoderConfiguration(
                maxHeaderFieldSize: limits.headerBytes, maxHeaderListSize: limits.headerBytes, maxHeaderFieldCount: 100)
            let configuration = HTTP1Channel.Configuration(
                additionalChannelHandlers: [RequestGuard(limits: limits)], idleTimeout: nil,
                httpDecoderConfiguration: decoder)
            return GuardedChannel(
                base: HTTP1Channel(responder: responder, configuration: configuration), identity: identity,
                limits: limits)
        }
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(StallGuard(seconds: limits.stallSeconds))
            if let identity { try pipeline.addHandler(NIOSSLServerHandler(context: identity.context)) }
        }.flatMap { base.setup(channel: channel, logger: logger) }
    }

    func handle(value: Value, logger: Logger) async { await base.handle(value: value, logger: logger) }
}
