import ArgumentParser
import CommandSupport
import Overlays
import PackageModel
import Posix

/// Adds packages to the list.
struct OlmAdd: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Want packages of overlays, and publish them.",
        discussion: "On an error the list stays as it was.")

    @Argument(help: ArgumentHelp("What is wanted, with its overlay.", valueName: "category/package::overlay"))
    var packages: [String]

    func run(_ context: Context) async throws {
        let wanted = try packages.map { text throws(OverlaysError) in try PackageList.Entry(text) }
        try await withOverlayman(context, changing: true) { olm in
            var list = try PackageList.read(olm.paths.packages)
            let configuration = try OverlaysConfiguration.read(olm.paths.configuration)
            let new = wanted.filter { entry in !list.entries.contains { $0.atom == entry.atom } }
            for entry in new {
                list.entries.append(
                    try PackageList.Entry(
                        entry.atom.description, file: PackageList.fileForNewLines(olm.paths.packages), line: 0))
            }
            for name in Set(wanted.map(\.overlay)).sorted() {
                let draft = try PackageList.draft(adding: new.filter { $0.overlay == name }, to: olm.paths.packages)
                do {
                    let outcome = try await olm.sync(name, list: list, configuration: configuration)
                    context.output("olm: \(outcome.line(name))\n")
                } catch {
                    draft?.discard()
                    throw error
                }
                try draft?.publish()
            }
        }
    }
}
