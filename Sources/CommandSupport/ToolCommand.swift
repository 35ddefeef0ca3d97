public import ArgumentParser
import Glibc

/// A command of one of the tools. Its `run(_:)` is given the world; only the process's own entry makes a real one.
public protocol ToolCommand: AsyncParsableCommand {
    /// Does the work.
    func run(_ context: Context) async throws
}

extension ToolCommand {
    /// Runs in the world of this process.
    public func run() async throws { try await run(.process) }
}

/// The multi-call program: the name it was called by, or else its first argument, picks the tool.
public struct MultiCall: Sendable {
    private let tools: [any AsyncParsableCommand.Type]
    private let version: String

    /// A program of these tools.
    public init(_ tools: [any AsyncParsableCommand.Type], version: String) {
        self.tools = tools
        self.version = version
    }

    /// Runs the tool that the arguments name (argv[0] included) and returns the process's exit code.
    public func run(_ arguments: [String]) async -> Int32 {
        let name = arguments.first.map(Self.baseName) ?? ""
        if let tool = tool(named: name) { return await run(tool, Array(arguments.dropFirst())) }
        guard arguments.count > 1, let tool = tool(named: arguments[1]) else {
            let asked = arguments.dropFirst().first
            let isHelp = asked == nil || asked == "--help" || asked == "-h" || asked == "help"
            if asked == "--version" {
                Context.process.output("portmanteau \(version)\n")
                return ExitStatus.done.rawValue
            }
            (isHelp ? Context.process.output : Context.process.errors)(overview)
            return (isHelp ? ExitStatus.done : .error).rawValue
        }
        return await run(tool, Array(arguments.dropFirst(2)))
    }

    private func tool(named name: String) -> (any AsyncParsableCommand.Type)? {
        tools.first { $0.configuration.commandName == name || $0.configuration.aliases.contains(name) }
    }

    private var overview: String {
        let rows = tools.filter { $0.configuration.shouldDisplay }.map { tool in
            let name = tool.configuration.commandName ?? ""
            return "  \(name)\(String(repeating: " ", count: max(1, 12 - name.count)))\(tool.configuration.abstract)\n"
        }
        return "usage: portmanteau TOOL ARGUMENTS…\n\nTools (each is also a program of its own name):\n" + rows.joined()
    }

    private func run(_ tool: any AsyncParsableCommand.Type, _ arguments: [String]) async -> Int32 {
        do {
            var command = try tool.parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            return ExitStatus.done.rawValue
        } catch {
            return report(error, of: tool)
        }
    }

    /// Prints an error in one line; help and version are none, and wrong words get the usage too.
    private func report(_ error: any Error, of tool: any AsyncParsableCommand.Type) -> Int32 {
        let name = tool.configuration.commandName ?? "portmanteau"
        if let code = error as? ExitCode { return code.rawValue }
        if let facing = error as? any UserFacingError {
            Context.process.errors("\(name): \(facing.message)\n")
            if let hint = facing.hint { Context.process.errors("\(name): \(hint)\n") }
            return facing.exitStatus.rawValue
        }
        let code = tool.exitCode(for: error)
        if code == .failure {
            Context.process.errors("\(name): \(error)\n")
        } else {
            (code.isSuccess ? Context.process.output : Context.process.errors)(tool.fullMessage(for: error) + "\n")
        }
        return (code.isSuccess ? ExitStatus.done : .error).rawValue
    }

    private static func baseName(_ path: String) -> String {
        String(path.split(separator: "/").last ?? "")
    }
}
