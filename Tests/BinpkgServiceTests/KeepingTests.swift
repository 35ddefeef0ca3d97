import BinpkgModel
import FoundationEssentials
import GRDB
import Glibc
import Hummingbird
import HummingbirdTesting
import Posix
import Subprocess
import SystemPackage
import Testbed
import Testing

@testable import BinpkgService

/// What is kept, what goes, and whether the store and the files agree.
@Suite struct KeepingTests {
    private static let day = 86400.0

    private static func item(_ name: String, _ bytes: Int, days: Double) -> GarbagePlan.Item {
        .init(kind: .package, name: name, bytes: bytes, lastUse: 1_000_000_000 - days * day)
    }

    private static func removed(_ items: [GarbagePlan.Item], _ change: (inout KeepingSettings) -> Void) -> [String] {
        var settings = KeepingSettings()
        change(&settings)
        return GarbagePlan(items, fixed: 5, settings: settings, now: 1_000_000_000).removed.map(\.name)
    }

    @Test func whatGoesIsDecidedByAgeSizeAndUse() {
        let items = [
            Self.item("new", 10, days: 0.01), Self.item("week", 10, days: 7), Self.item("month", 10, days: 31),
            Self.item("year", 10, days: 365),
        ]
        #expect(Self.removed(items) { _ in } == [])
        #expect(Self.removed(items) { $0.maximumDays = 30 } == ["year", "month"])
        #expect(Self.removed(items) { $0.maximumDays = 0 } == ["year", "month", "week"])
        #expect(Self.removed(items) { $0.maximumBytes = 45 } == [])
        #expect(Self.removed(items) { $0.maximumBytes = 44 } == ["year"])
        #expect(Self.removed(items) { $0.maximumBytes = 0 } == ["year", "month", "week"])
        let careful: (inout KeepingSettings) -> Void = {
            $0.maximumBytes = 0
            $0.keepDays = 10
        }
        #expect(Self.removed(items, careful) == ["year", "month"])
        let all: (inout KeepingSettings) -> Void = {
            $0.maximumBytes = 0
            $0.keepDays = 0
        }
        // Who was told of it a moment ago may be on the way.
        #expect(Self.removed(items, all) == ["year", "month", "week"])
    }

    /// Makes everything in the store old.
    private static func age(_ trial: Trial, but id: String? = nil) async throws {
        try await trial.service.store.write { db in
            try db.execute(sql: "UPDATE artifact SET built = 1, used = NULL WHERE id IS NOT ?", arguments: [id])
        }
        _ = trial.service.uses.take()
    }

    @Test func aPackageLeavesStoreIndexAndDiskButNotItsReaders() async throws {
        try await Trial.run(
            TrialBuilder(.exact([1, 2, 3])),
            settings: {
                $0.binhosts = [BinhostSettings(name: "main")]
                $0.keeping.maximumDays = 10
            }
        ) { trial in
            let old = try #require(try await trial.obtain(sample).artifact)
            let used = try #require(try await trial.obtain(BinpkgServiceTests.sample("used")).artifact)
            let service = trial.service
            #expect(try await eventually { try await service.store.entries(of: "main").count >= 2 })
            let before = try #require(try await service.store.timestamp(of: "main"))
            try await Self.age(trial, but: used)
            let reader = try #require(service.packages.open(old))
            // An answer that names it is a use.
            let plan = try await service.keeper.garbage()
            #expect(plan.removed.map(\.name) == [old])
            let gone = try await service.keeper.collect(plan)
            #expect(gone.map(\.name) == [old] && !service.packages.has(old) && service.packages.has(used))
            let read = Array(try await reader.read(at: 0, count: 3).readableBytesView)
            #expect(read == [1, 2, 3])
            #expect(try await service.store.entries(of: "main").map(\.artifact) == [used])
            let after = try #require(try await service.store.timestamp(of: "main"))
            #expect(after > before)
            #expect(try await service.keeper.check(repair: false) == [])
            let uri = "/binhost/main/app-demo/delta/delta-1.0-1.gpkg.tar"
            #expect(try await trial.client.execute(uri: uri, method: .get).status == .notFound)
            // Asked for again, it is built again.
            #expect(try await trial.obtain(sample).state == .ready)
        }
    }

