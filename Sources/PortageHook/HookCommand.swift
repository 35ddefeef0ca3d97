import Glibc
import Posix
import SuiteVersion

/// The commands of `portage-hook`.
public enum HookCommand {
    /// Runs a command and returns the exit code: 0 for all that phases and Portage call, whatever happens.
    ///
    /// - Parameter arguments: without argv[0].
    public static func run(_ arguments: [String]) -> Int32 {
        run(arguments, in: .process)
    }

    /// How long a phase may wait for a command that starts no other program, in seconds.
    private static let limit = 10

    static func run(_ arguments: [String], in context: HookContext) -> Int32 {
        let rest = arguments.dropFirst()
        if ["setup", "forget", "unpack", "compile", "install"].contains(arguments.first) { context.limitTime(limit) }
        switch arguments.first {
        case "setup":
            if let request = PhaseRequest(rest) { SetupPhase(request: request, context: context).run() }
        case "forget":
            if let request = PhaseRequest(rest) { SetupPhase(request: request, context: context).forget() }
        case "unpack":
            if let request = PhaseRequest(rest) { UnpackPhase(request: request, context: context).run() }
        case "compile":
            if let request = PhaseRequest(rest) { CompilePhase(request: request, context: context).run() }
        case "install":
            if let request = PhaseRequest(rest) { InstallPhase(request: request, context: context).run() }
        case "postsync":
            if let request = PhaseRequest(rest) { Postsync.run(request, context: context) }
        case "enable", "disable", "status":
            return ManagementCommand(arguments, context: context).run()
        case "--help", "-h", "help":
            context.output(usage)
        case "--version":
            context.output("portage-hook \(SuiteVersion.text)\n")
        default:
            context.say(arguments.isEmpty ? usage : "portage-hook: unknown command; see portage-hook --help")
            return 2
        }
        return 0
    }

    static let usage = """
        usage: portage-hook enable|disable [--eprefix PATH]
               portage-hook status [--json] [--eprefix PATH]
               portage-hook --version
        Adds Portmanteau's line to etc/portage/bashrc, removes it, or tells what the hooks find.
        The commands setup, unpack, compile, install and postsync are called by Portage.

        """
}
