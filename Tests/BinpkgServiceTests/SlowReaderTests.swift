import NIOCore
import NIOPosix
import Testbed
import Testing

@testable import BinpkgService

/// Who reads slowly is no one who stands still.
@Suite struct SlowReaderTests {
    @Test func whoReadsSlowlyIsServedAndWhoStopsIsNot() async throws {
        let settings = """
            listen = "127.0.0.1:0"
            [limits]
            idle_seconds = 6
            stall_seconds = 6
            burst = 100000
            """
        try await LiveService.run(settings: settings) { service in
            let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .channelOption(.autoRead, value: false)
                .channelOption(.maxMessagesPerRead, value: 1)
                .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 1024))
                .channelOption(.socketOption(.so_rcvbuf), value: 4096)
                .connect(host: "127.0.0.1", port: service.port).get()
            let port = try #require(channel.localAddress?.port)
            // A hundred megabytes of answers, of which the kernels hold a few.
            let questions = String(repeating: "GET /v1/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n", count: 2000)
            channel.writeAndFlush(ByteBuffer(string: questions), promise: nil)
            // Beside the tasks of all tests, which may wait for each other.
            let reading = channel.eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(100)) { _ in
                channel.read()
            }
            try await Task.sleep(for: .seconds(20))
            #expect(service.isConnected(from: port), "cut off, though it reads")
            reading.cancel()
            #expect(
                try await eventually(every: .milliseconds(100)) { !service.isConnected(from: port) },
                "not cut off, though it reads no more")
            try? await channel.close()
        }
    }
}
