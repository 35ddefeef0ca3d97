import ArgumentParser
import SuiteVersion

/// The dependency graph of what emerge is doing.
struct Depgraph: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "depgraph",
        abstract: "Draw the dependency graph of the packages that emerge is merging.",
        version: "depgraph \(SuiteVersion.text)",
        subcommands: [DepgraphShow.self, DepgraphWatch.self, DepgraphEmerge.self, DepgraphCollect.self],
        defaultSubcommand: DepgraphShow.self)
}
