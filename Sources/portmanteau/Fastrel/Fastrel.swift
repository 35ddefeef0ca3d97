import ArgumentParser
import SuiteVersion

/// Ebuilds from releases.
struct Fastrel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fastrel",
        abstract: "Make ebuilds from releases of the Python index and of GitHub.",
        version: "fastrel \(SuiteVersion.text)",
        subcommands: [FastrelPypi.self, FastrelGithub.self])
}
