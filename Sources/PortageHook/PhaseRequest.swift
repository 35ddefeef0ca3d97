import AgentProtocol
import Posix

/// What a phase asks of `portage-hook`: its variables, and what follows from them.
struct PhaseRequest {
    let setup: SetupRequest
    let layout: InstallLayout
    let configuration: HooksConfiguration
    /// What is wrong with the configuration, one line each.
    let messages: [String]

    /// Reads the arguments `KEY=VALUE`; nil when the prefix is not a path.
    init?(_ arguments: some Sequence<String>) {
        setup = SetupRequest(arguments: arguments)
        guard let layout = InstallLayout(prefix: setup.fields["PREFIX"] ?? setup["EPREFIX"]) else { return nil }
        self.layout = layout
        var configuration = HooksConfiguration()
        var messages: [String] = []
        if let text = try? Files.readText(layout.configuration, limit: 1 << 20) {
            messages += configuration.read(text, source: layout.configuration)
        }
        // In a binary merge these are the values of the machine that built the package.
        if setup["EMERGE_FROM"] == "ebuild" {
            for name in HooksConfiguration.names {
                guard let value = setup.fields[name] else { continue }
                if let problem = configuration.set(name, value) { messages.append("\(problem) (ignored)") }
            }
        }
        self.configuration = configuration
        self.messages = messages
    }

    /// `CATEGORY/PF`, for a line that people read.
    var name: String { setup.cpv.printable }

    /// PORTAGE_TMPDIR without a slash at its end.
    var temporaryDirectory: String {
        var path = setup["PORTAGE_TMPDIR"][...]
        while path.count > 1, path.last == "/" { path.removeLast() }
        return String(path)
    }

    /// The staging directory of the package; nil when its name could lead elsewhere.
    var staging: StagingDirectory? {
        StagingDirectory(temporaryDirectory: temporaryDirectory, category: setup["CATEGORY"], pf: setup["PF"])
    }

    /// What is wrong with the staging directory; nil when nothing is.
    func problem(with staging: StagingDirectory) -> String? {
        StagingTrust.problem(with: staging.path, below: temporaryDirectory, owner: StagingTrust.owner(of: layout))
    }

    /// Whether this is a source build that could be spared.
    var isSourceBuild: Bool { setup["EMERGE_FROM"] == "ebuild" && setup["MERGE_TYPE"] == "source" }
}
