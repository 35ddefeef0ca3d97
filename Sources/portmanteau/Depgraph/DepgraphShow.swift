import ArgumentParser
import CommandSupport
import DependencyGraph
import GraphDrawing
import PortageAPI
import Posix
import TerminalDrawing

/// Prints the graph of a merge list, or of what emerge would merge.
struct DepgraphShow: ToolCommand {
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, dot, json, svg
    }

    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Print the graph of the running emerge, of a merge list, or of what emerge would merge.",
        discussion: """
            The picture has what emerge works on in the middle, what that needs above and what waits for it below. dot \
            and json have the whole graph, svg as much as the size has room for. Nothing is changed.

            --pretend takes all the rest of the line: depgraph show --format svg --pretend -uD @world

            An interrupted emerge has left its list in /var/cache/edb/mtimedb, for --mtimedb.

            Exit code 1: no emerge runs, it has not begun to merge, there is no merge list, or the package is not in \
            it.
            """)

    @Option(help: "text, dot, json or svg.")
    var format: Format = .text

    @Flag(help: "The same as --format json.")
    var json = false

    @Option(help: ArgumentHelp("The merge list in this file, instead of the running emerge.", valueName: "file"))
    var mtimedb: String?

    @Option(
        name: [.customLong("focus"), .customLong("package")],
        help: ArgumentHelp(
            "The package in the middle, as CATEGORY/NAME-VERSION, NAME or an atom; by default what runs, of a file the "
                + "next to be merged, with --pretend the last.", valueName: "atom"))
    var focus: String?

    @Option(help: "The largest size, WIDTHxHEIGHT; by default the terminal's, or 80x24; of an svg 200x100.")
    var size: String?

    @Option(
        parsing: .remaining,
        help: ArgumentHelp(
            "Show what emerge would merge with these arguments, as emerge --pretend finds it.",
            valueName: "emerge-arguments"))
    var pretend: [String] = []

    func validate() throws {
        if mtimedb != nil, !pretend.isEmpty {
            throw ValidationError("--mtimedb and --pretend exclude each other")
        }
        _ = try pictureSize(columns: nil, rows: nil)
    }

    func run(_ context: Context) async throws {
        let shown = try await shownGraph(context)
        guard !shown.graph.nodes.isEmpty else { throw nothingToShow }
        let current = try currentPackages(shown)
        switch json ? .json : format {
        case .json: context.output(try JSONText.pretty(DependencyReport(shown.graph)))
        case .dot: context.output(dotText(shown.graph, current: current))
        case .svg: context.output(frame(shown, current, try pictureSize(columns: 200, rows: 100), .unicode).svg())
        case .text:
            let terminal = context.terminalSize
            let glyphs: GlyphSet = context.usesUnicode ? .unicode : .ascii
            var limits = try pictureSize(columns: terminal?.columns, rows: terminal.map { max(4, $0.rows - 1) })
            // A legend is worth a line where there are enough of them.
            let hasLegend = limits.height >= 8
            if hasLegend { limits.height -= 1 }
            let frame = frame(shown, current, limits, glyphs)
            let rows = context.usesColour ? frame.coloured() : frame.lines
            let legend = hasLegend ? frame.legend(of: shown.graph, glyphs: glyphs, width: limits.width) : nil
            context.output((rows + [legend].compactMap(\.self)).map { $0 + "\n" }.joined())
        }
    }

    private func shownGraph(_ context: Context) async throws -> ShownGraph {
        if !pretend.isEmpty { return try await .planned(context, arguments: pretend) }
        if let mtimedb { return try await .listed(context, mtimedb: mtimedb) }
        return try .running(context)
    }

    private var nothingToShow: CommandError {
        if let mtimedb {
            return CommandError("there is no merge list in \(mtimedb.printable)", exitStatus: .negative)
        }
        return CommandError("emerge would merge nothing", exitStatus: .negative)
    }

    private func frame(
        _ shown: ShownGraph, _ current: [Int], _ size: PictureSize, _ glyphs: GlyphSet
    ) -> Frame {
        drawFrame(
            FrameRequest(graph: shown.graph, current: current, size: size, glyphs: glyphs, progress: shown.progress))
    }

    /// What stands in the middle: what was asked for, else what the graph is about.
    private func currentPackages(_ shown: ShownGraph) throws -> [Int] {
        guard let focus else { return shown.current }
        let found = shown.graph.indices(matching: focus)
        guard !found.isEmpty else {
            throw CommandError(
                "\(focus.printable) is not in the \(pretend.isEmpty ? "merge list" : "plan")", exitStatus: .negative)
        }
        return found
    }

    /// What --size says, else the size given, else 80x24.
    private func pictureSize(columns: Int?, rows: Int?) throws -> PictureSize {
        guard let size else { return PictureSize(width: columns ?? 80, height: rows ?? 24) }
        let parts = size.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let width = parts[0], let height = parts[1], (1...10_000).contains(width),
            (1...10_000).contains(height)
        else {
            throw ValidationError("--size takes two numbers, WIDTHxHEIGHT")
        }
        return PictureSize(width: width, height: height)
    }
}
