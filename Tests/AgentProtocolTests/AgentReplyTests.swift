import Glibc
import Posix
import Synchronization
import Testbed
import Testing

@testable import AgentProtocol

@Suite struct AgentReplyTests {
    @Test(arguments: [AgentReply.accepted, .local("the service\nis away"), .refused("")])
    func isALine(_ reply: AgentReply) throws {
        let text = reply.text
        #expect(text.hasSuffix("\n") && text.dropLast().allSatisfy { $0 != "\n" })
        let read = try #require(AgentReply(text: text))
        #expect(read.text == text)
    }

    @Test(arguments: ["", "\n", "accepted", "yes\n", "accept\n"])
    func whatIsNoReplyIsNone(_ text: String) { #expect(AgentReply(text: text) == nil) }

    /// Long paths go through the directory: a socket's address has 108 bytes.
    @Test(arguments: [0, 150])
    func aRequestGoesOverASocket(_ padding: Int) throws {
        let scratch = try ScratchDirectory()
        let folder = scratch.path + "/" + String(repeating: "x", count: padding)
        try Files.makeDirectories(folder)
        let path = folder + "/agent.sock"
        let request = SetupRequest(fields: ["A": String(repeating: "a b ", count: 100_000), "B": "c\nd"])
        #expect(AgentReply.ask(path, request, deadline: .now.advanced(byMilliseconds: 60_000)) == nil)
        let listener = try UnixSocket(listeningAt: path, mode: 0o600)
        #expect(Files.status(path).map { $0.mode & 0o777 } == 0o600)
        // Larger than the socket's buffers, so both sides are at work at once, and both block: a thread for one of them.
        let server = Server(listener)
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { context in
                if let context { Unmanaged<Server>.fromOpaque(context).takeRetainedValue().answer() }
                return nil
            }, Unmanaged.passRetained(server).toOpaque())
        let reply = AgentReply.ask(path, request, deadline: .now.advanced(byMilliseconds: 60_000))
        pthread_join(thread, nil)
        #expect(reply == .local("no"))
        let got = server.got.withLock { $0 }
        #expect(got?.peer.pid == getpid() && got?.peer.user == geteuid())
        #expect(got?.request == request)
    }

    /// Answers one request.
    private final class Server: Sendable {
        let socket: UnixSocket
        let got = Mutex<(peer: UnixSocket.Peer, request: SetupRequest)?>(nil)

        init(_ socket: consuming UnixSocket) { self.socket = socket }

        func answer() {
            let deadline = MonotonicTime.now.advanced(byMilliseconds: 60_000)
            guard let connection = try? socket.accept(until: deadline), let peer = connection.peer,
                let bytes = try? connection.receive(limit: 1 << 20, until: deadline)
            else { return }
            got.withLock { $0 = (peer, SetupRequest(encoded: bytes)) }
            try? connection.send(Array(AgentReply.local("no").text.utf8), until: deadline)
        }
    }

    @Test func anAgentThatSaysNothingIsNone() throws {
        let scratch = try ScratchDirectory()
        let path = scratch.path + "/agent.sock"
        let listener = try UnixSocket(listeningAt: path, mode: 0o600)
        let request = SetupRequest(fields: ["A": "b"])
        #expect(AgentReply.ask(path, request, deadline: .now.advanced(byMilliseconds: 50)) == nil)
        _ = try listener.accept(until: .now)
        #expect(AgentReply.ask(path + "x", request, deadline: .now) == nil)
    }
}
