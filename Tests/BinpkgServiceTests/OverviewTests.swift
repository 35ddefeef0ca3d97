import BinpkgModel
import FoundationEssentials
import Hummingbird
import HummingbirdTesting
import NIOCore
import Testbed
import Testing

@testable import BinpkgService

@Suite struct OverviewTests {
    private func list(_ trial: Trial, _ query: String) async throws -> BuildList {
        let response = try await trial.client.execute(uri: "/v1/builds?\(query)", method: .get)
        #expect(response.status == .ok)
        return try JSONDecoder().decode(BuildList.self, from: Data(response.body.readableBytesView))
    }

    private func named(_ name: String, waiting: Int = 0) -> BuildRequest {
        var request = sample
        request.cpv = name
        request.content[0].name = "\(request.pf).ebuild"
        request.plan = waiting > 0 ? PlanPlace(id: "world", unblocks: waiting) : nil
        return request
    }

    @Test func theListIsInTheOrderOfTheQueueAndThenOfTime() async throws {
        try await Trial.run(TrialBuilder(.endless), working: false) { trial in
            for name in ["app-demo/first-1", "lib-demo/second-2"] { _ = try await trial.post(named(name)) }
            _ = try await trial.post(named("app-demo/urgent-1", waiting: 9))
            let all = try await list(trial, "")
            #expect(all.total == 3)
            #expect(all.builds.map(\.cpv) == ["app-demo/urgent-1", "app-demo/first-1", "lib-demo/second-2"])
            #expect(all.builds.map(\.position) == [1, 2, 3])
            #expect(all.builds.map(\.unblocks) == [9, 0, 0])
            let page = try await list(trial, "limit=1&offset=1")
            #expect(page.total == 3 && page.builds.map(\.cpv) == ["app-demo/first-1"])
            #expect(try await list(trial, "state=building,ready").total == 0)
            #expect(try await list(trial, "search=APP-demo").total == 2)
            #expect(try await list(trial, "search=%25").total == 0)
            #expect(try await list(trial, "search=';drop+table+request;--").total == 0)
            for query in ["limit=0", "limit=501", "limit=x", "offset=-1", "state=odd"] {
                let response = try await trial.client.execute(uri: "/v1/builds?\(query)", method: .get)
                #expect(response.status == .badRequest, "\(query)")
            }
        }
    }

    @Test func aRequestIsShownWithWhatItGot() async throws {
        try await Trial.run(TrialBuilder(.package([7, 8, 9]))) { trial in
            let id = try await trial.obtain(sample).id
            let response = try await trial.client.execute(uri: "/v1/builds/\(id)", method: .get)
            struct Detail: Decodable {
                let request: BuildRequest
                let answer: RequestAnswer
                let builtWith: DependencyVector
                let size: Int
            }
            let detail = try JSONDecoder().decode(Detail.self, from: Data(response.body.readableBytesView))
            #expect(detail.request.id(ofKey: detail.answer.key) == id)
            #expect(detail.answer.state == .ready && detail.size == 3)
            #expect(detail.builtWith.packages.map(\.cpv) == ["lib-demo/beta-1.1"])
            let unknown = String(repeating: "0", count: 64)
            #expect(try await trial.client.execute(uri: "/v1/builds/\(unknown)", method: .get).status == .notFound)
        }
    }

    @Test func theCurveIsOfTheServicesOwnRequests() async throws {
        try await Trial.run(TrialBuilder(.exact([1]))) { trial in
            for number in 1...3 { _ = try await trial.obtain(named("app-demo/p\(number)-1")) }
            let response = try await trial.client.execute(uri: "/v1/accuracy", method: .get)
            let points = try JSONDecoder().decode([Simulation].self, from: Data(response.body.readableBytesView))
            #expect(points.map(\.environments) == [0, 1, 2, 4, 8, 16, 32])
            #expect(points.allSatisfy { $0.requests == 3 && $0.builds == 3 })
            // Without an environment each build installs its dependency; with one only the first does.
            #expect(points[0].installed == 3 * sample.buildDependencies.count)
            #expect(points[1].installed == sample.buildDependencies.count)
            let svg = try await trial.client.execute(uri: "/v1/accuracy.svg", method: .get)
            #expect(String(buffer: svg.body).contains("the last 3 different requests"))
        }
    }

    @Test func thePageAllowsNoForeignScript() async throws {
        try await Trial.run(TrialBuilder(.endless), working: false) { trial in
            for path in ["/", "/page.css", "/page.js", "/log.js"] {
                let file = try await trial.client.execute(uri: path, method: .get)
                #expect(file.status == .ok && file.body.readableBytes > 500, "\(path)")
                let policy = file.headers[.contentSecurityPolicy] ?? ""
                #expect(policy.contains("default-src 'none'; script-src 'self';"), "\(path)")
            }
        }
    }
}