    /// Distfiles that were fetched for one trust domain alone.
    @Test func distfilesOfDomainsGoLikeTheRest() async throws {
        try await Trial.run(TrialBuilder(.exact([1])), settings: { $0.keeping.maximumDays = 30 }) { trial in
            let keeper = trial.service.keeper
            // Without any, and with an empty directory.
            #expect(try await keeper.garbage().removed == [])
            let place = trial.service.configuration.stateDirectory + "/own-distfiles"
            for (file, size) in [("attic/a.tar", 3), ("attic/b.tar", 4), ("=61.2f/c.tar", 5)] {
                let path = "\(place)/\(file)"
                try Files.makeDirectories("\(place)/\(file.prefix { $0 != "/" })")
                try Files.replace(path, with: Array(repeating: 0, count: size))
                // What a server says of a file's age is no use of it.
                var times = [timespec(tv_sec: Int(Store.now), tv_nsec: 0), timespec(tv_sec: 1, tv_nsec: 0)]
                #expect(utimensat(AT_FDCWD, path, &times, 0) == 0)
            }
            #expect(try await keeper.garbage().removed == [])
            let later = Store.now + 31 * Self.day
            let plan = try await keeper.garbage(now: later)
            #expect(plan.removed.map(\.kind) == [.distfile, .distfile, .distfile])
            #expect(Set(plan.removed.map(\.name)) == ["attic/a.tar", "attic/b.tar", "=61.2f/c.tar"])
            #expect(plan.removed.reduce(0) { $0 + $1.bytes } == 12)
            // One is used, and something is built for the other domain.
            try await Task.sleep(for: .milliseconds(20))
            try Files.replace(place + "/attic/a.tar", with: [1])
            try await trial.service.store.write { db in
                let key = sample.primaryKey
                try StoredRecipe(sample, key: key).insert(db)
                var request = try StoredRequest(sample, id: sample.id, key: key, trustDomain: "a/", now: 1)
                request.state = RequestState.building.rawValue
                try request.insert(db)
            }
            #expect(try await keeper.collect(plan).map(\.name) == ["attic/b.tar"])
            #expect(try Files.list(place + "/attic") == ["a.tar"] && Files.list(place + "/=61.2f") == ["c.tar"])
            #expect(try await keeper.garbage(now: later).removed.map(\.name) == ["attic/a.tar"])
        }
    }

    @Test func whatIsUsedMeanwhileStays() async throws {
        try await Trial.run(TrialBuilder(.exact([1])), settings: { $0.keeping.maximumDays = 1 }) { trial in
            let id = try #require(try await trial.obtain(sample).artifact)
            try await Self.age(trial)
            let service = trial.service
            let plan = try await service.keeper.garbage()
            #expect(plan.removed.map(\.name) == [id])
            _ = try await trial.package(id)
            try await service.store.noteUses(service.uses.take())
            #expect(try await service.keeper.collect(plan) == [])
            #expect(service.packages.has(id))
            #expect(try await service.keeper.garbage().removed == [])
        }
    }

