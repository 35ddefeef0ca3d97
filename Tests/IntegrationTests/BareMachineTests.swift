import Posix
import Testbed
import Testing

/// A machine without compiler, headers and build-time dependencies, and an application of many packages.
@Suite struct BareMachineTests {
    @Test(.timeLimit(.minutes(20))) func `a machine without compiler installs an application of 30 packages`()
        async throws
    {
        try await PlanServer.with("wide", prepare: WideApplication.add) { client, _ in
            let before = try client.installedPackages()
            let output = try await client.runWithoutCompiler(
                ["binpkg", "emerge", "--require", "-1", "--quiet", WideApplication.atom], timeout: .seconds(900))
            #expect(output.succeeded, "\(output.text)")
            #expect(output.text.contains("Emerging binary (30 of 30) \(WideApplication.atom)-1.0"), "\(output.text)")
            let installed = try client.installedPackages().filter { !before.contains($0) }
            #expect(installed.count == 30, "\(installed)")
            // Neither the tool that all are built with, nor a compiler, is here.
            #expect(!installed.contains { $0.hasPrefix("dev-demo/") })
            #expect(try await client.runWithoutCompiler(["many"]).stdout == "\(WideApplication.sum)\n")
        }
    }
}
