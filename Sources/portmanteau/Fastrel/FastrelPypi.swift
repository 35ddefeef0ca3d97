import ArgumentParser
import CommandSupport
import PythonBridge
import ReleaseEbuilds

/// An ebuild from the Python index.
struct FastrelPypi: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "pypi",
        abstract: "Make the ebuild of a project of the Python index.",
        discussion: """
            The index is the one that pip is configured with. Exit codes: 0 done; 1 there is no such release, or no \
            ebuild can be made from it; 75 the index is away; 2 anything else.
            """)

    @Argument(help: "A project, also with a version and extras: NAME, NAME==VERSION, NAME[EXTRA].")
    var project: String

    @OptionGroup var options: ReleaseOptions

    @Flag(help: "Also make what it needs and no package of the tree satisfies.")
    var closure = false

    @Option(help: "Another index than pip's.")
    var indexURL: String?

    func run(_ context: Context) async throws {
        try await options.run(context) { (release) throws(ReleaseError) in
            var index = indexURL
            if index == nil {
                let own = try? await Interpreter.choose(environment: context.environment)
                let others = (context.environment["PATH"] ?? "").split(separator: ":").map { String($0) + "/python3" }
                index = try await FastRelease.pipIndex(
                    environment: context.environment, pythons: [own].compactMap { $0 } + others)
            }
            return try await release.python(project, index: index ?? "", closure: closure)
        }
    }
}
