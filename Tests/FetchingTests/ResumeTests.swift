import Crypto
import Glibc
import Posix
import Synchronization
import Testbed
import Testing

@testable import Fetching

/// Transfers that break off.
@Suite struct ResumeTests {
    private let body: [UInt8] = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }

    private var hash: String {
        SHA256.hash(data: body).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static func start(_ request: LoopbackServer.Request) -> Int {
        let line = request.head.split(whereSeparator: \.isNewline).first { $0.lowercased().hasPrefix("range: bytes=") }
        return line.flatMap { Int($0.dropFirst("range: bytes=".count).dropLast()) } ?? 0
    }

    /// Fetches the body from a server; returns the result and the ranges that were asked for.
    private func fetch(
        attempts: Int = 5, _ answer: @escaping @Sendable (_ start: Int, _ call: Int) -> LoopbackServer.Reply
    ) async throws -> (result: Result<Fetcher.Downloaded, FetchError>, starts: [Int], left: [String]) {
        let scratch = try ScratchDirectory()
        let directory = scratch.path
        let starts = Mutex<[Int]>([])
        let result = try await LoopbackServer.with { request in
            let call = starts.withLock {
                $0.append(Self.start(request))
                return $0.count
            }
            return answer(Self.start(request), call)
        } _: { server -> Result<Fetcher.Downloaded, FetchError> in
            do throws(FetchError) {
                return .success(
                    try await Fetcher().download(
                        .init(server.url + "/f", timeouts: .init(answer: 60_000)), to: directory + "/f",
                        expecting: .init(needsHash: true, limit: 1 << 20), attempts: attempts))
            } catch {
                return .failure(error)
            }
        }
        if case .success = result { #expect(try Files.read(directory + "/f") == body) }
        return (result, starts.withLock { $0 }, try Files.list(directory))
    }

    /// The rest of the body from `start`, cut after `count` bytes.
    private func part(_ start: Int, _ count: Int, hash: String? = nil) -> LoopbackServer.Reply {
        let rest = body[start...]
        var headers = ["Digest: sha-256=\(hash ?? self.hash)"]
        if start > 0 { headers.append("Content-Range: bytes \(start)-\(body.count - 1)/\(body.count)") }
        return .response(
            start > 0 ? 206 : 200, body: Array(rest.prefix(count)), headers: headers, promising: rest.count)
    }

    @Test func whatBreaksOffIsContinued() async throws {
        let outcome = try await fetch { start, _ in part(start, 120_000) }
        #expect(try outcome.result.get() == .init(sha256: hash, size: body.count))
        // How much of a part arrives before the end of the connection is seen is not ours to say.
        #expect(outcome.starts.count >= 3 && outcome.starts == outcome.starts.sorted(), "\(outcome.starts)")
        #expect(outcome.left == ["f"])
    }

    @Test func aServerWithoutRangesBeginsAnew() async throws {
        let outcome = try await fetch { _, call in part(0, call == 1 ? 100_000 : 300_000) }
        #expect(try outcome.result.get().size == body.count)
        #expect(outcome.starts.count == 2)
    }

    @Test func oneThatNeverGetsOnIsLeft() async throws {
        let outcome = try await fetch { _, _ in part(0, 100_000) }
        guard case .failure(.broken) = outcome.result else {
            Issue.record("\(outcome.result)")
            return
        }
        #expect((5...20).contains(outcome.starts.count))
        #expect(outcome.left.isEmpty)
    }

    @Test func anotherFileIsNotTakenForTheRest() async throws {
        let other = String(repeating: "0", count: 64)
        let outcome = try await fetch { start, call in
            call == 1 ? part(0, 100_000) : part(start, 300_000, hash: call == 2 ? other : nil)
        }
        #expect(try outcome.result.get().size == body.count)
        #expect(outcome.starts.count == 3 && outcome.starts.last == 0, "\(outcome.starts)")
    }

    @Test func anotherRangeIsNotTaken() async throws {
        let outcome = try await fetch { start, call in
            guard call > 1 else { return part(0, 100_000) }
            return .response(
                206, body: Array(body[start...]),
                headers: ["Digest: sha-256=\(hash)", "Content-Range: bytes 5-299999/300000"])
        }
        guard case .failure(.broken(_, let reason)) = outcome.result else {
            Issue.record("\(outcome.result)")
            return
        }
        #expect(reason.contains("another part") || reason.contains("cut off"))
        #expect(outcome.left.isEmpty)
    }
}
