import ArgumentParser
import SuiteVersion

/// Binary packages from a service.
struct Binpkg: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "binpkg",
        abstract: "Get packages from a build service instead of compiling them.",
        version: "binpkg \(SuiteVersion.text)",
        subcommands: [
            BinpkgEmerge.self, BinpkgPlan.self, BinpkgPlans.self, BinpkgExplain.self, BinpkgRequest.self,
            BinpkgPolicyCommand.self, BinpkgAgent.self, BinpkgStage.self,
        ])
}
