import ArgumentParser
import CommandSupport
import ReleaseEbuilds

/// An ebuild from a hosted project.
struct FastrelGithub: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "github",
        abstract: "Make the ebuild of a release or tag of a GitHub project.",
        discussion: """
            Without a tag the highest version is taken that is neither a draft nor a pre-release. Exit codes: 0 done; \
            1 there is no such release, or no ebuild can be made from it; 75 the API is away; 2 anything else.
            """)

    @Argument(help: "OWNER/REPO or OWNER/REPO@TAG.")
    var project: String

    @Option(help: "The ebuild's category.")
    var category: String

    @OptionGroup var options: ReleaseOptions

    @Option(help: "The release API.")
    var apiURL = "https://api.github.com"

    func run(_ context: Context) async throws {
        try await options.run(context) { (release) throws(ReleaseError) in
            try await release.hosted(
                project, category: category, api: apiURL, environment: context.environment)
        }
    }
}
