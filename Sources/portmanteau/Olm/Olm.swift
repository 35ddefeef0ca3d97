import ArgumentParser
import SuiteVersion

/// Single packages out of overlays.
struct Olm: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "olm",
        abstract: "Take single packages out of overlays, with just what they need.",
        discussion: """
            The list of wanted packages is /etc/overlayman/packages, the overlays are in \
            /etc/overlayman/overlays.conf. What Portage sees is a slice of each overlay, below \
            /var/lib/portmanteau/slices.
            """,
        version: "olm \(SuiteVersion.text)",
        subcommands: [
            OlmSync.self, OlmAdd.self, OlmRemove.self, OlmList.self, OlmWhy.self, OlmRollback.self,
            OlmDisable.self,
        ],
        aliases: ["overlayman"])
}
