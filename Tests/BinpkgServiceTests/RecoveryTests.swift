import BinpkgModel
import GRDB
import Posix
import Testbed
import Testing

@testable import BinpkgService

@Suite struct RecoveryTests {
    @Test func whatWasNotFinishedGoes() async throws {
        let scratch = try ScratchDirectory()
        let directory = scratch.path
        let builder = TrialBuilder(.exact([1, 2]))
        let kept = Trial.Box<RequestAnswer>()
        try await Trial.run(builder, directory: directory) { trial in
            kept.value = try await trial.obtain(sample)
            _ = try await trial.obtain(sample("gone"))
        }
        let hash = String(repeating: "a", count: 64)
        let artifacts = try Files.list(directory + "/artifacts").filter { !$0.hasPrefix(kept.value?.artifact ?? "?") }
        for name in artifacts { try Files.removeTree("\(directory)/artifacts/\(name)") }
        let orphans = [
            "/artifacts/\(hash).gpkg.tar", "/artifacts/.partial", "/logs/\(hash).log",
            "/content/aa/\(hash).new-12", "/builds/\(hash)/root/file",
        ]
        for path in orphans {
            try Files.makeDirectories(directory + String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
            try Files.replace(directory + path, with: [1])
        }
        try await Trial.run(builder, directory: directory) { trial in
            for path in orphans { #expect(!Files.exists(directory + path), "\(path)") }
            let again = try await trial.post(sample)
            #expect(again.artifact == kept.value?.artifact)
            let bytes = try await trial.package(again.artifact)
            #expect(bytes == [1, 2])
            let gone = try await trial.post(sample("gone"), "?build=no")
            #expect(gone.state == .declined)
        }
        #expect(await builder.builds == 2)
        withExtendedLifetime(scratch) {}
    }

    @Test func storeOfTheFirstVersionIsTakenOver() async throws {
        let scratch = try ScratchDirectory()
        let directory = scratch.path
        try Files.makeDirectories(directory + "/artifacts")
        let queue = try DatabaseQueue(path: directory + "/store.sqlite")
        try await queue.write { db in
            try db.execute(
                sql: """
                    CREATE TABLE build (id TEXT PRIMARY KEY, artifact TEXT);
                    CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
                    INSERT INTO grdb_migrations VALUES ('1');
                    """)
        }
        try queue.close()
        try Files.replace(directory + "/artifacts/\(sample.primaryKey).gpkg.tar", with: [1])
        try await Trial.run(TrialBuilder(.exact([2])), directory: directory) { trial in
            let artifact = try await trial.obtain(sample).artifact
            let bytes = try await trial.package(artifact)
            #expect(bytes == [2])
            let left = try Files.list(directory + "/artifacts")
            #expect(left.count == 1)
        }
        withExtendedLifetime(scratch) {}
    }

    @Test func storeOfALaterVersionIsRefused() async throws {
        let scratch = try ScratchDirectory()
        let directory = scratch.path
        try Files.makeDirectories(directory)
        _ = try Store(path: directory + "/store.sqlite")
        let queue = try DatabaseQueue(path: directory + "/store.sqlite")
        try await queue.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('99')") }
        try queue.close()
        let error = #expect(throws: ServiceError.self) { try Store(path: directory + "/store.sqlite") }
        #expect(error?.description.contains("newer binpkgd") == true)
        withExtendedLifetime(scratch) {}
    }
}
