import BinpkgModel
import BuildEnvironments
import FoundationEssentials
import Glibc
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Posix
import Synchronization
import Testbed

@testable import BinpkgService

/// A builder without builds: it gives what the test tells it to.
actor TrialBuilder: PackageBuilder {
    enum Plan: Sendable {
        /// These bytes, built with beta-1.1.
        case package([UInt8])
        /// The same, built with what the asking machine has.
        case exact([UInt8])
        case failure(BuildError)
        /// Waits until the task is cancelled.
        case endless
        /// Waits until ``TrialBuilder/open()``, then as `exact`, with the name of the package as bytes.
        case gate
        /// A package that took this many seconds in an environment.
        case timed(Double, environment: String)
    }

    private(set) var built: [String] = []
    var builds: Int { built.count }
    /// The most builds that ran at one time.
    private(set) var most = 0
    private var running = 0
    private var isOpen = false
    private var plan: Plan
    private var environment: String? = "host"
    private let outside: [ContentItem]

    init(_ plan: Plan, outside: [ContentItem] = []) {
        self.plan = plan
        self.outside = outside
    }

    /// Whose alone what comes now is, because of the environment.
    func setDomain(_ domain: String?) { self.domain = domain }
    private var domain: String?

    func set(_ plan: Plan) { self.plan = plan }
    func set(environment: String?) { self.environment = environment }
    func open() { isOpen = true }

    func itemsFromOutside(_ request: BuildRequest) async throws(BuildError) -> [ContentItem] { outside }

    func build(_ order: BuildOrder) async throws(BuildError) -> BuildResult {
        let (request, workspace, bytes) = (order.request, order.workspace, order.bytes)
        built.append(request.cpv)
        running += 1
        most = max(most, running)
        defer { running -= 1 }
        await order.log(Array("compiling\nlinking\n".utf8))
        switch plan {
        case .package(let content):
            return try result(
                content + outside.flatMap { bytes($0) ?? [] }, workspace,
                DependencyVector(
                    packages: [InstalledPackage(cpv: "lib-demo/beta-1.1", slot: "0/1", use: [])], libc: ""))
        case .exact(let content): return try result(content, workspace, request.vector)
        case .failure(let error): throw error
        case .endless:
            while !Task.isCancelled { try? await Task.sleep(for: .seconds(60)) }
            throw .cancelled
        case .timed(let seconds, let environment):
            var result = try result(Array(request.id.utf8), workspace, request.vector)
            result = BuildResult(package: result.package, vector: result.vector, seconds: seconds)
            result.environment = environment
            return result
        case .gate:
            while !isOpen, !Task.isCancelled { try? await Task.sleep(for: .milliseconds(5)) }
            if Task.isCancelled { throw .cancelled }
            return try result(Array(request.cpv.utf8), workspace, request.vector)
        }
    }

    private func result(
        _ content: [UInt8], _ workspace: String, _ vector: DependencyVector
    ) throws(BuildError) -> BuildResult {
        let path = workspace + "/p.gpkg.tar"
        do {
            try Files.replace(path, with: content)
        } catch {
            throw .failed(reason: "\(error)")
        }
        var result = BuildResult(package: path, vector: vector, seconds: 2)
        result.trustDomain = domain
        result.environment = environment ?? ""
        result.isTargets = environment == nil
        return result
    }
}

/// A service on a directory of its own, which goes away at the end.
struct Trial: Sendable {
    let service: BuildService
    let client: any TestClientProtocol

