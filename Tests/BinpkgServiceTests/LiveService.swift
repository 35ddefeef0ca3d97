import Glibc
import NIOCore
import NIOPosix
import Posix
import Subprocess
import SystemPackage
import Testbed

/// The service as a program, with settings, until a test is done with it.
struct LiveService: Sendable {
    let port: Int
    let pid: pid_t
    let state: String

    /// The program.
    static var program: String { folder + "/trial-binpkgd" }

    /// Where the built programs are, whatever the test's own one is called.
    static var folder: String {
        var path = #filePath[...]
        for _ in 0..<3 { path = path[..<(path.lastIndex(of: "/") ?? path.endIndex)] }
        return path + "/.build/debug"
    }

    /// Runs it; returns what it printed.
    ///
    /// - Parameter settings: `binpkgd.toml`; the tests' default is a free port of loopback.
    @discardableResult
    static func run(
        settings: String = "listen = \"127.0.0.1:0\"", directory: String? = nil,
        _ body: @escaping @Sendable (LiveService) async throws -> Void
    ) async throws -> String {
        let scratch = try ScratchDirectory()
        let state = directory ?? scratch.path + "/state"
        try Files.makeDirectories(scratch.path + "/journal")
        try Files.replace(scratch.path + "/binpkgd.toml", with: Array(settings.utf8))
        let result = try await Subprocess.run(
            .path(FilePath(program)),
            arguments: [state, scratch.path + "/journal", "2", scratch.path + "/binpkgd.toml"], input: .none,
            output: .sequence, error: .discarded
        ) { execution in
            var printed = ""
            for try await line in execution.standardOutput.strings() {
                printed += line + "\n"
                guard line.hasPrefix("listening "), let port = Int(line.dropFirst(10).filter(\.isNumber)) else {
                    continue
                }
                let pid = execution.processIdentifier.value
                defer { kill(pid, SIGKILL) }
                try await body(LiveService(port: port, pid: pid, state: state))
            }
            return printed
        }
        withExtendedLifetime(scratch) {}
        return result.closureResult
    }

    /// What came back.
    struct Reply: Sendable {
        let text: String
        var status: Int { Int(text.dropFirst(9).prefix(3)) ?? 0 }
        var head: String { text.firstRange(of: "\r\n\r\n").map { String(text[..<$0.lowerBound]) } ?? text }
        var body: String { text.firstRange(of: "\r\n\r\n").map { String(text[$0.upperBound...]) } ?? "" }
    }

    /// Sends bytes as they are, and reads until the service closes the connection.
    ///
    /// - Parameter pause: between the parts.
    func send(_ parts: [[UInt8]], pause: Duration = .zero) async throws -> Reply {
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        var text: [UInt8] = []
        do {
            text = try await channel.executeThenClose { inbound, outbound in
                try await withThrowingTaskGroup(of: [UInt8]?.self) { group in
                    group.addTask {
                        for part in parts {
                            // A service that has heard enough closes the connection.
                            do { try await outbound.write(ByteBuffer(bytes: part)) } catch { break }
                            if pause > .zero { try await Task.sleep(for: pause) }
                        }
                        return nil
                    }
                    group.addTask {
                        var bytes: [UInt8] = []
                        do {
                            for try await part in inbound { bytes += part.readableBytesView }
                        } catch is IOError {}
                        return bytes
                    }
                    defer { group.cancelAll() }
                    for try await bytes in group {
                        if let bytes { return bytes }
                    }
                    return []
                }
            }
        } catch is ChannelError {
        } catch is IOError {}
        return Reply(text: String(decoding: text, as: UTF8.self))
    }

    /// One request on a connection of its own.
    func call(
        _ method: String, _ target: String, headers: [String] = [], body: [UInt8] = []
    ) async throws -> Reply {
        let lines =
            ["\(method) \(target) HTTP/1.1", "Host: localhost", "Connection: close", "Content-Length: \(body.count)"]
            + headers
        return try await send([Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body])
    }
}

extension LiveService {
    /// Sends bytes and reads nothing; whether the service ends that within a minute.
    func neverReading(_ bytes: [UInt8]) async throws -> Bool {
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelOption(.autoRead, value: false)
            .connect(host: "127.0.0.1", port: port).get()
        channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
        for _ in 0..<600 {
            // The other end is gone when what is sent there is refused.
            do { try await channel.writeAndFlush(ByteBuffer(bytes: [])).get() } catch { return true }
            if !isConnected(from: channel.localAddress?.port ?? 0) {
                try? await channel.close()
                return true
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        try? await channel.close()
        return false
    }

    /// Whether the service has a connection from this port that is established.
    func isConnected(from port: Int) -> Bool {
        func hex(_ port: Int) -> String {
            let digits = String(port, radix: 16, uppercase: true)
            return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        }
        let table = (try? Files.readText("/proc/net/tcp")) ?? ""
        return table.split(separator: "\n").contains { line in
            let words = line.split(separator: " ")
            return words.count > 3 && words[1].hasSuffix(":" + hex(self.port)) && words[2].hasSuffix(":" + hex(port))
                && words[3] == "01"
        }
    }
}
