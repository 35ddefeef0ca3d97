import BinpkgModel
import BuildEnvironments
import FoundationEssentials
import GRDB
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Posix
import Subprocess
import SystemPackage
import Testbed
import Testing

@testable import BinpkgService

/// Public binhosts, without Portage: what gets in, and that the index is right at every moment.
@Suite struct BinhostTests {
    private static func run(
        _ builder: TrialBuilder = TrialBuilder(.exact([1, 2, 3])), publisher: TrialPublisher = .init(),
        directory: String? = nil, settings: @escaping (inout BinhostSettings) -> Void = { _ in },
        _ body: @escaping @Sendable (Trial) async throws -> Void
    ) async throws {
        try await Trial.run(
            builder, directory: directory, publisher: publisher,
            settings: {
                var binhost = BinhostSettings(name: "main")
                settings(&binhost)
                $0.binhosts = [binhost]
            }, body)
    }

    private static func get(
        _ trial: Trial, _ path: String, _ headers: HTTPFields = [:]
    ) async throws -> TestResponse {
        try await trial.client.execute(uri: "/binhost/\(path)", method: .get, headers: headers)
    }

    /// The index once it has so many packages.
    private static func index(_ trial: Trial, packages: Int) async throws -> String {
        for _ in 0..<6000 {
            let reply = try await get(trial, "main/Packages")
            let text = String(buffer: reply.body)
            if reply.status == .ok, text.contains("\nPACKAGES: \(packages)\n") { return text }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw TestbedError.command("the index", reason: "it never has \(packages) packages")
    }

    private static func timestamp(_ index: String) throws -> Int {
        let line = index.split(separator: "\n").first { $0.hasPrefix("TIMESTAMP: ") }
        return try #require(line.flatMap { Int($0.dropFirst(11)) })
    }

    static func unzipped(_ bytes: [UInt8]) async throws -> String {
        let result = try await Subprocess.run(
            .name("gzip"), arguments: ["-dc"], input: .array(bytes), output: .string(limit: 1 << 26))
        #expect(result.terminationStatus.isSuccess)
        return result.standardOutput
    }

    @Test func builtPackagesAreInTheIndexAndServed() async throws {
        try await Self.run { trial in
            let first = try await Self.index(trial, packages: 0)
            #expect(first.hasPrefix("ARCH: amd64\nPACKAGES: 0\nTIMESTAMP: "))
            for name in ["delta", "beta", "gamma"] { _ = try await trial.obtain(BinpkgServiceTests.sample(name)) }
            let index = try await Self.index(trial, packages: 3)
            #expect(index.contains("CPV: app-demo/beta-1.0\nPATH: app-demo/beta/beta-1.0-1.gpkg.tar\nSIZE: 3\n\n"))
            #expect(try Self.timestamp(index) > Self.timestamp(first))
            let package = try await Self.get(trial, "main/app-demo/beta/beta-1.0-1.gpkg.tar")
            #expect(Array(package.body.readableBytesView) == [1, 2, 3])
            let encoded = try await Self.get(trial, "main/app-demo/beta/beta%2D1.0-1.gpkg.tar")
            #expect(encoded.status == .ok)
            let compressed = try await Self.get(trial, "main/Packages.gz")
            let text = try await Self.unzipped(Array(compressed.body.readableBytesView))
            #expect(text == index)
        }
    }

    @Test func everyChangeHasATimeOfItsOwn() async throws {
        try await Self.run { trial in
            var times: [Int] = [try Self.timestamp(try await Self.index(trial, packages: 0))]
            for number in 1...4 {
                _ = try await trial.obtain(BinpkgServiceTests.sample("p\(number)"))
                times.append(try Self.timestamp(try await Self.index(trial, packages: number)))
            }
            #expect(times == times.sorted() && Set(times).count == times.count, "\(times)")
            // The clock goes back: time goes on.
            try await trial.service.store.write { db in
                try db.execute(sql: "UPDATE binhost SET timestamp = 4000000000")
            }
            _ = try await trial.obtain(BinpkgServiceTests.sample("late"))
            let index = try await Self.index(trial, packages: 5)
            #expect(try Self.timestamp(index) == 4_000_000_001)
        }
    }

    @Test func timesAreComparedExactly() async throws {
        try await Self.run { trial in
            let time = try Self.timestamp(try await Self.index(trial, packages: 0))
            for path in ["main/Packages", "main/Packages.gz"] {
                let same = try await Self.get(trial, path, [.ifModifiedSince: HTTPDate.text(time)])
                #expect(same.status == .notModified)
                #expect(same.headers[.lastModified] == HTTPDate.text(time))
                for other in [time - 1, time + 1, time + 5, time + 100_000] {
                    let reply = try await Self.get(trial, path, [.ifModifiedSince: HTTPDate.text(other)])
                    #expect(reply.status == .ok, "\(other - time)")
                }
                // Portage sends five seconds more than the time of its copy.
                for (other, status) in [(time, HTTPResponse.Status.ok), (time + 5, .notModified), (time + 6, .ok)] {
                    let fields: HTTPFields = [
                        .ifModifiedSince: HTTPDate.text(other), .userAgent: "Gentoo Portage",
                    ]
                    #expect(try await Self.get(trial, path, fields).status == status, "\(other - time)")
                }
            }
        }
    }

    @Test func onlyWhatIsForEverybodyIsPublished() async throws {
        let builder = TrialBuilder(.exact([1]))
        let publisher = TrialPublisher()
        try await Self.run(builder, publisher: publisher, settings: { $0.packages = ["app-demo/*", "=lib-demo/b-2*"] })
        {
            trial in
            // Another configuration, or files that the service does not have.
            await publisher.set(differences: ["USE +ssl"])
            _ = try await trial.obtain(BinpkgServiceTests.sample("ssl"))
            try await Self.refused(trial, "USE +ssl")
            await publisher.set(differences: [])
            // Built on the root of the machine that asked.
            await builder.set(environment: nil)
            _ = try await trial.obtain(BinpkgServiceTests.sample("theirs"))
            try await Self.refused(trial, "it was built on another machine's root")
            await builder.set(environment: "host")
            var other = BinpkgServiceTests.sample("b")
            other.cpv = "lib-demo/b-1.0"
            other.content[0].name = "b-1.0.ebuild"
            _ = try await trial.obtain(other)
            try await Self.refused(trial, "the binhost does not take it")
            other.cpv = "lib-demo/b-2.1"
            other.content[0].name = "b-2.1.ebuild"
            _ = try await trial.obtain(other)
            _ = try await trial.obtain(BinpkgServiceTests.sample("good"))
            let index = try await Self.index(trial, packages: 2)
            #expect(index.contains("CPV: app-demo/good-1.0\n") && index.contains("CPV: lib-demo/b-2.1\n"))
        }
    }

    /// What somebody sent goes to nobody else, also when Portage finds nothing wrong with it.
    @Test(arguments: [true, false]) func whatIsOfADomainStaysOutside(isSent: Bool) async throws {
        let patch = ContentItem(
            role: .patch, name: "app-demo/theirs/own.patch", sha256: ContentHash.sha256([7]), size: 1)
        let builder = TrialBuilder(.exact([1]), outside: isSent ? [patch] : [])
        // Either it came with the request; or it is for everybody, and its environment, of all things, is not.
        if !isSent { await builder.setDomain("attic") }
        try await Self.run(builder) { trial in
            try await trial.service.take(patch.sha256, [7], from: "attic")
            let request = BinpkgServiceTests.sample("theirs")
            let answer = try await trial.service.submit(request, mayBuild: true, trustDomain: "attic")
            let end = try await trial.service.answer(id: answer.id, waiting: 60, trustDomain: "attic")
            #expect(end?.state == (isSent ? .ready : .failed))
            if isSent { try await Self.refused(trial, "it is of the trust domain 'attic'") }
            let index = try await Self.index(trial, packages: 0)
            #expect(!index.contains("theirs"))
            let path = "main/app-demo/theirs/theirs-1.0-1.gpkg.tar"
            #expect(try await Self.get(trial, path).status == .notFound)
        }
    }

    @Test func aBinhostMayWantAToken() async throws {
        let scratch = try ScratchDirectory()
        let ways = [
            "closed/Packages", "closed/Packages.gz", "closed/app-demo/delta/delta-1.0-1.gpkg.tar",
            "%63losed/Packages", "/closed/Packages", "main/../closed/Packages", "main%2f..%2fclosed/Packages",
            "./closed/Packages", "closed//Packages", "CLOSED/Packages",
        ]
        let settings: (inout ServiceConfiguration) -> Void = {
            var closed = BinhostSettings(name: "closed")
            closed.needsToken = true
            $0.binhosts = [BinhostSettings(name: "main"), closed]
        }
        try await Trial.run(TrialBuilder(.exact([1, 2, 3])), directory: scratch.path, settings: settings) { trial in
            _ = try await trial.obtain(sample)
            _ = try await Self.index(trial, packages: 1)
            #expect(try await eventually { try await !trial.service.store.entries(of: "closed").isEmpty })
            // Nobody has a token, and nobody gets in.
            for way in ways { #expect(try await Self.get(trial, way).status != .ok, "\(way)") }
            #expect(try await Self.get(trial, ways[0], [.authorization: "Bearer x"]).status == .unauthorized)
        }
        let token = try await TokenStore(stateDirectory: scratch.path).add(
            name: "desk", domain: "home", scope: .read, days: nil)
        @Sendable func basic(_ text: String) -> HTTPFields {
            [.authorization: "Basic " + Data(text.utf8).base64EncodedString()]
        }
        try await Trial.run(TrialBuilder(.exact([1, 2, 3])), directory: scratch.path, settings: settings) { trial in
            _ = try await Self.index(trial, packages: 1)
            for way in ways { #expect(try await Self.get(trial, way).status != .ok, "\(way)") }
            for way in ways.prefix(3) {
                let refused = try await Self.get(trial, way)
                #expect(refused.status == .unauthorized)
                // What Portage and wget answer to.
                #expect(refused.headers[.wwwAuthenticate]?.hasPrefix("Basic realm=") == true)
                #expect(refused.headers[.contentType] == ProblemDocument.mediaType)
                #expect(try await Self.get(trial, way, [.authorization: "Bearer \(token)"]).status == .ok)
                #expect(try await Self.get(trial, way, basic("desk:\(token)")).status == .ok)
                for wrong in ["desk:\(token)x", "\(token):", "desk", ""] {
                    #expect(try await Self.get(trial, way, basic(wrong)).status == .unauthorized, "\(wrong)")
                }
            }
            // Elsewhere a token is sent as a token.
            let status = try await trial.client.execute(
                uri: "/v1/status", method: .get, headers: basic("desk:\(token)"))
            #expect(status.status == .unauthorized)
        }
    }

    private static func refused(_ trial: Trial, _ reason: String) async throws {
        for _ in 0..<6000 {
            let reasons = try await trial.service.store.read { db in
                try String.fetchSet(db, sql: "SELECT reason FROM binhost_refusal")
            }
            if reasons.contains(reason) { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("nothing was refused because \(reason)")
    }

    @Test func anInterruptedPublicationIsMadeUpFor() async throws {
        let scratch = try ScratchDirectory()
        let publisher = TrialPublisher()
        await publisher.set(isAway: true)
        try await Self.run(publisher: publisher, directory: scratch.path) { trial in
            _ = try await trial.obtain(sample)
            let index = try await Self.index(trial, packages: 0)
            #expect(!index.contains("CPV"))
        }
        await publisher.set(isAway: false)
        try await Self.run(publisher: publisher, directory: scratch.path) { trial in
            let index = try await Self.index(trial, packages: 1)
            #expect(index.contains("CPV: app-demo/delta-1.0\n"))
        }
        // What was decided is not asked for again.
        try await Self.run(publisher: publisher, directory: scratch.path) { trial in
            _ = try await Self.index(trial, packages: 1)
        }
        #expect(await publisher.entries == ["app-demo/delta-1.0"])
    }

    @Test func manyPackagesAreInParts() async throws {
        try await Self.run { trial in
            let service = trial.service
            _ = try await Self.index(trial, packages: 0)
            let count = Store.partLength * 2 + 5
            try await BinhostTrial(service: service).fill(count, binhost: "main")
            let filled = try await Self.index(trial, packages: count)
            _ = try await trial.obtain(sample)
            let index = try await Self.index(trial, packages: count + 1)
            #expect(index.utf8.count > filled.utf8.count)
            let compressed = try await Self.get(trial, "main/Packages.gz")
            let text = try await Self.unzipped(Array(compressed.body.readableBytesView))
            #expect(text == index)
            // And out of them again.
            let some = try await service.store.entries(of: "main").prefix(3).map(\.artifact)
            try await service.store.withdraw(some)
            let rest = try await Self.index(trial, packages: count - 2)
            let again = try await Self.get(trial, "main/Packages.gz")
            let less = try await Self.unzipped(Array(again.body.readableBytesView))
            #expect(less == rest)
        }
    }

    @Test func namesDoNotLeaveTheBinhost() async throws {
        try await Self.run { trial in
            _ = try await trial.obtain(sample)
            _ = try await Self.index(trial, packages: 1)
            let id = try await trial.post(sample).artifact ?? ""
            let hostile = [
                "main/../store.sqlite", "main/..%2f..%2fstore.sqlite", "main/%2e%2e/store.sqlite", "main//etc/passwd",
                "main/%2fetc%2fpasswd", "..%2fmain/Packages", "%2e%2e/Packages", "main/../../artifacts/\(id).gpkg.tar",
                "main/artifacts/\(id).gpkg.tar", "main/app-demo/delta/../delta/delta-1.0-1.gpkg.tar",
                "main/app-demo/delta/delta-1.0-1.gpkg.tar%00", "main/Packages%0a", "main/", "other/Packages",
                "main/app-demo/delta/delta-1.0-2.gpkg.tar", "main/%", "main/%zz",
                "main/app-demo/delta/delta-1.0-1.gpkg.tar'--", "main/Packages/../Packages",
            ]
            for path in hostile {
                let reply = try await Self.get(trial, path)
                #expect(reply.status == .notFound, "\(path)")
                #expect(reply.headers[.contentType] == ProblemDocument.mediaType, "\(path)")
            }
            #expect(try await Self.get(trial, "main/app-demo/delta/delta-1.0-1.gpkg.tar").status == .ok)
        }
    }

    @Test func settingsAreReadAndChecked() throws {
        let settings = try ServiceConfiguration(
            text: """
                [[binhost]]
                name = "plain"
                environment = "host"
                access = "token"
                packages = ["app-demo/*", ">=lib-demo/beta-2"]
                use = ["ssl", "-nls"]
                variables = { CFLAGS = "-O2 -pipe" }
                [signing]
                home = "/etc/keys"
                key = "0x1234"
                [store]
                max_bytes = 5
                max_age_days = 30
                """, file: "f")
        var wanted = BinhostSettings(name: "plain")
        wanted.environment = "host"
        wanted.needsToken = true
        wanted.packages = ["app-demo/*", ">=lib-demo/beta-2"]
        wanted.configuration = OwnConfiguration(variables: ["CFLAGS": "-O2 -pipe"], use: ["ssl", "-nls"])
        #expect(settings.binhosts == [wanted])
        #expect(wanted.takes("app-demo/x-1") && wanted.takes("lib-demo/beta-2.1") && !wanted.takes("lib-demo/beta-1"))
        #expect(settings.signing == SigningSettings(home: "/etc/keys", key: "0x1234"))
        #expect(settings.buildHost.secrets == ["/etc/keys"])
        #expect(settings.keeping.maximumBytes == 5 && settings.keeping.maximumDays == 30)
        let wrong = [
            ("[[binhost]]\nname = \"../x\"", "the name may have letters"),
            ("[[binhost]]\nname = \"a\"\n[[binhost]]\nname = \"a\"", "a name of its own"),
            ("[[binhost]]\nname = \"a\"\nenvironment = \"none\"", "there is no environment 'none'"),
            ("[[binhost]]\nname = \"a\"\naccess = \"open\"", "access is 'public' or 'token', not 'open'"),
            ("[[binhost]]\nname = \"a\"\npackages = [\"x\"]", "not a package atom"),
            ("[[binhost]]\nname = \"a\"\npackages = [\"a/b:0\"]", "no slot"),
            ("[[binhost]]\nname = \"a\"\nuse = [\"a b\"]", "is no USE flag"),
            ("[signing]\nhome = \"keys\"\nkey = \"a\"", "must be an absolute path"),
            ("[signing]\nhome = \"/k\"\nkey = \"a; b\"", "'signing.key'"),
            ("[store]\nmax_bytes = -1", "must not be negative"),
        ]
        for (text, reason) in wrong {
            let error = #expect(throws: ServiceError.self) { try ServiceConfiguration(text: text, file: "f") }
            #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
        }
    }
}
