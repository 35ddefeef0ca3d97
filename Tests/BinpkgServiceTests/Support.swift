import BinpkgModel
import BuildEnvironments
import FoundationEssentials
import Glibc
import Hummingbird
import HummingbirdTesting
import Logging
import Posix
import Testbed

@testable import BinpkgService

/// A builder without builds: it gives what the test tells it to.
actor TrialBuilder: PackageBuilder {
    enum Plan: Sendable {
        case package([UInt8])
        case failure(BuildError)
        /// Waits until the task is cancelled.
        case endless
    }

    private(set) var builds = 0
    private var plan: Plan
    private let outside: [ContentItem]

    init(_ plan: Plan, outside: [ContentItem] = []) {
        self.plan = plan
        self.outside = outside
    }

    func set(_ plan: Plan) { self.plan = plan }

    func itemsFromOutside(_ request: BuildRequest) async throws(BuildError) -> [ContentItem] { outside }

    func build(
        _ request: BuildRequest, workspace: String, bytes: @escaping @Sendable (ContentItem) -> [UInt8]?,
        log: @escaping @Sendable ([UInt8]) async -> Void
    ) async throws(BuildError) -> BuildResult {
        builds += 1
        await log(Array("compiling\nlinking\n".utf8))
        switch plan {
        case .package(let content):
            let path = workspace + "/p.gpkg.tar"
            do {
                try Files.replace(path, with: content + outside.flatMap { bytes($0) ?? [] })
            } catch {
                throw .failed(reason: "\(error)")
            }
            return BuildResult(
                package: path,
                dependencies: [InstalledPackage(cpv: "lib-demo/beta-1.1", slot: "0/1", use: [])], libc: "", seconds: 2)
        case .failure(let error): throw error
        case .endless:
            while !Task.isCancelled { try? await Task.sleep(for: .seconds(60)) }
            throw .cancelled
        }
    }
}

/// A service on a directory of its own, which goes away at the end.
struct Trial: Sendable {
    let service: BuildService
    let client: any TestClientProtocol

    static func run(
        _ builder: TrialBuilder, directory: String? = nil, working: Bool = true,
        settings: (inout ServiceConfiguration) -> Void = { _ in },
        _ body: @escaping @Sendable (Trial) async throws -> Void
    ) async throws {
        let scratch = try ScratchDirectory()
        let own = directory ?? scratch.path
        var configuration = ServiceConfiguration()
        configuration.stateDirectory = own
        settings(&configuration)
        let service = try BuildService(
            configuration: configuration, builder: builder,
            logger: Logger(label: "trial") { _ in SwiftLogNoOpLogHandler() })
        try await service.recover()
        let application = Application(router: Routes(service: service).router())
        try await application.test(.router) { client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                if working { group.addTask { await service.work() } }
                try await body(Trial(service: service, client: client))
                group.cancelAll()
            }
        }
        await service.changes.close()
    }

    func post(_ request: BuildRequest, _ query: String = "") async throws -> RequestAnswer {
        try await decode(
            client.execute(
                uri: "/v1/requests\(query)", method: .post,
                body: ByteBuffer(bytes: Array(try JSONEncoder().encode(request)))))
    }

    func get(_ id: String, wait: Int = 0) async throws -> RequestAnswer {
        try await decode(client.execute(uri: "/v1/requests/\(id)?wait=\(wait)", method: .get))
    }

    func decode<R: Decodable>(_ response: TestResponse, as type: R.Type = R.self) throws -> R {
        try JSONDecoder().decode(R.self, from: Data(Array(response.body.readableBytesView)))
    }
}

let sample = BuildRequest(
    cpv: "app-demo/delta-1.0", repository: "gentoo", eapi: "8", slot: "0", use: [], iuse: [],
    chost: "x86_64-pc-linux-gnu", cbuild: "", eprefix: "", tmpdir: "/var/tmp", variables: [:], features: [],
    profile: "",
    content: [
        ContentItem(role: .ebuild, name: "delta-1.0.ebuild", sha256: ContentHash.sha256([1]), size: 1)
    ], buildDependencies: [InstalledPackage(cpv: "lib-demo/beta-1.0", slot: "0/1", use: [])], accuracy: .abi)
