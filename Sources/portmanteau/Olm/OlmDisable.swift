import ArgumentParser
import CommandSupport
import Overlays
import PortageAPI
import Posix

/// Takes the slices out of Portage's sight.
struct OlmDisable: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "disable",
        abstract: "Take the slices out of repos.conf.",
        discussion: """
            The list of wanted packages, the slices and installed packages stay. 'olm sync' puts the slices in again.
            """)

    @Option(
        help: ArgumentHelp(
            "Where this machine's Prefix is, '/' for none. Without it Portage is asked.", valueName: "path"))
    var eprefix: String?

    func run(_ context: Context) async throws {
        let paths: OverlaysPaths
        if let eprefix {
            guard eprefix.isEmpty || eprefix.hasPrefix("/") else {
                throw CommandError("--eprefix takes an absolute path")
            }
            let prefix = eprefix.hasSuffix("/") ? String(eprefix.dropLast()) : eprefix
            paths = OverlaysPaths(eprefix: prefix, configRoot: prefix + "/")
        } else {
            let roots = try await childPortage(context).settings(["EPREFIX", "PORTAGE_CONFIGROOT"])
            paths = OverlaysPaths(eprefix: roots["EPREFIX"] ?? "", configRoot: roots["PORTAGE_CONFIGROOT"] ?? "/")
        }
        guard Files.exists(paths.slices) else { return try removeSections(paths, context) }
        let lock = try overlaysLock(paths)
        try removeSections(paths, context)
        _ = consume lock
    }

    private func removeSections(_ paths: OverlaysPaths, _ context: Context) throws {
        let file = paths.repositoriesConf
        let isChanged = try RepositoriesConf(file).write([])
        context.output(
            isChanged
                ? "olm: the slices are out of \(file); olm sync puts them in again\n"
                : "olm: no slices are in \(file)\n")
    }
}
