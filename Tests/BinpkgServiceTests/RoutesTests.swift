import BinpkgModel
import BuildEnvironments
import FoundationEssentials
import Hummingbird
import HummingbirdTesting
import Posix
import Testbed
import Testing

@testable import BinpkgService

@Suite struct RoutesTests {
    @Test func requestIsBuiltAndFetched() async throws {
        try await Trial.run(TrialBuilder(.package([7, 8, 9]))) { trial in
            let first = try await trial.post(sample)
            #expect(first.id == sample.id && first.key == sample.primaryKey)
            let answer = try await trial.get(first.id, wait: 60)
            #expect(answer.state == .ready)
            #expect(answer.accuracy == .abi)
            #expect(answer.differences == ["lib-demo/beta 1.0 ≠ 1.1, same sub-slot"])
            #expect(answer.buildSeconds == 2)
            let name = try #require(answer.artifact)
            let package = try await trial.client.execute(uri: "/v1/artifacts/\(name)", method: .get)
            #expect(Array(package.body.readableBytesView) == [7, 8, 9])
            let digest = package.headers.first { $0.name.canonicalName == "digest" }?.value
            #expect(digest == "sha-256=\(ContentHash.sha256([7, 8, 9]))")
            let rest = try await trial.client.execute(
                uri: "/v1/artifacts/\(name)", method: .get, headers: [.range: "bytes=1-"])
            #expect(rest.status == .partialContent)
            #expect(Array(rest.body.readableBytesView) == [8, 9])
            let log = try await trial.client.execute(uri: "/v1/requests/\(first.id)/log", method: .get)
            let text = String(buffer: log.body)
            #expect(text.hasPrefix("id: 10\ndata: compiling\n\nid: 18\ndata: linking\n\n"))
            #expect(text.contains("event: state\ndata: {"))
            let left = try Files.list(trial.service.configuration.stateDirectory + "/builds")
            #expect(left == [])
        }
    }

    @Test func wishThatIsNotMetIsSaid() async throws {
        try await Trial.run(TrialBuilder(.package([1]))) { trial in
            var request = sample
            request.accuracy = .exact
            let answer = try await trial.obtain(request)
            #expect(answer.state == .ready)
            #expect(answer.message == "the accuracy is abi, and exact was asked for")
            // The same package for a machine that has what the builder has.
            request.buildDependencies[0].cpv = "lib-demo/beta-1.1"
            let other = try await trial.post(request)
            #expect(other.key == answer.key && other.artifact == answer.artifact)
            #expect(other.state == .ready && other.accuracy == .exact && other.message == nil)
        }
    }

