import ArgumentParser
import BinpkgClient
import BinpkgModel
import CommandSupport
import FoundationEssentials
import PortageAPI
import Posix

/// Asks the service for a package.
struct BinpkgRequest: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "request",
        abstract: "Ask the service for the package that emerge would take for an atom.",
        discussion: """
            The package is asked for as this machine would build it: with its USE flags, compiler flags and patches. \
            When it is ready, it is fetched and verified, and its path printed. Exit codes: 0 ready, or accepted \
            without --wait; 1 the service does not provide it; 75 the service is away; 2 anything else.
            """)

    @Argument(help: "An atom such as app-misc/hello or =app-misc/hello-1.0.")
    var atom: String

    @Flag(help: "Wait until it is built.")
    var wait = false

    @Flag(help: "Wait, and show the log of the build on standard error.")
    var log = false

    @Flag(help: "Only look it up; nothing is built.")
    var lookup = false

    @Flag(
        help: "Send nothing; print every byte that would leave this machine, the files that may be asked for included.")
    var showRequest = false

    @Flag(help: "Print the outcome as JSON.")
    var json = false

    @OptionGroup var options: ChoiceOfService

    func run(_ context: Context) async throws {
        let portage = try await childPortage(context)
        let choice = try options.choose(from: try await portage.settings(ChoiceOfService.names), context)
        let requester = PackageRequester(
            portage: portage, prefix: choice.prefix, service: choice.service, accuracy: choice.accuracy)
        if showRequest { return try await showSentBytes(requester, choice, context) }
        let shown = ShownState(context, isQuiet: json)
        var wish = PackageRequester.Wish(build: !lookup, wait: wait || log)
        if log { wish.log = { line in context.errors(line.printable + "\n") } }
        let outcome: PackageRequester.Outcome
        do throws(StageFailure) {
            outcome = try await requester.request(atom, wish) { shown.show($0) }
        } catch {
            throw CommandError(error.reason, exitStatus: error.exitStatus)
        }
        if json {
            context.output(try Self.encode(outcome) + "\n")
        } else {
            Self.text(outcome).forEach { context.output($0 + "\n") }
        }
        let isAccepted = outcome.path != nil || !outcome.answer.state.isFinal
        if !isAccepted { throw ExitCode(ExitStatus.negative.rawValue) }
    }

    private static func text(_ outcome: PackageRequester.Outcome) -> [String] {
        let answer = outcome.answer
        var line = "\(outcome.cpv): \(answer.state.rawValue)"
        if let accuracy = answer.accuracy { line += ", \(accuracy.rawValue)" }
        if let seconds = answer.buildSeconds { line += ", built in \(duration(seconds))" }
        if let message = answer.message { line += ": \(message.printable)" }
        var lines = [line] + answer.differences.map { "  differs: \($0.printable)" }
        if let nearest = answer.nearest {
            lines.append("  the nearest that is there\(nearest.accuracy.map { ", \($0.rawValue)" } ?? ""):")
            lines += nearest.differences.map { "    \($0.printable)" }
        }
        return lines + (outcome.path.map { [$0] } ?? [])
    }

    private struct Shape: Encodable {
        let cpv: String
        let id: String
        let state: RequestState
        let accuracy: Accuracy?
        let differences: [String]
        let nearest: NearestPackage?
        let estimateSeconds: Double?
        let buildSeconds: Double?
        let message: String?
        let path: String?
    }

    private static func encode(_ outcome: PackageRequester.Outcome) throws -> String {
        let answer = outcome.answer
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let data = try encoder.encode(
            Shape(
                cpv: outcome.cpv, id: answer.id, state: answer.state, accuracy: answer.accuracy,
                differences: answer.differences, nearest: answer.nearest, estimateSeconds: answer.estimateSeconds,
                buildSeconds: answer.buildSeconds, message: answer.message, path: outcome.path))
        return String(decoding: data, as: UTF8.self)
    }
}

extension StageFailure {
    /// The exit code that says the same.
    var exitStatus: ExitStatus {
        switch self {
        case .negative: .negative
        case .temporary: .temporary
        case .broken, .misbehaving: .error
        }
    }
}
