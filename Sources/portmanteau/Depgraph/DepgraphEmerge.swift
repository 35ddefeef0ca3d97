import ArgumentParser
import CommandSupport
import EmergeSession
import Glibc
import PortageHook
import Posix

/// Runs emerge with the graph below its output.
struct DepgraphEmerge: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "emerge",
        abstract: "Run emerge, with the graph of what it does below its output.",
        usage: "depgraph emerge <arguments of emerge>",
        discussion: """
            emerge runs as ever: its questions are answered, Ctrl-C and Ctrl-Z do what they do, its lines go to the \
            scrollback, and its exit code is returned. The picture comes when the first package begins. Where standard \
            output is no terminal, emerge runs alone.

            With FEATURES=observability, emerge itself tells which phase runs; otherwise its log and its resume list \
            are followed.
            """)

    @Argument(parsing: .captureForPassthrough, help: "What emerge is given.")
    var arguments: [String] = []

    func run(_ context: Context) async throws {
        guard let emerge = ProcessReplacement.find("emerge", path: context.environment["PATH"] ?? "") else {
            throw CommandError("there is no emerge in PATH")
        }
        let environment = context.environment.map { "\($0.key)=\($0.value)" }
        let command = ["emerge"] + arguments
        guard let size = context.terminalSize, context.environment["TERM"] ?? "dumb" != "dumb",
            TerminalMode.isForeground(1)
        else {
            throw ProcessReplacement.replace(emerge, arguments: command, environment: environment)
        }
        let panel = EmergePanel(context, arguments: arguments)
        let session = try PanelSession(emerge, arguments: command, environment: environment, size: size, content: panel)
        let outcome = try session.run { panel, outcome, size in
            panel.end(outcome, columns: size.columns, rows: max(0, size.rows / 2))
        }
        switch outcome {
        case .exited(0): return
        case .exited(let code): throw ExitCode(code)
        case .signalled(let signal): throw ExitCode(128 + signal)
        case .timedOut: throw ExitCode(1)
        }
    }
}

/// The panel of an emerge that this process runs.
struct EmergePanel: PanelContent {
    private let environment: [String: String]
    private var picture: LivePicture
    private var question: BackgroundChild?
    private var paths: MachinePaths?
    private var emerge: RunningEmerge?
    private var follower: EmergeFollower?

    init(_ context: Context, arguments: [String]) {
        environment = context.environment.merging(Self.variables(of: arguments)) { _, new in new }
        picture = LivePicture(context)
        question = try? OwnProgram.start(MachinePaths.question, environment: environment)
    }

    var descriptors: [Int32] { [question?.descriptor].compactMap(\.self) + (follower?.descriptors ?? []) }

    var hasNews: Bool { follower?.hasNews ?? false }

    mutating func programStarted(pid: Int32) {
        emerge = RunningEmerge(pid: pid)
        begin()
    }

    mutating func ready(_ descriptor: Int32) {
        guard let question, descriptor == question.descriptor else {
            follower?.ready(descriptor)
            return
        }
        question.read()
        guard question.descriptor == nil else { return }
        paths = MachinePaths(answer: question.output)
        self.question = nil
        begin()
    }

    mutating func lines(columns: Int, rows: Int) -> [String] {
        follower?.look()
        follower?.seen()
        guard let follower else { return [] }
        return picture.lines(follower, columns: columns, rows: rows)
    }

    /// The lines that stay.
    mutating func end(_ outcome: ChildProcess.Outcome, columns: Int, rows: Int) -> [String] {
        if let paths, let emerge { LiveView.end(prefix: paths.prefix, pid: emerge.pid, started: emerge.ticks) }
        follower?.end(succeeded: outcome == .exited(0))
        guard let follower, !follower.state.packages.isEmpty else { return [] }
        return picture.lastLines(follower, columns: columns, rows: rows)
    }

    /// Follows when both the machine and the emerge are known.
    private mutating func begin() {
        guard let paths, let emerge, follower == nil else { return }
        LiveView.begin(prefix: paths.prefix, pid: emerge.pid, started: emerge.ticks)
        follower = EmergeFollower(emerge, paths: paths, environment: environment)
    }

    /// What arguments of emerge say of the machine that it works on.
    static func variables(of arguments: [String]) -> [String: String] {
        let names = ["--root": "ROOT", "--config-root": "PORTAGE_CONFIGROOT", "--sysroot": "SYSROOT"]
        var result: [String: String] = [:]
        for (index, word) in arguments.enumerated() {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = names[String(parts[0])] else { continue }
            if parts.count == 2 {
                result[name] = String(parts[1])
            } else if index + 1 < arguments.count {
                result[name] = arguments[index + 1]
            }
        }
        return result
    }
}
