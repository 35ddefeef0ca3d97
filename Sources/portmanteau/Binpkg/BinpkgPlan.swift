import ArgumentParser
import BinpkgClient
import CommandSupport
import PortageAPI
import Posix

/// Shows what an emerge would take from the service.
struct BinpkgPlan: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show what the service has, or would build, of what emerge would merge.",
        discussion: """
            Takes the arguments of emerge: options, atoms and sets. Portage resolves them as if every package were \
            there as a binary, so that nothing is needed for building. Nothing is built and nothing is changed. Exit \
            codes: 0 the service can provide all that needs a compiler; 1 it cannot, or emerge finds no way; 75 the \
            service is away; 2 anything else.
            """)

    @OptionGroup var options: ChoiceOfService

    @Flag(help: "Everything must be a binary package, as with BINPKG_POLICY=require.")
    var require = false

    @Flag(help: "Print the plan as JSON.")
    var json = false

    @Argument(parsing: .allUnrecognized, help: "The arguments of emerge.")
    var arguments: [String] = []

    func run(_ context: Context) async throws {
        let portage = try await childPortage(context)
        let choice = try options.choose(from: try await portage.settings(ChoiceOfService.names), context)
        let maker = choice.maker(portage)
        let plan = try await facing {
            try await maker.plan(arguments, isRequired: require || choice.isRequired).plan
        }
        if json {
            context.output(try PlanText.json(plan))
        } else {
            if !plan.messages.isEmpty { context.errors(DisplayLines.printable(plan.messages)) }
            PlanText.lines(of: plan).forEach { context.output($0 + "\n") }
        }
        if plan.count(.cannot) > 0 { throw ExitCode(ExitStatus.negative.rawValue) }
    }
}

/// Runs something of the client, with its failures as errors that a person reads.
func facing<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
    do {
        return try await body()
    } catch let error as StageFailure {
        throw CommandError(DisplayLines.printable(error.reason), exitStatus: error.exitStatus)
    }
}

/// Text of several lines, safe for a terminal.
enum DisplayLines {
    /// Each line without control characters.
    static func printable(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { String($0).printable }
            .joined(separator: "\n")
    }
}
