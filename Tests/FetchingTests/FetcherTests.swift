import Crypto
import Glibc
import Posix
import Testbed
import Testing

@testable import Fetching

private func sha256(_ bytes: [UInt8]) -> String {
    SHA256.hash(data: bytes).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

@Suite struct FetcherTests {
    private let fetcher = Fetcher()

    private func failure(
        of request: Fetcher.Request, limit: Int = 1000
    ) async -> FetchError? {
        do {
            _ = try await fetcher.send(request, limit: limit)
            return nil
        } catch {
            return error
        }
    }

    @Test func aWholeExchange() async throws {
        let body = try await LoopbackServer.with { request in
            .response(201, body: Array("\(request.method) \(request.target) ".utf8) + request.body)
        } _: { server in
            let request = Fetcher.Request(
                server.url + "/x?y=1", method: "PUT", body: [65, 66], timeouts: .init(answer: 60_000))
            let response = try await fetcher.send(request)
            #expect(response.status == 201)
            return String(decoding: response.body, as: UTF8.self)
        }
        #expect(body == "PUT /x?y=1 AB")
    }

    @Test func aRefusedPortIsAway() async throws {
        let server = try await LoopbackServer { _ in .silence }
        await server.stop()
        let error = await failure(of: .init(server.url, timeouts: .init(answer: 60_000)))
        #expect(error == .away(url: server.url, reason: "Connection refused"))
    }

    @Test func anUnknownHostIsAway() async throws {
        let error = await failure(of: .init("http://nowhere.invalid/"))
        #expect(error?.isAway == true)
    }

    @Test func silenceIsAway() async throws {
        try await LoopbackServer.with { _ in
            .silence
        } _: { server in
            let error = await failure(of: .init(server.url, timeouts: .init(answer: 100)))
            #expect(error == .away(url: server.url, reason: "no answer within 0.1 s"))
        }
    }

    @Test func standingStillInTheMiddleIsABadAnswer() async throws {
        try await LoopbackServer.with { _ in
            .response(200, body: [1], promising: 9, close: false)
        } _: { server in
            let error = await failure(of: .init(server.url, timeouts: .init(answer: 60000, idle: 100)))
            #expect(error == .broken(url: server.url, reason: "it stopped in the middle"))
        }
    }

    @Test func aConnectionThatIsClosedWithoutAWordIsAway() async throws {
        try await LoopbackServer.with { _ in
            .bytes([], close: true)
        } _: { server in
            let error = await failure(of: .init(server.url, timeouts: .init(answer: 60_000)))
            #expect(error == .away(url: server.url, reason: "the connection was closed without an answer"))
        }
    }

    @Test(arguments: [
        "SSH-2.0-OpenSSH\r\n", "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 200 X\r\nContent-Length: -1\r\n\r\n",
    ])
    func whatIsNotHTTPIsABadAnswer(_ text: String) async throws {
        try await LoopbackServer.with { _ in
            .bytes(Array(text.utf8), close: true)
        } _: { server in
            let error = await failure(of: .init(server.url, timeouts: .init(answer: 60_000)))
            #expect(error != nil)
            #expect(error?.isAway == false)
        }
    }

    @Test(arguments: [500, 404, 302])
    func otherStatesAreErrors(_ code: Int) async throws {
        let headers = ["Location: http://example.org/"]
        try await LoopbackServer.with { _ in
            .response(code, body: [7], headers: headers)
        } _: { server in
            let error = await failure(of: .init(server.url, timeouts: .init(answer: 60_000)))
            #expect(error == .status(url: server.url, code: code, body: [7]))
        }
    }

    @Test func bodiesAreBounded() async throws {
        try await LoopbackServer.with { request in
            let body = [UInt8](repeating: 1, count: 2000)
            if request.target == "/promised" { return .response(200, body: body) }
            return .bytes(Array("HTTP/1.1 200 X\r\nConnection: close\r\n\r\n".utf8) + body, close: true)
        } _: { server in
            for path in ["/promised", "/open"] {
                let url = server.url + path
                let error = await failure(of: .init(url, timeouts: .init(answer: 60_000)))
                #expect(error == .tooLarge(url: url, limit: 1000))
            }
        }
    }

    @Test(arguments: ["ftp://example.org/", "http://a b/", "http:///x", "file:///etc/passwd", "", "http://\n/"])
    func badAddresses(_ url: String) async {
        let error = await failure(of: .init(url))
        #expect(error != nil)
    }

    @Test func cancellationEndsIt() async throws {
        try await LoopbackServer.with { _ in
            .silence
        } _: { server in
            let url = server.url
            let task = Task { await failure(of: .init(url, timeouts: .init(answer: 60_000))) }
            try await Task.sleep(for: .milliseconds(50))
            task.cancel()
            #expect(await task.value == .cancelled)
        }
    }

    @Test func events() async throws {
        let text = ": hello\r\ndata: a\ndata:b\n\nevent: end\rdata: x\r\rnonsense\n\ndata: cut"
        try await LoopbackServer.with { _ in
            .response(200, body: Array(text.utf8))
        } _: { server in
            let events = Collected()
            try await fetcher.events(.init(server.url, timeouts: .init(answer: 60_000))) { event in
                await events.add(event)
                return true
            }
            #expect(
                await events.all == [.init(name: "message", data: "a\nb"), .init(name: "end", data: "x")])
        }
    }
}

