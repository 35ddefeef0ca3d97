import ArgumentParser
import CommandSupport
import Overlays
import PackageModel

/// Says why a package is in a slice.
struct OlmWhy: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "why",
        abstract: "Say why a package is in a slice, back to the line of the list.",
        discussion: "Exit code 1: it is in none.")

    @Argument(help: ArgumentHelp("The package, with or without its version.", valueName: "category/package"))
    var package: String

    func run(_ context: Context) async throws {
        let locks = try await withOverlayman(context, changing: false) { $0.locks() }
        var isFound = false
        for lock in locks {
            for start in lock.packages where start.cpv == package || CPV(start.cpv)?.categoryAndName == package {
                isFound = true
                context.output("\(start.cpv)::\(lock.overlay), commit \(lock.commit.prefix(12))\n")
                for line in lock.chain(from: start) { context.output("  \(line)\n") }
            }
        }
        if !isFound { throw CommandError("\(package) is in no slice", exitStatus: .negative) }
    }
}
