import FoundationEssentials
import Posix
import Testbed
import Testing

/// A machine with a service, and another that has it built for itself.
enum PlanServer {
    /// Runs a test against a service, and shows the service's log when it fails.
    ///
    /// - Parameter prepare: what is the same on both machines, before the service starts.
    static func with(
        _ name: String, prepare: (Machine) async throws -> Void = { _ in },
        _ body: (Machine, Service) async throws -> Void
    ) async throws {
        try await with(name, prepare: prepare) { client, service, _ in try await body(client, service) }
    }

    /// The same, with the service's machine.
    static func with(
        _ name: String, prepare: (Machine) async throws -> Void = { _ in },
        _ body: (Machine, Service, _ server: Machine) async throws -> Void
    ) async throws {
        let testbed = try await Testbed.shared()
        try await testbed.withMachine("plan-\(name)-service") { server in
            try await server.installPortmanteau(enable: false)
            try await prepare(server)
            let service = try await server.startService(
                settings: "path = [\"\(testbed.root)/tools\"]\nworkers = 2\nprivate_hosts = [\"127.0.0.1\"]")
            do {
                try await testbed.withMachine("plan-\(name)") { client in
                    try await client.installPortmanteau(enable: false)
                    try client.useService(service.url, settings: "")
                    try await prepare(client)
                    try await body(client, service, server)
                }
                _ = try? await service.stop()
            } catch {
                let log = service.process.log
                _ = try? await service.stop()
                Issue.record("the service said:\n\(log)")
                throw error
            }
        }
    }
}

/// What `binpkg plan --json` prints.
struct ShownPlan: Decodable {
    struct Package: Decodable {
        let cpv: String
        let verdict: String
        let reasons: [String]
        let unblocks: Int?
    }

    let packages: [Package]
    let totals: [String: Int]
}

extension Machine {
    /// What `binpkg plan` says of these arguments of emerge.
    func plan(_ arguments: [String]) async throws -> ShownPlan {
        let output = try await run(["binpkg", "plan", "--json"] + arguments)
        try #require(output.exitCode <= 1 && output.stdout.hasPrefix("{"), "\(output.text)")
        return try JSONDecoder().decode(ShownPlan.self, from: Data(output.stdout.utf8))
    }
}
