import AgentProtocol
import Posix

/// The phases that compile, with FEATURES=distcc: our masquerade directory goes right before distcc's in PATH, and so
/// behind that of ccache.
struct CompilePhase {
    let request: PhaseRequest
    let context: HookContext

    func run() {
        let layout = request.layout
        guard request.configuration.distccGuard == .auto, Files.exists(layout.distccGuard),
            Files.exists(layout.masquerade),
            let path = CompilePhase.path(request.setup["PATH"], with: layout.masquerade)
        else { return }
        context.output("PATH=" + ShellCode.quoted(path) + "\n")
    }

    /// PATH with the directory before the first one of distcc's; nil when there is none, or ours is there already.
    static func path(_ path: String, with masquerade: String) -> String? {
        var directories = path.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard !directories.contains(masquerade), let place = directories.firstIndex(where: isOfDistcc) else {
            return nil
        }
        directories.insert(masquerade, at: place)
        return directories.joined(separator: ":")
    }

    /// Portage's names for it: …/usr/LIBDIR/distcc/bin, or …/usr/LIBDIR/distcc.
    private static func isOfDistcc(_ directory: String) -> Bool {
        let parts = directory.split(separator: "/")
        return parts.last == "distcc" || parts.suffix(2).elementsEqual(["distcc", "bin"])
    }
}
