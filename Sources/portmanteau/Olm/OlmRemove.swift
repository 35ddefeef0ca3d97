import ArgumentParser
import CommandSupport
import Overlays
import PackageModel

/// Removes packages from the list.
struct OlmRemove: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Want packages no more, and publish the slices without them.",
        discussion: "Installed packages are left alone. The overlays are not fetched.")

    @Argument(help: ArgumentHelp("A line of the list, or just the package.", valueName: "category/package[::overlay]"))
    var packages: [String]

    func run(_ context: Context) async throws {
        let atoms = try packages.map { text throws(AtomError) in try Atom(text) }
        try await withOverlayman(context, changing: true) { olm in
            var list = try PackageList.read(olm.paths.packages)
            let configuration = try OverlaysConfiguration.read(olm.paths.configuration)
            var gone: [PackageList.Entry] = []
            for atom in atoms {
                let found = list.entries.filter { Self.names(atom, $0) }
                guard !found.isEmpty else {
                    throw CommandError("\(atom) is not in \(olm.paths.packages)", exitStatus: .negative)
                }
                gone += found
            }
            list.entries.removeAll { gone.contains($0) }
            try PackageList.remove(gone)
            for name in Set(gone.map(\.overlay)).sorted() {
                let outcome = try await olm.sync(name, list: list, configuration: configuration, offline: true)
                context.output("olm: \(outcome.line(name))\n")
            }
        }
    }

    /// A bare name means all lines about the package; with version, slot or overlay, that line.
    private static func names(_ atom: Atom, _ entry: PackageList.Entry) -> Bool {
        if let overlay = atom.repository, overlay != entry.overlay { return false }
        guard atom.categoryAndName == entry.atom.categoryAndName else { return false }
        let isBare = atom.version == nil && atom.slot == nil
        return isBare
            || (atom.version == entry.atom.version && atom.slot == entry.atom.slot
                && atom.versionOperator == entry.atom.versionOperator)
    }
}
