import ArgumentParser

/// Binary packages from a service.
struct Binpkg: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "binpkg",
        abstract: "Get packages from a build service instead of compiling them.",
        subcommands: [BinpkgRequest.self, BinpkgStage.self])
}
