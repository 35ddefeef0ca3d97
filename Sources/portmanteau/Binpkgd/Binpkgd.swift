import ArgumentParser
import SuiteVersion

/// The binary-package service.
struct Binpkgd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "binpkgd",
        abstract: "Builds packages for other machines, on request.",
        version: "binpkgd \(SuiteVersion.text)",
        subcommands: [
            BinpkgdServe.self, BinpkgdEnvironment.self, BinpkgdKey.self, BinpkgdSimulate.self, BinpkgdToken.self,
            BinpkgdCheck.self, BinpkgdCollect.self,
        ])
}