    static func run(
        _ builder: TrialBuilder, directory: String? = nil, working: Bool = true, publisher: TrialPublisher = .init(),
        settings: (inout ServiceConfiguration) -> Void = { _ in }, over transport: TestingSetup = .router,
        _ body: @escaping @Sendable (Trial) async throws -> Void
    ) async throws {
        let scratch = try ScratchDirectory()
        let own = directory ?? scratch.path
        let configuration = configuration(own, settings)
        let service = try BuildService(
            configuration: configuration, engine: LocalEngine(builder: builder, slots: configuration.workers),
            publisher: publisher, logger: Logger(label: "trial") { _ in SwiftLogNoOpLogHandler() })
        try await service.recover()
        let application = Application(router: Routes(service: service).router())
        try await application.test(transport) { client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<(working ? configuration.workers : 0) { group.addTask { await service.work() } }
                group.addTask { await service.publish() }
                try await body(Trial(service: service, client: client))
                group.cancelAll()
            }
        }
        await service.changes.close()
        withExtendedLifetime(scratch) {}
    }

    private static func configuration(
        _ directory: String, _ settings: (inout ServiceConfiguration) -> Void
    ) -> ServiceConfiguration {
        var configuration = ServiceConfiguration()
        configuration.stateDirectory = directory
        settings(&configuration)
        return configuration
    }

    /// Carries a value out of a trial.
    final class Box<Value: Sendable>: Sendable {
        private let state = Mutex<Value?>(nil)
        var value: Value? {
            get { state.withLock { $0 } }
            set { state.withLock { $0 = newValue } }
        }
    }

    func post(_ request: BuildRequest, _ query: String = "") async throws -> RequestAnswer {
        try await decode(
            client.execute(
                uri: "/v1/requests\(query)", method: .post,
                body: ByteBuffer(bytes: try encode(request))))
    }

    func encode(_ request: BuildRequest) throws -> [UInt8] { Array(try JSONEncoder().encode(request)) }

    /// Asks and waits for the end.
    func obtain(_ request: BuildRequest) async throws -> RequestAnswer {
        let answer = try await post(request)
        return answer.state.isFinal ? answer : try await get(answer.id, wait: 60)
    }

    /// The bytes of a package.
    func package(_ id: String?) async throws -> [UInt8] {
        Array(try await client.execute(uri: "/v1/artifacts/\(id ?? "")", method: .get).body.readableBytesView)
    }

    /// The whole log of a request, as events.
    func log(_ id: String, _ query: String = "", lastEvent: String? = nil) async throws -> String {
        var headers = HTTPFields()
        if let name = HTTPField.Name("Last-Event-ID") { headers[name] = lastEvent }
        let uri = "/v1/requests/\(id)/log\(query)"
        return String(buffer: try await client.execute(uri: uri, method: .get, headers: headers).body)
    }

    func get(_ id: String, wait: Int = 0) async throws -> RequestAnswer {
        try await decode(client.execute(uri: "/v1/requests/\(id)?wait=\(wait)", method: .get))
    }

    func decode<R: Decodable>(_ response: TestResponse, as type: R.Type = R.self) throws -> R {
        try JSONDecoder().decode(R.self, from: Data(Array(response.body.readableBytesView)))
    }
}

/// A request for another package of the same kind.
func sample(_ name: String, plan: PlanPlace? = nil) -> BuildRequest {
    var request = sample
    request.cpv = "app-demo/\(name)-1.0"
    request.content[0].name = "\(name)-1.0.ebuild"
    request.plan = plan
    return request
}

let sample = BuildRequest(
    cpv: "app-demo/delta-1.0", repository: "gentoo", eapi: "8", slot: "0", use: [], iuse: [],
    chost: "x86_64-pc-linux-gnu", cbuild: "", eprefix: "", tmpdir: "/var/tmp", variables: [:], features: [],
    profile: "",
    content: [
        ContentItem(role: .ebuild, name: "delta-1.0.ebuild", sha256: ContentHash.sha256([1]), size: 1)
    ], buildDependencies: [InstalledPackage(cpv: "lib-demo/beta-1.0", slot: "0/1", use: [])], accuracy: .abi)

/// Where nobody is told apart.
extension Store {
    func state(_ id: String) async throws -> RequestState? {
        try await state(id, for: EnvironmentNeeds.everybody)
    }

    func artifact(_ id: String) async throws -> StoredArtifact? {
        try await artifact(id, for: EnvironmentNeeds.everybody)
    }
}
