import Posix
import Testbed
import Testing

/// A machine without compiler, headers and build-time dependencies, and an application of many packages.
@Suite struct BareMachineTests {
    /// The application, without what costs time in every phase and is not meant here: the walls around phases, and the
    /// wait for the disk after each merge.
    private func prepare(_ machine: Machine) throws {
        let walls = "-ipc-sandbox -mount-sandbox -network-sandbox -pid-sandbox"
        try machine.append("etc/portage/make.conf", "FEATURES=\"${FEATURES} \(walls) -merge-sync\"\n")
        try WideApplication.add(to: machine)
    }

    @Test(.timeLimit(.minutes(60))) func `a machine without compiler installs an application of 30 packages`()
        async throws
    {
        try await PlanServer.with("wide", prepare: prepare) { client, _ in
            let before = try client.installedPackages()
            let output = try await client.runWithoutCompiler(
                ["binpkg", "emerge", "--require", "-1", "--quiet", "--jobs=2", WideApplication.atom],
                timeout: .seconds(900))
            #expect(output.succeeded, "\(output.text)")
            #expect(output.text.contains("30 of 30) \(WideApplication.atom)-1.0"), "\(output.text)")
            #expect(!output.text.contains("Compiling source"))
            let installed = try client.installedPackages().filter { !before.contains($0) }
            #expect(installed.count == 30, "\(installed)")
            // Neither the tool that all are built with, nor a compiler, is here.
            #expect(!installed.contains { $0.hasPrefix("dev-demo/") })
            #expect(try await client.runWithoutCompiler(["many"]).stdout == "\(WideApplication.sum)\n")
        }
    }
}
