import ArgumentParser
import BinpkgService
import Glibc
import NIOCore
import Posix
import Testbed

/// What a key lookup costs over HTTP, against a route of the same server that does nothing; and the service's memory.
struct HTTPCost: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "http", abstract: "A key lookup over HTTP against an empty route, and the service's memory.")

    @Option(help: "How many packages.")
    var packages = 10_000

    @Option(help: "Connections at one time.")
    var connections = 32

    @Option(help: "Pairs of runs.")
    var pairs = 5

    @Option(help: "Seconds of each run.")
    var seconds = 3.0

    @Option(help: "Readers of logs.")
    var readers = 50

    func run() async throws {
        let scratch = try ScratchDirectory()
        let state = scratch.path + "/state"
        try await StoreTrial.fill(stateDirectory: state, packages)
        let settings = "[limits]\nrequests_per_second = 1000000\nburst = 1000000\n"
        // Without workers: what is asked for waits, and so do the readers of its log.
        try await ServiceProgram.run(state: state, settings: settings) { port, pid in
            try await lookups(port)
            try await memory(port, pid, state)
        }
    }

    private func lookups(_ port: Int) async throws {
        let load = HTTPLoad(port: port, connections: connections)
        let empty = Array("GET /v1/ping HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
        // Each package once, so that nothing that the service may remember of a request counts.
        let bodies = try (0..<packages).map { number -> [UInt8] in
            let body = try StoreTrial.body(number &* 7919 % packages)
            let head =
                "POST /v1/requests?build=no HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.count)\r\n\r\n"
            return Array(head.utf8) + body
        }
        var figures: [(first: Double, second: Double)] = []
        var times: [Double] = []
        for pair in 0..<pairs {
            func lookUp() async throws -> Double {
                let run = try await load.run(seconds: seconds, status: "200", bodies)
                times += run.times
                return run.rate
            }
            func ping() async throws -> Double {
                try await load.run(seconds: seconds, status: "204", [empty]).rate
            }
            if pair % 2 == 0 {
                let first = try await lookUp()
                figures.append((first, try await ping()))
            } else {
                let second = try await ping()
                figures.append((try await lookUp(), second))
            }
        }
        let paired = PairedFigures(pairs: figures)
        let all = HTTPLoad.Figures(rate: 0, times: times.sorted())
        print("key lookup over HTTP among \(packages) packages, \(connections) connections, \(pairs) pairs")
        row("lookups per second, median", fixed(median(figures.map(\.first)), 0))
        row("requests of the empty route per second, median", fixed(median(figures.map(\.second)), 0))
        row("ratio", fixed(paired.ratio, 3), "goal: 0.5 at least")
        row("lookup, median", fixed(all.within(0.5) * 1000) + " ms")
        row("lookup, 99 of 100 within", fixed(all.within(0.99) * 1000) + " ms", "goal: 10 ms at most")
    }

    private func memory(_ port: Int, _ pid: pid_t, _ state: String) async throws {
        // A package that is not there: it waits in the queue, with a log.
        let body = try StoreTrial.body(packages)
        let id = try await Self.ask(port, body)
        let line = String(repeating: "compiling a file of many, with all of its flags; ", count: 4) + "\n"
        try Files.makeDirectories(state + "/logs")
        try Files.replace(
            "\(state)/logs/\(id).log", with: Array(String(repeating: line, count: (4 << 20) / line.utf8.count).utf8))
        try await withThrowingTaskGroup(of: Void.self) { group in
            let (arrived, arrival) = AsyncStream.makeStream(of: Void.self)
            for _ in 0..<readers {
                group.addTask { try await Self.read(port, "/v1/requests/\(id)/log", 4 << 20) { arrival.yield() } }
            }
            group.addTask {
                var missing = readers
                for await _ in arrived {
                    missing -= 1
                    if missing == 0 { break }
                }
            }
            // The one that ends by itself: all readers are at the end of what is there.
            _ = try await group.next()
            print("the service with \(packages) packages and \(readers) readers of a log")
            row("memory", "\(Self.kilobytes(pid, "VmRSS") >> 10) MiB", "goal: 150 MB at most")
            row("memory, at most", "\(Self.kilobytes(pid, "VmHWM") >> 10) MiB")
            group.cancelAll()
            while (try? await group.next()) != nil {}
        }
    }

    /// Asks for a package to be built; the request's name.
    private static func ask(_ port: Int, _ body: [UInt8]) async throws -> String {
        let head = "POST /v1/requests HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: \(body.count)\r\n\r\n"
        let answer = try await HTTPLoad.connect(to: port).executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(bytes: Array(head.utf8) + body))
            var bytes: [UInt8] = []
            for try await part in inbound {
                bytes += part.readableBytesView
                if bytes.last == UInt8(ascii: "}") { break }
            }
            return String(decoding: bytes, as: UTF8.self)
        }
        guard let start = answer.firstRange(of: "\"id\":\"")?.upperBound else {
            throw ValidationError("unexpected answer: \(answer)")
        }
        return String(answer[start...].prefix(64))
    }

    /// Reads an answer that does not end; says when so many bytes of it are there.
    private static func read(
        _ port: Int, _ target: String, _ size: Int, _ isThere: @escaping @Sendable () -> Void
    ) async throws {
        try await HTTPLoad.connect(to: port).executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: "GET \(target) HTTP/1.1\r\nHost: x\r\n\r\n"))
            var count = 0
            for try await part in inbound {
                let before = count
                count += part.readableBytes
                if before < size, count >= size { isThere() }
            }
        }
    }

    /// A figure of a process.
    private static func kilobytes(_ pid: pid_t, _ name: String) -> Int {
        let text = (try? Files.readText("/proc/\(pid)/status")) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix(name + ":") }
        return line.flatMap { Int($0.filter(\.isNumber)) } ?? 0
    }
}
