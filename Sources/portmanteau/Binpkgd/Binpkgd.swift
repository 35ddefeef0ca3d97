import ArgumentParser

/// The binary-package service.
struct Binpkgd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "binpkgd",
        abstract: "Builds packages for other machines, on request.",
        subcommands: [BinpkgdServe.self, BinpkgdKey.self])
}
