import ArgumentParser
import CommandSupport
import Overlays

/// Brings all slices up to date.
struct OlmSync: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync",
        abstract: "Fetch the overlays and publish what changed.",
        discussion: """
            An overlay that fails keeps the slice that it has. Exit code 75: an overlay was away; 2: something was \
            refused.
            """)

    @Argument(help: "Only these overlays.")
    var overlays: [String] = []

    func run(_ context: Context) async throws {
        try await withOverlayman(context, changing: true) { olm in
            let list = try PackageList.read(olm.paths.packages)
            let configuration = try OverlaysConfiguration.read(olm.paths.configuration)
            let known = olm.overlayNames(list)
            for name in overlays where !known.contains(name) {
                throw CommandError("nothing is wanted from an overlay \(name)", exitStatus: .negative)
            }
            var worst: ExitStatus?
            for name in overlays.isEmpty ? known : overlays {
                do {
                    let outcome = try await olm.sync(name, list: list, configuration: configuration)
                    context.output("olm: \(outcome.line(name))\n")
                } catch let error as OverlaysError {
                    let stays = olm.published().contains(name) ? "; the slice of \(name) stays as it is" : ""
                    context.errors("olm: \(error.message)\(stays)\n")
                    if let hint = error.hint { context.errors("olm: \(hint)\n") }
                    worst = worst == .error ? .error : error.exitStatus
                }
            }
            if let worst { throw ExitCode(worst.rawValue) }
        }
    }
}
