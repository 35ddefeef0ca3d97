import BinpkgModel
import Posix
import Synchronization
import Testbed
import Testing

/// What `binpkg request --show-request` prints is what a service receives, byte for byte.
@Suite struct SentBytesTests {
    /// What a server received.
    private final class Received: Sendable {
        private let requests = Mutex<[LoopbackServer.Request]>([])
        func add(_ request: LoopbackServer.Request) { requests.withLock { $0.append(request) } }
        /// Takes what came so far.
        func take() -> [LoopbackServer.Request] {
            requests.withLock { requests in
                defer { requests = [] }
                return requests
            }
        }
    }

    /// A machine with secrets, and a user patch that is not UTF-8.
    private func prepare(_ machine: Machine) async throws {
        try machine.append(
            "etc/portage/make.conf",
            "FETCHCOMMAND=\"fetch --user joe:hush-1 \\${URI}\"\nAPI_TOKEN=\"hush-2\"\nMYFLAGS=\"hush-3\"\n")
        try machine.write("etc/portmanteau/token", "hush-4\n", mode: 0o600)
        try await machine.installPortmanteau()
        let patch =
            Array("--- a/none\n+++ b/none\n@@ -0,0 +1 @@\n+caf".utf8) + [0xE9] + Array("\n".utf8)
        try Files.makeDirectories(machine.path("etc/portage/patches/app-demo/hello"))
        try Files.replace(machine.path("etc/portage/patches/app-demo/hello/latin.patch"), with: patch)
    }

    @Test func whatIsShownIsWhatIsSent() async throws {
        try await Testbed.shared().withMachine("sent-bytes") { machine in
            try await prepare(machine)
            let received = Received()
            let service = FakeService(
                .init(states: [.declined], wantsContent: true))
            try await LoopbackServer.with {
                received.add($0)
                return service.answer($0)
            } _: { server in
                try machine.useService(server.url)
                let environment = ["AWS_SECRET": "hush-5"]
                let command = "binpkg request --show-request app-demo/hello > $TMPDIR/shown"
                let shown = try await machine.run(["bash", "-c", command], environment: environment)
                #expect(shown.succeeded && shown.text.isEmpty, "\(shown.text)")
                #expect(received.take().isEmpty, "showing sends nothing")
                let bytes = try Files.read(machine.path("tmp/shown"))
                #expect(bytes.firstRange(of: Array("hush".utf8)) == nil)

                let asked = try await machine.run(["binpkg", "request", "app-demo/hello"], environment: environment)
                #expect(asked.exitCode == 1, "\(asked.text)")
                let sent = received.take()
                let posts = sent.filter { $0.method == "POST" }
                try #require(posts.count == 2 && posts[0].body == posts[1].body, "\(sent.map(\.head))")
                // All content is asked for; so all that is shown is sent, and nothing else.
                var expected = Array(try #require(shownHead(posts[0], server.url)).utf8) + posts[0].body + [10]
                for put in try uploads(sent, inOrderOf: posts[0].body) {
                    let place = try #require(bytes.firstRange(of: Array("\nPUT \(server.url)\(put.target)\n".utf8)))
                    let head = bytes[place.lowerBound...].firstRange(of: Array("bytes)\n\n".utf8))
                    expected += bytes[place.lowerBound..<(try #require(head)).upperBound]
                    expected += put.body
                }
                #expect(bytes == expected, "\(String(decoding: bytes, as: UTF8.self))")
                expectNoSecret(sent, but: "hush-4")
                let others = Set(sent.filter { !["POST", "PUT"].contains($0.method) }.map { $0.method + $0.target })
                #expect(others.isSubset(of: ["GET/v1/status"]), "\(others)")

                // What emerge sends for the same package is the same.
                _ = try await machine.emerge(["-1", "app-demo/hello"], environment: environment)
                let hooks = received.take()
                let bodies = hooks.filter { $0.method == "POST" }.map { String(decoding: $0.body, as: UTF8.self) }
                #expect(Set(bodies) == [String(decoding: posts[0].body, as: UTF8.self)])
                expectNoSecret(hooks, but: "hush-4")
            }
        }
    }

    /// The head as it is shown, of what was sent; nil when more was sent than is shown.
    private func shownHead(_ post: LoopbackServer.Request, _ url: String) -> String? {
        var lines = post.head.split(separator: "\r\n").map(String.init)
        guard lines.removeFirst() == "POST /v1/requests HTTP/1.1" else { return nil }
        func take(_ name: String) -> String? {
            lines.firstIndex { $0.lowercased().hasPrefix(name + ":") }.map { lines.remove(at: $0) }
        }
        guard take("host")?.lowercased() == "host: " + url.dropFirst("http://".utf8.count) else { return nil }
        guard take("content-type") == "Content-Type: application/json" else { return nil }
        guard take("content-length") == "Content-Length: \(post.body.count)" else { return nil }
        guard take("authorization") == "Authorization: Bearer hush-4" else { return nil }
        guard lines.isEmpty else { return nil }
        return "POST \(url)/v1/requests\nContent-Type: application/json\nContent-Length: \(post.body.count)\n"
            + "Authorization: Bearer (the token of etc/portmanteau/token)\n\n"
    }

    /// The files that were sent, in the order in which the request names them.
    private func uploads(
        _ sent: [LoopbackServer.Request], inOrderOf body: [UInt8]
    ) throws -> [LoopbackServer.Request] {
        let puts = sent.filter { $0.method == "PUT" }
        #expect(puts.count >= 4 && puts.allSatisfy { $0.target == "/v1/content/\(ContentHash.sha256($0.body))" })
        func place(_ request: LoopbackServer.Request) -> Int? {
            body.firstRange(of: Array(request.target.dropFirst("/v1/content/".utf8.count).utf8))?.lowerBound
        }
        #expect(puts.allSatisfy { place($0) != nil })
        return puts.sorted { place($0) ?? 0 < place($1) ?? 0 }
    }

    /// Nothing that is secret was sent, except the token where it belongs.
    private func expectNoSecret(_ sent: [LoopbackServer.Request], but token: String) {
        for request in sent {
            let head = request.head.replacing("Authorization: Bearer \(token)", with: "")
            #expect(!head.contains("hush"), "\(request.head)")
            #expect(request.body.firstRange(of: Array("hush".utf8)) == nil, "\(request.method) \(request.target)")
        }
    }
}
