import ArgumentParser
import CommandSupport
import DependencyGraph
import GraphDrawing
import PortageAPI
import Posix
import TerminalDrawing

/// Prints the graph of the merge list.
struct DepgraphShow: ToolCommand {
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json
    }

    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Print the graph of the running, or the interrupted, emerge.",
        discussion: """
            The picture has one package in the middle, what it needs above and what waits for it below. The JSON is the \
            whole graph. Exit code 1: there is no merge list.
            """)

    @Option(help: "text or json.")
    var format: Format = .text

    @Flag(help: "The same as --format json.")
    var json = false

    @Option(help: ArgumentHelp("Another merge list than that of this machine.", valueName: "file"))
    var mtimedb: String?

    @Option(
        name: .customLong("package"),
        help: ArgumentHelp("The package in the middle; by default the first of the list.", valueName: "cpv"))
    var cpv: String?

    @Option(help: "The largest size, WIDTHxHEIGHT; by default the terminal's, or 80x24.")
    var size: String?

    func run(_ context: Context) async throws {
        let limits = try pictureSize(context)
        let report = try await withPortage(context) { try await $0.dependencyGraph(mtimedb: mtimedb) }
        if json || format == .json {
            context.output(try JSONText.pretty(report))
            return
        }
        let graph = PackageGraph(report)
        guard !graph.nodes.isEmpty else { throw CommandError("there is no merge list", exitStatus: .negative) }
        let wanted = graph.nodes.firstIndex { cpv == nil || $0.cpv == cpv }
        guard let current = wanted else {
            throw CommandError("\(cpv ?? "") is not in the merge list", exitStatus: .negative)
        }
        let lines = drawGraph(
            graph, current: [current], size: limits, style: context.usesUnicode ? .unicode : .ascii)
        context.output(lines.map { $0 + "\n" }.joined())
    }

    private func pictureSize(_ context: Context) throws -> PictureSize {
        guard let size else {
            return PictureSize(
                width: context.terminalSize?.columns ?? 80, height: max(4, (context.terminalSize?.rows ?? 24) - 1))
        }
        let parts = size.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let width = parts[0], let height = parts[1], width > 0, height > 0 else {
            throw ValidationError("--size takes two numbers, WIDTHxHEIGHT")
        }
        return PictureSize(width: width, height: height)
    }
}
