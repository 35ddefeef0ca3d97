import BinpkgModel
import FoundationEssentials
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Posix
import Subprocess
import SystemPackage
import Testbed
import Testing

@testable import BinpkgService

/// What the OpenAPI file says is what the service does.
@Suite struct OpenAPITests {
    private struct Document: Decodable {
        struct Operation: Decodable {}
        let openapi: String
        let paths: [String: [String: Operation]]
    }

    /// An answer, as openapi-check.py reads it.
    private struct Answer: Encodable {
        let method: String
        let path: String
        let sent: String
        let status: Int
        let type: String
        let body: String
    }

    private static var folder: String { String(#filePath.prefix(upTo: #filePath.lastIndex(of: "/") ?? "".endIndex)) }
    private static var file: String { folder + "/../../Sources/BinpkgService/HTTP/openapi.json" }

    @Test func everyRouteIsInItAndEveryPathIsARoute() async throws {
        try await Trial.run(TrialBuilder(.package([1]))) { trial in
            let document = try JSONDecoder().decode(Document.self, from: Data(Files.read(Self.file)))
            #expect(document.openapi == "3.1.0")
            let written = Set(
                document.paths.flatMap { path, calls in calls.keys.map { "\($0.uppercased()) \(path)" } })
            let real = Set(
                Routes(service: trial.service).router().routes.map { route in
                    let parts = "\(route.path)".split(separator: "/").map { part in
                        part == "**" ? "{path}" : part.hasPrefix(":") ? "{\(part.dropFirst())}" : String(part)
                    }
                    return "\(route.method.rawValue) /\(parts.joined(separator: "/"))"
                }.filter { !PageRoutes.paths.map { "GET \($0)" }.contains($0) })
            #expect(written.subtracting(real).sorted() == [])
            #expect(real.subtracting(written).sorted() == [])
            let served = try await trial.client.execute(uri: "/v1/openapi.json", method: .get)
            #expect(try Array(served.body.readableBytesView) == Files.read(Self.file))
        }
    }

    /// A request with everything that a client may send.
    private static var whole: BuildRequest {
        let content = ContentHash.sha256([4])
        var request = sample
        request.buildDependencies[0].content = content
        request.toolchain = [InstalledPackage(cpv: "sys-devel/gcc-14.2.0", slot: "14", use: ["cxx"], content: content)]
        let ebuild = ContentItem(role: .ebuild, name: "beta-1.0.ebuild", sha256: ContentHash.sha256([1]), size: 1)
        request.dependencyEbuilds = [
            DependencyEbuild(cpv: "lib-demo/beta-1.0", repository: "own", slot: "0/1", use: [], content: [ebuild])
        ]
        request.plan = PlanPlace(id: "world", unblocks: 3)
        return request
    }

    /// Asks everything, rightly and wrongly; what is sent and the answers must be as the document has them.
    @Test func realAnswersAreAsItSays() async throws {
        let scratch = try ScratchDirectory()
        let item = ContentItem(role: .files, name: "x", sha256: ContentHash.sha256([5, 5]), size: 2)
        let none = String(repeating: "a", count: 64)
        let builder = TrialBuilder(.package([7, 8, 9]), outside: [item])
        let settings: (inout ServiceConfiguration) -> Void = {
            $0.requestBytes = 8192
            $0.contentBytes = 2048
            $0.planBytes = 8192
            $0.binhosts = [BinhostSettings(name: "main")]
        }
        let answers = Trial.Box<[Answer]>()
        try await Trial.run(builder, settings: settings) { trial in
            var found: [Answer] = []
            @discardableResult func ask(
                _ method: HTTPRequest.Method, _ path: String, _ name: String = "", query: String = "",
                body: [UInt8] = [], headers: HTTPFields = [:]
            ) async throws -> TestResponse {
                let uri =
                    path.replacing("{id}", with: name).replacing("{hash}", with: name)
                    .replacing("{name}", with: "main").replacing("{path}", with: name) + query
                let response = try await trial.client.execute(
                    uri: uri, method: method, headers: headers, body: ByteBuffer(bytes: body))
                let type = response.headers[.contentType] ?? ""
                let isText = type.contains("json") || type.hasPrefix("text/")
                found.append(
                    Answer(
                        method: method.rawValue, path: path, sent: String(decoding: body, as: UTF8.self),
                        status: Int(response.status.code), type: type,
                        body: isText ? String(buffer: response.body) : ""))
                return response
            }
            let good = try trial.encode(Self.whole)
            var hostile = Self.whole
            hostile.use = ["$(id)"]
            let plan = Array(try JSONEncoder().encode(PlanQuestion(requests: [Self.whole, hostile])))
            _ = try await ask(.post, "/v1/requests", query: "?build=no", body: good)
            _ = try await ask(.post, "/v1/requests", body: good)
            _ = try await ask(.post, "/v1/requests", body: Array("{".utf8))
            _ = try await ask(.post, "/v1/requests", body: try trial.encode(hostile))
            _ = try await ask(.post, "/v1/requests", body: Array(repeating: 32, count: 9000))
            _ = try await ask(.post, "/v1/plans", query: "?build=no", body: plan)
            _ = try await ask(.put, "/v1/content/{hash}", item.sha256, body: [6])
            _ = try await ask(.put, "/v1/content/{hash}", "x", body: [6])
            _ = try await ask(.put, "/v1/content/{hash}", item.sha256, body: Array(repeating: 1, count: 4000))
            _ = try await ask(.put, "/v1/content/{hash}", item.sha256, body: [5, 5])
            await builder.set(.gate)
            let asked = try await ask(.post, "/v1/requests", body: good)
            let id = try trial.decode(asked, as: RequestAnswer.self).id
            _ = try await ask(.get, "/v1/requests/{id}", id)
            _ = try await ask(.post, "/v1/plans", body: plan)
            _ = try await ask(.post, "/v1/plans", body: [])
            _ = try await ask(.post, "/v1/plans", body: Array(repeating: 32, count: 9000))
            await builder.open()
            let ready = try await ask(.get, "/v1/requests/{id}", id, query: "?wait=60")
            let answer = try trial.decode(ready, as: RequestAnswer.self)
            #expect(answer.state == .ready)
            let artifact = try #require(answer.artifact)
            _ = try await ask(.get, "/v1/requests/{id}", none)
            _ = try await ask(.get, "/v1/requests/{id}/log", id)
            _ = try await ask(.get, "/v1/requests/{id}/log", none)
            _ = try await ask(.get, "/v1/artifacts/{id}", artifact)
            _ = try await ask(.get, "/v1/artifacts/{id}", artifact, headers: [.range: "bytes=1-"])
            _ = try await ask(.get, "/v1/artifacts/{id}", artifact, headers: [.range: "bytes=9999-"])
            _ = try await ask(.get, "/v1/artifacts/{id}", none)
            let tag: HTTPFields = [.ifNoneMatch: "*"]
            let fetches: [(String, HTTPFields)] = [(artifact, HTTPFields()), (artifact, tag), (none, HTTPFields())]
            for (name, headers) in fetches {
                try await ask(.get, "/v1/artifacts/{id}", name, headers: headers)
                try await ask(.head, "/v1/artifacts/{id}", name, headers: headers)
            }
            // The index is made when it is asked for. The package is in none: its client sent something of it.
            #expect(
                try await eventually {
                    try await trial.client.execute(uri: "/binhost/main/Packages", method: .get).status == .ok
                })
            for path in ["Packages", "Packages.gz"] {
                let ranges: [HTTPFields] = [HTTPFields(), tag, [.range: "bytes=1-"], [.range: "bytes=99999-"]]
                for headers in ranges {
                    try await ask(.get, "/binhost/{name}/{path}", path, headers: headers)
                    try await ask(.head, "/binhost/{name}/{path}", path, headers: headers)
                }
            }
            try await ask(.get, "/binhost/{name}/{path}", "nothing")
            try await ask(.head, "/binhost/{name}/{path}", "nothing")
            let finished = try await ask(.delete, "/v1/requests/{id}", id, query: "?plan=world")
            #expect(try trial.decode(finished, as: Withdrawal.self).outcome == .finished)
            try await ask(.delete, "/v1/requests/{id}", none)
            let states = Array(try JSONEncoder().encode(PlanStates(ids: [id, none])))
            _ = try await ask(.post, "/v1/plans/states", body: states)
            _ = try await ask(.post, "/v1/plans/states", body: Array("[]".utf8))
            _ = try await ask(.get, "/v1/builds", query: "?state=ready&search=delta&limit=2")
            _ = try await ask(.get, "/v1/builds", query: "?limit=0")
            _ = try await ask(.get, "/v1/builds/{id}", id)
            _ = try await ask(.get, "/v1/builds/{id}", none)
            for path in [
                "/v1/accuracy", "/v1/accuracy.svg", "/v1/environments", "/v1/status", "/v1/ping", "/v1/health",
                "/v1/openapi.json",
            ] {
                _ = try await ask(.get, path)
            }
            // The store goes, then a token is there: neither health nor access.
            let tokens = try TokenStore(stateDirectory: trial.service.configuration.stateDirectory)
            let reader = try await tokens.add(name: "r", domain: "d", scope: .read, days: nil)
            try await Task.sleep(for: .milliseconds(1100))
            _ = try await ask(.get, "/v1/status")
            _ = try await ask(.post, "/v1/requests", body: good, headers: [.authorization: "Bearer \(reader)"])
            try Files.removeTree(trial.service.configuration.stateDirectory + "/store.sqlite")
            let health = try await ask(.get, "/v1/health")
            #expect(health.status == .serviceUnavailable && health.headers[.retryAfter] == "30")
            answers.value = found
        }
        let narrow: (inout ServiceConfiguration) -> Void = {
            $0.limits.burst = 1
            $0.limits.requestsPerSecond = 1
        }
        try await Trial.run(builder, settings: narrow) { trial in
            for _ in 0..<5 {
                let response = try await trial.client.execute(uri: "/v1/status", method: .get)
                answers.value?.append(
                    Answer(
                        method: "GET", path: "/v1/status", sent: "", status: Int(response.status.code),
                        type: response.headers[.contentType] ?? "", body: String(buffer: response.body)))
            }
        }
        let found = try #require(answers.value)
        let statuses = Set(found.map(\.status))
        let wanted: Set = [200, 201, 202, 204, 206, 304, 400, 401, 403, 404, 413, 416, 422, 429, 503]
        #expect(wanted.subtracting(statuses).isEmpty)
        let recorded = try scratch.write("answers.json", String(decoding: JSONEncoder().encode(found), as: UTF8.self))
        let check = try await Subprocess.run(
            .path("/usr/bin/python3"), arguments: [Self.folder + "/openapi-check.py", Self.file, recorded],
            output: .string(limit: 1 << 20), error: .combinedWithOutput)
        #expect(check.terminationStatus.isSuccess, "\(check.standardOutput)")
    }
}
