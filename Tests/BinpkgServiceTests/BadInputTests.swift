import BinpkgModel
import FoundationEssentials
import Posix
import Subprocess
import SystemPackage
import Testbed
import Testing

@testable import BinpkgService

/// What nobody should send, sent to a real server: each is answered with a problem document, and the service goes on.
@Suite struct BadInputTests {
    private struct Attack: Sendable {
        let name: String
        let status: Int
        let parts: [[UInt8]]

        init(_ name: String, _ status: Int, _ parts: [[UInt8]]) {
            (self.name, self.status, self.parts) = (name, status, parts)
        }

        init(_ name: String, _ status: Int, _ method: String, _ target: String, _ body: [UInt8] = []) {
            let head =
                "\(method) \(target) HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: \(body.count)\r\n\r\n"
            self.init(name, status, [Array(head.utf8) + body])
        }
    }

    private static func request(_ change: (inout BuildRequest) -> Void) throws -> [UInt8] {
        var request = sample
        change(&request)
        return Array(try JSONEncoder().encode(request))
    }

    private static func attacks() throws -> [Attack] {
        let open = "POST /v1/requests HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        func nested(_ depth: Int) -> [UInt8] { Array(repeating: UInt8(ascii: "["), count: depth) }
        let chunk = Array("400\r\n".utf8) + Array(repeating: 32, count: 1024) + Array("\r\n".utf8)
        let fields = (0..<300).map { "X-\($0): y\r\n" }.joined()
        return [
            Attack("no JSON", 400, "POST", "/v1/requests", Array("{\"version\": 1,".utf8)),
            Attack("no text", 400, "POST", "/v1/requests", [0xff, 0xfe, 0, 1]),
            Attack("nothing", 400, "POST", "/v1/requests"),
            Attack("deep nesting", 400, "POST", "/v1/requests", nested(60_000)),
            Attack("deep nesting in a value", 400, "POST", "/v1/plans", Array("{\"requests\":".utf8) + nested(60_000)),
            Attack("a number that is none", 400, "POST", "/v1/requests", Array("{\"version\": 1e999}".utf8)),
            Attack("a huge body, declared", 413, [Array((open + "Content-Length: 1000000000000\r\n\r\n").utf8)]),
            Attack(
                "a huge body, in chunks", 413,
                [Array((open + "Transfer-Encoding: chunked\r\n\r\n").utf8)] + Array(repeating: chunk, count: 100)),
            Attack("a length that is none", 400, [Array((open + "Content-Length: 99999999999999999999\r\n\r\n").utf8)]),
            Attack("chunks that are none", 400, [Array((open + "Transfer-Encoding: chunked\r\n\r\nzz\r\n").utf8)]),
            Attack("a path that leaves", 404, "GET", "/v1/artifacts/..%2f..%2fstore.sqlite"),
            Attack("a path that leaves, plainly", 404, "GET", "/v1/artifacts/../../store.sqlite"),
            Attack("an ID that leaves", 404, "GET", "/v1/requests/..%2f..%2f..%2fetc%2fpasswd/log"),
            Attack("a hash that leaves", 400, "PUT", "/v1/content/..%2f..%2fx", [1]),
            Attack("a NUL in a path", 404, "GET", "/v1/requests/%00"),
            Attack("no such method", 400, "BREW", "/v1/requests"),
            Attack("a method that is not for this", 404, "DELETE", "/v1/environments"),
            Attack("a command as a flag", 422, "POST", "/v1/requests", try request { $0.use = ["$(id)"] }),
            Attack("an option as a package", 422, "POST", "/v1/requests", try request { $0.cpv = "--config" }),
            Attack("an option in a package", 422, "POST", "/v1/requests", try request { $0.cpv = "app-demo/--config" }),
            Attack("a package that leaves", 422, "POST", "/v1/requests", try request { $0.cpv = "app-demo/../../x-1" }),
            Attack("a repository that leaves", 422, "POST", "/v1/requests", try request { $0.repository = "../x" }),
            Attack("a slot that leaves", 422, "POST", "/v1/requests", try request { $0.slot = "../../x" }),
            Attack(
                "content that leaves", 422, "POST", "/v1/requests",
                try request { $0.content[0].name = "../../../etc/passwd" }),
            Attack(
                "a variable of the shell", 422, "POST", "/v1/requests", try request { $0.variables = ["PATH": "/"] }),
            Attack(
                "a variable of two lines", 422, "POST", "/v1/requests",
                try request { $0.variables = ["CFLAGS": "-O2\u{0}"] }),
            Attack("a prefix that leaves", 422, "POST", "/v1/requests", try request { $0.eprefix = "/a/../.." }),
            Attack("very many fields", 400, [Array(("GET /v1/status HTTP/1.1\r\n" + fields + "\r\n").utf8)]),
            Attack(
                "a very long field", 400,
                [Array("GET /v1/status HTTP/1.1\r\nX: ".utf8), Array(repeating: 97, count: 200_000)]),
            Attack("no HTTP", 400, [Array("hello, service\r\n\r\n".utf8)]),
            Attack("TLS", 400, [[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, 10, 13, 10, 13, 10]]),
            Attack("no such HTTP", 400, [Array("GET /v1/status HTTP/9.9\r\n\r\n".utf8)]),
        ]
    }

    @Test func eachIsAnsweredWithAProblemAndTheServiceGoesOn() async throws {
        let settings = """
            listen = "127.0.0.1:0"
            [limits]
            request_bytes = 65536
            """
        try await LiveService.run(settings: settings) { service in
            let before = try Files.list(service.state)
            for attack in try Self.attacks() {
                let reply = try await service.send(attack.parts)
                #expect(reply.status == attack.status, "\(attack.name): \(reply.text.prefix(400))")
                let problem = try? JSONDecoder().decode(ProblemDocument.self, from: Data(reply.body.utf8))
                #expect(problem?.status == attack.status, "\(attack.name): \(reply.text.prefix(400))")
                #expect(
                    reply.head.lowercased().contains("content-type: \(ProblemDocument.mediaType)"), "\(attack.name)")
                let alive = try await service.call("GET", "/v1/health")
                #expect(alive.status == 200, "after \(attack.name)")
            }
            #expect(try Files.list(service.state) == before)
            // And it still works.
            let id = try await service.call("POST", "/v1/requests", body: try Self.request { _ in })
            let answer = try JSONDecoder().decode(RequestAnswer.self, from: Data(id.body.utf8))
            let done = try await service.call("GET", "/v1/requests/\(answer.id)?wait=60")
            #expect(done.body.contains("\"state\":\"ready\""), "\(done.text)")
        }
    }

    @Test func aSecondServiceOnTheSameStoreRefusesToStart() async throws {
        try await LiveService.run { service in
            let second = try await LiveService.run(directory: service.state) { _ in
                Issue.record("two services run in \(service.state)")
            }
            #expect(second.contains("alreadyRunning") || second.contains("another binpkgd works in"), "\(second)")
            #expect(try await service.call("GET", "/v1/status").status == 200)
        }
    }

    @Test func beyondLoopbackItWantsTLSAndAToken() async throws {
        let scratch = try ScratchDirectory()
        let open = try await LiveService.run(settings: "listen = \"0.0.0.0:0\"") { _ in
            Issue.record("it listens everywhere without TLS")
        }
        #expect(open.contains("without TLS"), "\(open)")
        let files = try await TrialCertificate.make(in: scratch.path)
        let settings = """
            listen = "0.0.0.0:0"
            [tls]
            certificate = "\(files.certificate)"
            key = "\(files.key)"
            """
        let nameless = try await LiveService.run(settings: settings) { _ in
            Issue.record("it listens everywhere without a token")
        }
        #expect(nameless.contains("without a token"), "\(nameless)")
    }
}
