import ArgumentParser
import CommandSupport
import PortageAPI

/// One question to Portage through the embedded interpreter, as JSON: for tests, and for looking into problems.
struct PortageCall: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "portage-call",
        abstract: "Ask Portage one question, in JSON.",
        shouldDisplay: false)

    @Argument(help: "The function's name, e.g. settings.")
    var function: String

    @Argument(help: "Its argument, a JSON value.")
    var json: String = "{}"

    func run(_ context: Context) async throws {
        let answer = try await withPortage(context) { try await $0.raw(function, json: json) }
        context.output(answer + "\n")
    }
}