    @Test func equalRequestsShareABuild() async throws {
        let builder = TrialBuilder(.package([1]))
        try await Trial.run(builder) { trial in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        let id = try await trial.post(sample).id
                        #expect(try await trial.get(id, wait: 60).state == .ready)
                    }
                }
                try await group.waitForAll()
            }
            #expect(await builder.builds == 1)
        }
    }

    @Test func missingContentIsNamedAndTaken() async throws {
        let item = ContentItem(role: .files, name: "x", sha256: ContentHash.sha256([5, 5]), size: 2)
        var request = sample
        request.content.append(item)
        let wanted = request
        try await Trial.run(TrialBuilder(.package([1]), outside: [item])) { trial in
            let first = try await trial.post(wanted)
            #expect(first.state == .declined)
            #expect(first.missing == [item.sha256])
            let wrong = try await trial.client.execute(
                uri: "/v1/content/\(item.sha256)", method: .put, body: ByteBuffer(bytes: [6]))
            #expect(wrong.status == .unprocessableContent)
            let right = try await trial.client.execute(
                uri: "/v1/content/\(item.sha256)", method: .put, body: ByteBuffer(bytes: [5, 5]))
            #expect(right.status == .created)
            let second = try await trial.post(wanted)
            #expect(second.missing == [])
            let answer = try await trial.get(second.id, wait: 60)
            #expect(answer.state == .ready)
            #expect(try await trial.package(answer.artifact) == [1, 5, 5])
        }
    }

    @Test func failureAndRefusalAreTold() async throws {
        let builder = TrialBuilder(.failure(.failed(reason: "no compiler")))
        try await Trial.run(builder, settings: { $0.retrySeconds = 0 }) { trial in
            let id = try await trial.post(sample).id
            let failed = try await trial.get(id, wait: 60)
            #expect(failed.state == .failed && failed.message == "no compiler")
            await builder.set(.failure(.declined(reason: "not here")))
            _ = try await trial.post(sample)
            let declined = try await trial.get(id, wait: 60)
            #expect(declined.state == .declined && declined.message == "not here")
            #expect(try await trial.client.execute(uri: "/v1/artifacts/\(id)", method: .get).status == .notFound)
        }
    }

    @Test func lookingUpBuildsNothing() async throws {
        let builder = TrialBuilder(.package([1]))
        try await Trial.run(builder) { trial in
            let answer = try await trial.post(sample, "?build=no")
            #expect(answer.state == .declined && answer.missing == [])
            #expect(try await trial.client.execute(uri: "/v1/requests/\(answer.id)", method: .get).status == .notFound)
            #expect(await builder.builds == 0)
        }
    }

    @Test func problemsAreDocuments() async throws {
        let key = String(repeating: "a", count: 64)
        var hostile = sample
        hostile.content[0].name = "../../etc/shadow"
        let calls: [(String, HTTPRequest.Method, [UInt8], Int, String)] = [
            ("/v1/requests", .post, Array("{".utf8), 400, "this is no JSON"),
            ("/v1/requests", .post, Array("{}".utf8), 400, "missing key 'version'"),
            ("/v1/requests", .post, Array(try JSONEncoder().encode(hostile)), 422, "content: has a name that is not"),
            ("/v1/requests", .post, Array(repeating: 32, count: 5000), 413, "more than 4096 bytes"),
            ("/v1/content/\(key)", .put, Array(repeating: 1, count: 3000), 413, "more than 2048 bytes"),
            ("/v1/content/..%2f..%2fx", .put, [1], 400, "the name is no SHA-256"),
            ("/v1/requests/\(key)", .get, [], 404, "no such request"),
            ("/v1/requests/xyz", .get, [], 404, "no such request"),
            ("/v1/artifacts/\(key)", .get, [], 404, "no package"), ("/nothing", .get, [], 404, "/nothing"),
        ]
        let settings: (inout ServiceConfiguration) -> Void = {
            $0.requestBytes = 4096
            $0.contentBytes = 2048
        }
        try await Trial.run(TrialBuilder(.package([])), settings: settings) { trial in
            for (uri, method, body, status, text) in calls {
                let response = try await trial.client.execute(uri: uri, method: method, body: ByteBuffer(bytes: body))
                #expect(response.status.code == status, "\(uri)")
                #expect(response.headers[.contentType] == ProblemDocument.mediaType)
                let problem = try trial.decode(response, as: ProblemDocument.self)
                #expect(problem.status == status && problem.detail.contains(text), "\(problem.detail)")
            }
        }
    }

    @Test func aFullDiskIsNotHealthy() async throws {
        try await Trial.run(TrialBuilder(.package([1])), settings: { $0.buildLimits.reserve = .max }) { trial in
            let response = try await trial.client.execute(uri: "/v1/health", method: .get)
            #expect(response.status == .serviceUnavailable)
            #expect(
                try trial.decode(response, as: ProblemDocument.self).detail == "there is too little space on the disk")
        }
    }

    @Test func restartQueuesAgainWhatWasBuilding() async throws {
        let scratch = try ScratchDirectory()
        let directory = scratch.path
        let builder = TrialBuilder(.endless)
        try await Trial.run(builder, directory: directory) { trial in
            let id = try await trial.post(sample).id
            for await _ in await trial.service.changes.stream(of: id) {
                if try await trial.get(id).state == .building { break }
            }
        }
        let second = TrialBuilder(.package([3]))
        try await Trial.run(second, directory: directory) { trial in
            #expect(try await trial.get(sample.id, wait: 60).state == .ready)
            let left = try Files.list(directory + "/builds")
            #expect(left == [])
        }
        #expect(await second.builds == 1)
    }

    @Test func logIsBounded() async throws {
        try await Trial.run(TrialBuilder(.package([1])), settings: { $0.logBytes = 4 }) { trial in
            let id = try await trial.post(sample).id
            _ = try await trial.get(id, wait: 60)
            let log = try Files.readText(trial.service.logPath(id))
            #expect(log == "comp\n[the log is longer; the rest is not kept]\n")
        }
    }
}
