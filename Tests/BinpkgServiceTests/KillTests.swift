import BinpkgClient
import BinpkgModel
import GRDB
import Glibc
import Posix
import Subprocess
import Synchronization
import SystemPackage
import Testbed
import Testing

@testable import BinpkgService

/// The service as a program, killed at any moment.
@Suite struct KillTests {
    private static let rounds = 50

    /// What several tasks collect.
    private final class Collected<Value: Sendable>: Sendable {
        private let state: Mutex<[Value]> = Mutex([])
        var values: [Value] { state.withLock { $0 } }
        func add(_ value: Value) { state.withLock { $0.append(value) } }
    }

    /// A running service.
    private struct Running: Sendable {
        let pid: pid_t
        let client: ServiceClient
    }

    private struct Place: Sendable {
        private let scratch: ScratchDirectory
        var state: String { scratch.path + "/state" }
        var journal: String { scratch.path + "/journal" }

        init() throws {
            scratch = try ScratchDirectory()
            try Files.makeDirectories(journal)
        }

        func lines(_ name: String) -> [String] {
            ((try? Files.readText("\(journal)/\(name)")) ?? "").split(separator: "\n").map(String.init)
        }
    }

    /// Runs a service until `body` is done with it, and kills it then. Returns what it printed.
    @discardableResult
    private static func serve(
        _ place: Place, _ body: @escaping @Sendable (Running) async throws -> Void
    ) async throws -> String {
        let printed = Collected<String>()
        _ = try await Subprocess.run(
            .path(FilePath(LiveService.program)), arguments: [place.state, place.journal, "2"], input: .none,
            output: .sequence, error: .discarded
        ) { execution in
            for try await line in execution.standardOutput.strings() {
                printed.add(line)
                guard line.hasPrefix("listening "), let port = Int(line.dropFirst(10).filter(\.isNumber)) else {
                    continue
                }
                let pid = execution.processIdentifier.value
                defer { kill(pid, SIGKILL) }
                try await body(
                    Running(pid: pid, client: try ServiceClient(url: "http://127.0.0.1:\(port)", answerTimeout: 20_000))
                )
            }
        }
        return printed.values.joined(separator: "\n")
    }

    /// What must hold whenever no service runs: all that was answered is there, and every package that is known is
    /// whole.
    private static func check(_ place: Place, accepted: Set<String>) async throws {
        let store = try Store(path: place.state + "/store.sqlite")
        let (requests, artifacts) = try await store.read { db in
            (try StoredRequest.fetchAll(db), try StoredArtifact.fetchAll(db))
        }
        let known = Set(requests.map(\.id))
        #expect(accepted.isSubset(of: known))
        #expect(requests.allSatisfy { ["queued", "building", "ready"].contains($0.state) })
        for artifact in artifacts {
            let text = try Files.readText("\(place.state)/artifacts/\(artifact.id).gpkg.tar")
            #expect(text.hasSuffix(" half whole") && ContentHash.sha256(Array(text.utf8)) == artifact.sha256)
        }
        for request in requests where request.state == "ready" {
            #expect(artifacts.contains { $0.id == request.artifact })
        }
        #expect(place.lines("twice") == [])
    }

    @Test func killedAtAnyMomentLosesNothing() async throws {
        let place = try Place()
        let accepted = Collected<String>()
        for round in 0..<Self.rounds {
            try await Self.serve(place) { service in
                await withTaskGroup(of: Void.self) { group in
                    for number in 0..<4 {
                        group.addTask {
                            let request = sample("r\(round)x\(number)")
                            guard let answer = try? await service.client.ask(request, build: true) else { return }
                            accepted.add(answer.id)
                        }
                    }
                    // Every other time not before something was answered: then builds are under way.
                    if round % 2 == 1 { await group.next() }
                    try? await Task.sleep(for: .milliseconds(Int.random(in: 0..<70)))
                    kill(service.pid, SIGKILL)
                }
            }
            try await Self.check(place, accepted: Set(accepted.values))
        }
        let all = Set(accepted.values)
        #expect(all.count >= Self.rounds / 2)
        try await Self.serve(place) { service in
            for id in all {
                var answer = try await service.client.state(of: id, wait: 15)
                while !answer.state.isFinal { answer = try await service.client.state(of: id, wait: 15) }
                #expect(answer.state == .ready && answer.accuracy == .exact)
            }
        }
        try await Self.check(place, accepted: all)
        // Some builds were cut off, and none was done more often than it was begun.
        #expect(place.lines("starts").count > place.lines("ends").count)
        #expect(Set(place.lines("ends")).count >= all.count)
        let left = try Files.list(place.state + "/builds")
        #expect(left == [])
    }

    /// What an index says, when it can be fetched now.
    private static func index(_ place: Place) async throws -> (time: Int, packages: Set<String>)? {
        let store = try Store(path: place.state + "/store.sqlite")
        guard let index = try await store.index(of: "trial", compressed: false),
            let compressed = try await store.index(of: "trial", compressed: true)
        else { return nil }
        // A service may be at work between the two.
        if index.timestamp != compressed.timestamp { return try await Self.index(place) }
        let text = String(decoding: index.bytes, as: UTF8.self)
        let unzipped = try await Subprocess.run(
            .name("gzip"), arguments: ["-dc"], input: .array(compressed.bytes), output: .string(limit: 1 << 24))
        #expect(unzipped.standardOutput == text)
        let names = text.split(separator: "\n").filter { $0.hasPrefix("CPV: ") }.map { String($0.dropFirst(5)) }
        #expect(text.contains("\nPACKAGES: \(names.count)\n") && Set(names).count == names.count)
        for entry in try await store.entries(of: "trial") {
            let artifact = try #require(try await store.artifact(entry.artifact))
            #expect(entry.stanza.contains("\nSIZE: \(artifact.size)\n"))
            #expect(Files.status("\(place.state)/artifacts/\(artifact.id).gpkg.tar")?.size == artifact.size)
        }
        return (index.timestamp, Set(names))
    }

    @Test func killedBetweenFileAndIndexIsMadeUpFor() async throws {
        let place = try Place()
        let accepted = Collected<String>()
        var last = 0
        for round in 0..<20 {
            try await Self.serve(place) { service in
                for number in 0..<2 {
                    let request = sample("r\(round)x\(number)")
                    guard (try? await service.client.ask(request, build: true)) != nil else { continue }
                    accepted.add(request.cpv)
                }
                try? await Task.sleep(for: .milliseconds(Int.random(in: 20..<120)))
                kill(service.pid, SIGKILL)
            }
            guard let index = try await Self.index(place) else { continue }
            #expect(index.time >= last)
            last = index.time
        }
        let all = Set(accepted.values)
        #expect(!all.isEmpty)
        try await Self.serve(place) { _ in
            for _ in 0..<6000 {
                if try await Self.index(place)?.packages == all { return }
                try await Task.sleep(for: .milliseconds(20))
            }
        }
        #expect(try await Self.index(place)?.packages == all)
    }

    @Test func secondServiceOnOneStateIsRefused() async throws {
        let place = try Place()
        try await Self.serve(place) { service in
            let second = try await Self.serve(place) { _ in Issue.record("it listens") }
            #expect(second == "error another binpkgd works in \(place.state)")
            let answer = try await service.client.ask(sample, build: true)
            #expect(try await service.client.state(of: answer.id, wait: 60).state == .ready)
        }
    }
}