private actor Collected {
    var all: [Fetcher.Event] = []
    func add(_ event: Fetcher.Event) { all.append(event) }
}

extension FetchError? {
    /// The case and its most telling value.
    fileprivate var kind: String {
        switch self {
        case .tooLarge(_, let limit): "tooLarge \(limit)"
        case .mismatch(_, let what, let expected, _): "\(what) \(expected)"
        case .status(_, let code, _): "status \(code)"
        default: String(describing: self)
        }
    }
}

@Suite struct DownloadTests {
    private let content = [UInt8](repeating: 42, count: 100_000)

    /// Downloads `/`; returns the error, and the names that are left in the directory.
    private func attempt(
        _ reply: LoopbackServer.Reply, idle: Int = 60_000, expecting: Fetcher.Expectation
    ) async throws -> (error: FetchError?, names: [String]) {
        try await LoopbackServer.with { _ in
            reply
        } _: { server in
            let scratch = try ScratchDirectory()
            let directory = scratch.path
            var failure: FetchError?
            do throws(FetchError) {
                _ = try await Fetcher().download(
                    .init(server.url, timeouts: .init(answer: 60_000, idle: idle)), to: directory + "/file",
                    expecting: expecting)
            } catch {
                failure = error
            }
            let names = try Files.list(directory)
            return (failure, names)
        }
    }

    @Test func aGoodFile() async throws {
        let hash = sha256(content)
        let (error, names) = try await attempt(
            .response(200, body: content), expecting: .init(sha256: hash, size: content.count, limit: 1 << 20))
        #expect(error == nil)
        #expect(names == ["file"])
        let stated = try await attempt(
            .response(200, body: content, headers: ["Digest: sha-256=\(hash)"]), expecting: .init(limit: 1 << 20))
        #expect(stated.error == nil)
    }

    @Test func aWrongHashLeavesNothing() async throws {
        let wrong = String(repeating: "0", count: 64)
        let expected = try await attempt(
            .response(200, body: content), expecting: .init(sha256: wrong, limit: 1 << 20))
        let stated = try await attempt(
            .response(200, body: content, headers: ["Digest: md5=x, sha-256=\(wrong)"]),
            expecting: .init(limit: 1 << 20))
        for (error, names) in [expected, stated] {
            #expect(error.kind == "SHA-256 \(wrong)")
            #expect(names.isEmpty)
        }
    }

    @Test func aTruncatedBodyLeavesNothing() async throws {
        for close in [true, false] {
            let (error, names) = try await attempt(
                .response(200, body: content, promising: content.count * 2, close: close), idle: close ? 60_000 : 500,
                expecting: .init(limit: 1 << 20))
            #expect(error != nil)
            #expect(error?.isAway == false)
            #expect(names.isEmpty)
        }
    }

    @Test func aLargeBodyIsRefused() async throws {
        let (error, names) = try await attempt(.response(200, body: content), expecting: .init(limit: 99_999))
        #expect(error.kind == "tooLarge 99999")
        #expect(names.isEmpty)
        let open = Array("HTTP/1.1 200 X\r\nConnection: close\r\n\r\n".utf8) + content
        let second = try await attempt(.bytes(open, close: true), expecting: .init(limit: 99_999))
        #expect(second.error.kind == "tooLarge 99999")
        #expect(second.names.isEmpty)
    }

    @Test func anotherSizeIsRefused() async throws {
        let (error, names) = try await attempt(.response(200, body: content), expecting: .init(size: 5, limit: 1 << 20))
        #expect(error.kind == "size 5")
        #expect(names.isEmpty)
    }

    @Test func anErrorStatusLeavesNothing() async throws {
        let (error, names) = try await attempt(.response(503), expecting: .init(limit: 1 << 20))
        #expect(error.kind == "status 503")
        #expect(names.isEmpty)
    }

    @Test func whatWasThereStays() async throws {
        try await LoopbackServer.with { _ in
            .response(200, body: [1, 2])
        } _: { server in
            let scratch = try ScratchDirectory()
            let directory = scratch.path
            try Files.replace(directory + "/file", with: [9])
            await #expect(throws: FetchError.self) {
                try await Fetcher().download(
                    .init(server.url, timeouts: .init(answer: 60_000)), to: directory + "/file",
                    expecting: .init(size: 3, limit: 10))
            }
            #expect(try Files.read(directory + "/file") == [9])
            await #expect(
                throws: FetchError.file(PosixError("write", directory + "/no/file.part-\(getpid())", code: ENOENT))
            ) {
                try await Fetcher().download(
                    .init(server.url, timeouts: .init(answer: 60_000)), to: directory + "/no/file",
                    expecting: .init(limit: 10))
            }
        }
    }

    @Test func aFullDiskHasACaseOfItsOwn() {
        #expect(FetchError(PosixError("write", "/x", code: ENOSPC)) == .diskFull(path: "/x"))
        #expect(FetchError(PosixError("write", "/x", code: EDQUOT)) == .diskFull(path: "/x"))
        #expect(FetchError(PosixError("write", "/x", code: EIO)) == .file(PosixError("write", "/x", code: EIO)))
    }
}
