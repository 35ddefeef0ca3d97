import ArgumentParser
import CommandSupport
import Posix

/// Shows the graph of an emerge that runs in another terminal.
struct DepgraphWatch: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Show the graph of the running emerge, live.",
        discussion: """
            Of several emerges the newest that merges is shown; when it ends, the next one is waited for. Ends with q or Ctrl-C. \
            With --once, exit code 1: no emerge runs, or it has not begun to merge.
            """)

    @Flag(help: "Print one picture and end.")
    var once = false

    @Option(help: ArgumentHelp("The process id of the emerge to show.", valueName: "number"))
    var pid: Int32?

    func run(_ context: Context) async throws {
        let size = context.terminalSize
        if !once, size == nil || context.environment["TERM"] ?? "dumb" == "dumb" {
            throw CommandError("standard output is no terminal that can be drawn on", hint: "--once prints one picture")
        }
        let viewer = WatchLoop(context, pid: pid, paths: try MachinePaths.find(context))
        if once {
            let lines = try viewer.once(columns: size?.columns ?? 80, rows: max(2, (size?.rows ?? 24) - 1))
            context.output(lines.map { $0 + "\n" }.joined())
        } else {
            try viewer.run()
        }
    }
}
