import BinpkgModel
import Fetching
import FoundationEssentials
import GRDB
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testbed
import Testing

@testable import BinpkgService

/// Indexes that change while they are fetched.
@Suite struct BinhostRaceTests {
    /// An index as a client reads it.
    private struct Index {
        let timestamp: Int
        /// Path and size of each package.
        let packages: [(path: String, size: Int)]

        /// Nil when it is not whole.
        init?(_ text: String) {
            let stanzas = text.split(separator: "\n\n").map { stanza in
                Dictionary(
                    stanza.split(separator: "\n").map { line in
                        let parts = line.split(separator: ":", maxSplits: 1)
                        return (String(parts[0]), parts.count > 1 ? String(parts[1].drop { $0 == " " }) : "")
                    }
                ) { first, _ in first }
            }
            guard text.hasSuffix("\n\n"), let head = stanzas.first, let count = head["PACKAGES"].flatMap({ Int($0) }),
                let timestamp = head["TIMESTAMP"].flatMap({ Int($0) }), stanzas.count == count + 1
            else { return nil }
            self.timestamp = timestamp
            var packages: [(path: String, size: Int)] = []
            for stanza in stanzas.dropFirst() {
                guard let path = stanza["PATH"], let size = stanza["SIZE"].flatMap({ Int($0) }) else { return nil }
                packages.append((path, size))
            }
            self.packages = packages
        }
    }

    /// The index changes as fast as it can, and is asked for by many at once.
    @Test(arguments: ["Packages", "Packages.gz"]) func nobodyIsTurnedAwayWhileItChanges(_ name: String) async throws {
        let settings: (inout ServiceConfiguration) -> Void = {
            $0.binhosts = [BinhostSettings(name: "main")]
            $0.limits.burst = .max / 2
        }
        try await Trial.run(TrialBuilder(.exact([1])), settings: settings) { trial in
            @Sendable func get() async throws -> TestResponse {
                try await trial.client.execute(uri: "/binhost/main/" + name, method: .get)
            }
            while try await get().status != .ok { try await Task.sleep(for: .milliseconds(10)) }
            try await BinhostTrial(service: trial.service).fill(30, binhost: "main")
            let isOver = Trial.Box<Bool>()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        var last = 0
                        while isOver.value == nil {
                            let reply = try await get()
                            guard reply.status == .ok else {
                                Issue.record("status \(reply.status.code)")
                                return
                            }
                            let time = try #require(Int(reply.headers[.eTag]?.filter(\.isNumber) ?? ""))
                            #expect(time >= last)
                            last = time
                            guard name == "Packages" else { continue }
                            let index = try #require(Index(String(buffer: reply.body)))
                            #expect(index.timestamp == time && index.packages.count == 30)
                        }
                    }
                }
                for _ in 0..<200 {
                    try await trial.service.store.write { db in
                        try db.execute(sql: "UPDATE binhost SET timestamp = timestamp + 1")
                    }
                }
                isOver.value = true
                try await group.waitForAll()
            }
            let last = try await get()
            #expect(last.status == .ok)
        }
    }

    /// The same with a real server, real packages, and what an index says of them.
    @Test func anIndexIsWholeAndTrueWhilePackagesArePublished() async throws {
        let settings = """
            listen = "127.0.0.1:0"
            [limits]
            burst = 1000000
            """
        try await LiveService.run(settings: settings) { service in
            let names = (0..<24).map { "p\($0)" }
            @Sendable func fetch(_ path: String) async throws -> [UInt8] {
                let url = "http://127.0.0.1:\(service.port)/binhost/trial/\(path)"
                return try await Fetcher().send(.init(url, timeouts: .init(answer: 60_000))).body
            }
            @Sendable func index(_ name: String) async throws -> Index {
                let bytes = try await fetch(name)
                let text =
                    name == "Packages"
                    ? String(decoding: bytes, as: UTF8.self) : try await BinhostTests.unzipped(bytes)
                return try #require(Index(text), "\(text)")
            }
            #expect(
                try await eventually { try await service.call("GET", "/binhost/trial/Packages").status == 200 })
            try await withThrowingTaskGroup(of: Void.self) { group in
                for name in ["Packages", "Packages", "Packages.gz"] {
                    group.addTask {
                        var (last, seen) = (0, 0)
                        while seen < names.count {
                            let found = try await index(name)
                            #expect(found.timestamp >= last && found.packages.count >= seen)
                            (last, seen) = (found.timestamp, found.packages.count)
                            guard let package = found.packages.randomElement() else { continue }
                            let size = try await fetch(package.path).count
                            #expect(size == package.size)
                        }
                    }
                }
                for name in names {
                    let body = Array(try JSONEncoder().encode(BinpkgServiceTests.sample(name)))
                    let reply = try await service.call("POST", "/v1/requests", body: body)
                    #expect(reply.status == 202 || reply.status == 200)
                }
                try await group.waitForAll()
            }
        }
    }
}
