import NIOCore
import NIOPosix

/// A server on loopback that answers exactly the bytes it is told to, however wrong they are.
final class LoopbackServer: Sendable {
    /// A request as far as it was read.
    struct Request: Sendable {
        var method = ""
        var target = ""
        var head = ""
        var body: [UInt8] = []
    }

    /// What to do with a request.
    enum Reply: Sendable {
        /// Keep the connection and say nothing.
        case silence
        /// Send these bytes; then close, or keep the connection and say no more.
        case bytes([UInt8], close: Bool)

        /// A well-formed answer.
        static func response(
            _ status: Int, body: [UInt8] = [], headers: [String] = [], promising length: Int? = nil, close: Bool = true
        ) -> Reply {
            let lines = ["HTTP/1.1 \(status) X", "Content-Length: \(length ?? body.count)"] + headers
            return .bytes(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body, close: close)
        }
    }

    let url: String
    private let channel: any Channel

    /// Starts a server on a free port.
    init(_ answer: @escaping @Sendable (Request) -> Reply) async throws {
        channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Connection(answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        url = "http://127.0.0.1:\(channel.localAddress?.port ?? 0)"
    }

    func stop() async { try? await channel.close() }

    /// Runs a test against a server.
    static func with<Value: Sendable>(
        _ answer: @escaping @Sendable (Request) -> Reply, _ body: (LoopbackServer) async throws -> Value
    ) async throws -> Value {
        let server = try await LoopbackServer(answer)
        do {
            let value = try await body(server)
            await server.stop()
            return value
        } catch {
            await server.stop()
            throw error
        }
    }
}

private final class Connection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let answer: @Sendable (LoopbackServer.Request) -> LoopbackServer.Reply
    private var received: [UInt8] = []

    init(_ answer: @escaping @Sendable (LoopbackServer.Request) -> LoopbackServer.Reply) { self.answer = answer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received += Array(unwrapInboundIn(data).readableBytesView)
        while let request = takeRequest() {
            guard case .bytes(let bytes, let close) = answer(request) else { continue }
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
            if close { context.close(promise: nil) }
        }
    }

    private func takeRequest() -> LoopbackServer.Request? {
        guard let end = received.firstRange(of: [13, 10, 13, 10]) else { return nil }
        let head = String(decoding: received[..<end.lowerBound], as: UTF8.self)
        let lines = head.split(whereSeparator: \.isNewline)
        let length =
            lines.first { $0.lowercased().hasPrefix("content-length:") }
            .flatMap { Int($0.dropFirst(15).filter(\.isNumber)) } ?? 0
        guard received.count >= end.upperBound + length else { return nil }
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count == 3 else { return nil }
        let body = Array(received[end.upperBound..<end.upperBound + length])
        received.removeFirst(end.upperBound + length)
        return LoopbackServer.Request(method: String(words[0]), target: String(words[1]), head: head, body: body)
    }
}
