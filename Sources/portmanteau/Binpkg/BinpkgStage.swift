import AgentProtocol
import ArgumentParser
import BinpkgClient
import CommandSupport
import PortageAPI
import Posix

/// Brings the package of a phase into its staging directory; `portage-hook setup` runs it.
struct BinpkgStage: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "stage",
        abstract: "Stage the package that a phase describes on standard input (for the hook).",
        shouldDisplay: false)

    func run(_ context: Context) async throws {
        ProcessLifetime.endWithParent()
        let setup = SetupRequest(encoded: try Files.readAll(0, path: "standard input", limit: 4 << 20))
        let report = await Stager { () async throws(PortageError) in
            try await childPortage(context)
        }.stage(setup) { line in
            context.errors("portmanteau: \(line)\n")
        }
        guard report.exitCode == 0 else {
            context.errors("portmanteau: \(report.line)\n")
            throw ExitCode(report.exitCode)
        }
    }
}