    @Test func theServiceCollectsByItself() async throws {
        let scratch = try ScratchDirectory()
        try await StoreTrial.fill(stateDirectory: scratch.path, 3)
        try await Trial.run(
            TrialBuilder(.exact([1])), directory: scratch.path,
            settings: {
                $0.keeping.maximumDays = 1
                $0.keeping.hours = 0
            }
        ) { trial in
            let service = trial.service
            let house = Task { await service.keepHouse(pause: .milliseconds(10)) }
            // Once at the start, and then again.
            #expect(try await eventually { try await service.store.artifacts().isEmpty })
            let id = try #require(try await trial.obtain(sample).artifact)
            #expect(service.packages.has(id))
            #expect(
                try await eventually {
                    try await Self.age(trial)
                    return try await service.store.artifacts().isEmpty
                })
            house.cancel()
            await house.value
            let left = try Files.list(scratch.path + "/artifacts")
            #expect(left == [])
        }
    }

    /// What `binpkgd gc --json` prints.
    private struct Report: Decodable {
        struct Item: Decodable {
            let kind: String
            let name: String
            let bytes: Int
            let lastUse: Double
        }

        let removed: [Item]
        let keptBytes: Int
        let isDryRun: Bool
    }

    @Test func theCommandSaysWhatWouldGoAndRemovesIt() async throws {
        let scratch = try ScratchDirectory()
        let state = scratch.path + "/state"
        let file = try scratch.write("binpkgd.toml", "state = \"\(state)\"\n[store]\nmax_bytes = 20\nkeep_days = 0\n")
        func collect(_ options: String...) async throws -> (text: String, errors: String, isDone: Bool) {
            let result = try await Subprocess.run(
                .path(FilePath(LiveService.folder + "/portmanteau")),
                arguments: .init(["binpkgd", "gc", "--config", file] + options), output: .string(limit: 1 << 20),
                error: .string(limit: 1 << 20))
            return (result.standardOutput, result.standardError, result.terminationStatus.isSuccess)
        }
        let early = try await collect()
        #expect(!early.isDone && early.errors.contains("no service has worked there yet"), "\(early)")
        for name in ["logs", "content"] { try Files.makeDirectories("\(state)/\(name)") }
        try await StoreTrial.fill(stateDirectory: state, 3)
        let names = try Files.list(state + "/artifacts")
        let dry = try await collect("--dry-run", "--json")
        #expect(dry.isDone, "\(dry)")
        let report = try JSONDecoder().decode(Report.self, from: Data(dry.text.utf8))
        // Three packages of nine bytes; the least recently used go until twenty are kept.
        #expect(report.isDryRun && report.keptBytes == 18 && report.removed.map(\.kind) == ["package"])
        #expect(report.removed.map(\.bytes) == [9] && report.removed.map(\.lastUse) == [0])
        #expect(try Files.list(state + "/artifacts") == names)
        let done = try await collect()
        #expect(done.isDone && done.text.hasSuffix("\n1 files, 9 bytes, removed; 18 bytes stay\n"), "\(done)")
        #expect(done.text.hasPrefix("package \(report.removed.first?.name ?? "?") (9 bytes)\n"), "\(done)")
        let left = try Files.list(state + "/artifacts")
        #expect(left == names.filter { !$0.hasPrefix(report.removed.first?.name ?? "") })
        #expect(try await collect("--dry-run").text == "0 files, 0 bytes, would go; 18 bytes stay\n")
    }

    @Test func differencesBetweenStoreAndFilesAreFoundAndMended() async throws {
        try await Trial.run(
            TrialBuilder(.exact([1, 2, 3])), settings: { $0.binhosts = [BinhostSettings(name: "main")] }
        ) { trial in
            let (service, state) = (trial.service, trial.service.configuration.stateDirectory)
            var ids: [String] = []
            for name in ["altered", "empty", "missing", "good"] {
                ids.append(try #require(try await trial.obtain(BinpkgServiceTests.sample(name)).artifact))
            }
            #expect(try await eventually { try await service.store.entries(of: "main").count >= 4 })
            _ = try await trial.client.execute(uri: "/binhost/main/Packages", method: .get)
            #expect(try await service.keeper.check(repair: false) == [])
            try Files.replace(service.packages.path(ids[0]), with: [1, 2, 4])
            try Files.replace(service.packages.path(ids[1]), with: [])
            try Files.removeTree(service.packages.path(ids[2]))
            try Files.replace(state + "/artifacts/stranger", with: [1])
            try Files.makeDirectories(state + "/content/00")
            let hash = ContentHash.sha256([7])
            try Files.makeDirectories("\(state)/content/\(hash.prefix(2))")
            try Files.replace("\(state)/content/\(hash.prefix(2))/\(hash)", with: [8])
            try Files.replace(state + "/logs/stranger.log", with: [1])
            let time = try #require(try await service.store.timestamp(of: "main"))
            try Files.replace("\(state)/binhosts/main/\(time).txt", with: [1])
            let found = try await service.keeper.check(repair: false)
            let wanted: Set<String> = [
                "altered artifacts/\(ids[0]).gpkg.tar", "empty artifacts/\(ids[1]).gpkg.tar",
                "missing artifacts/\(ids[2]).gpkg.tar", "unknown artifacts/stranger", "unknown logs/stranger.log",
                "altered content/\(hash.prefix(2))/\(hash)", "altered binhosts/main/\(time).txt",
            ]
            #expect(Set(found.map { "\($0.kind.rawValue) \($0.place)" }) == wanted)
            #expect(found.filter(\.isRepaired) == [])
            let mended = try await service.keeper.check(repair: true)
            #expect(!mended.isEmpty && mended.filter { !$0.isRepaired } == [])
            #expect(try await service.keeper.check(repair: false) == [])
            #expect(try await service.store.entries(of: "main").map(\.artifact) == [ids[3]])
            // What was damaged is built again for the next who asks.
            #expect(try await trial.obtain(BinpkgServiceTests.sample("altered")).state == .ready)
            #expect(try await trial.package(ids[0]) == [1, 2, 3])
        }
    }

    @Test func packagesAreSignedBeforeTheyAreKnown() async throws {
        try await Trial.run(
            TrialBuilder(.exact(Array("package ".utf8))),
            settings: { $0.signing = SigningSettings(home: "/none", key: "K") }
        ) { trial in
            let answer = try await trial.obtain(sample)
            #expect(
                String(decoding: try await trial.package(answer.artifact), as: UTF8.self) == "package signed with K")
            #expect(try await trial.service.keeper.check(repair: false) == [])
        }
    }
}
