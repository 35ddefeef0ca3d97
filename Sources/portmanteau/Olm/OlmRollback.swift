import ArgumentParser
import CommandSupport
import Overlays

/// Goes back to an earlier generation.
struct OlmRollback: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: "Publish the slice of an overlay as it was before.",
        discussion: "It stays so until the overlay gives something else than what was taken back.")

    @Argument(help: "The overlay.")
    var overlay: String

    func run(_ context: Context) async throws {
        try await withOverlayman(context, changing: true) { olm in
            let number = try olm.rollBack(overlay)
            context.output("olm: \(overlay): back at generation \(number)\n")
        }
    }
}
