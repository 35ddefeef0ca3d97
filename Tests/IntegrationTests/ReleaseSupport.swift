import Testbed

extension Testbed {
    /// Runs with a machine that has the programs and the release server, and no repository `made` yet.
    static func withReleases(
        _ name: String, _ body: (Machine, ReleaseServer) async throws -> Void
    ) async throws {
        try await Testbed.shared().withMachine(name) { machine in
            try await machine.installPortmanteau(enable: false)
            let server = try await machine.startReleaseServer()
            do {
                try await body(machine, server)
                try await server.stop()
            } catch {
                try? await server.stop()
                throw error
            }
        }
    }
}

extension Machine {
    /// Lets Portage see the repository that fastrel writes into.
    func enableMade() throws {
        try write(
            "etc/portage/repos.conf/made.conf", "[made]\nlocation = \(prefix)/var/db/repos/made\nauto-sync = no\n")
    }
}
