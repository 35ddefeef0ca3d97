import ArgumentParser
import Glibc
import Testbed

@main
struct TestbedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "testbed",
        abstract: "Throw-away Gentoo machines with the real Portage.",
        discussion: """
            Machines live in .testbed of the checkout, or in the folder that PORTMANTEAU_TESTBED names. Every machine \
            has the same EPREFIX, FOLDER/prefix; it is bound there while a command runs.
            """,
        subcommands: [Setup.self, Make.self, Run.self, Shell.self, List.self, Remove.self, Clean.self, Demo.self])
}

extension TestbedCommand {
    struct Setup: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make the template that machines are copied from, if it is not there.")

        func run() async throws {
            let testbed = try await Testbed.shared()
            print(testbed.root)
        }
    }

    struct Make: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "machine", abstract: "Make a machine, and throw away what has its name.")
        @Argument(help: "The machine's name.") var name: String
        @Flag(help: "Leave a machine as it is when it is there.") var keep = false

        func run() async throws {
            let machine = try await Testbed.shared().machine(name, fresh: !keep)
            print(machine.folder)
        }
    }

    struct Run: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Run a command on a machine, which is made if it is not there.",
            usage: "testbed run <name> [--set <NAME=VALUE> ...] -- <command> ...")
        @Argument(help: "The machine's name.") var name: String
        @Option(name: .customLong("set"), help: "A variable for the command's environment, NAME=VALUE.")
        var variables: [String] = []
        @Argument(parsing: .postTerminator, help: "The command and its arguments.") var command: [String]

        func run() async throws {
            guard !command.isEmpty else { throw ValidationError("There is no command after '--'.") }
            var environment: [String: String] = [:]
            for variable in variables {
                let parts = variable.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard parts.count == 2, !parts[0].isEmpty else {
                    throw ValidationError("'\(variable)' is not NAME=VALUE.")
                }
                environment[String(parts[0])] = String(parts[1])
            }
            let machine = try await Testbed.shared().machine(name, fresh: false)
            throw replaceProcess(by: machine.invocation(command, environment: environment))
        }
    }

    struct Shell: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Open a shell on a machine.")
        @Argument(help: "The machine's name.") var name: String

        func run() async throws {
            let machine = try await Testbed.shared().machine(name, fresh: false)
            let terminal = getenv("TERM").map { String(cString: $0) } ?? "dumb"
            let environment = ["TERM": terminal, "PS1": "\(name) \\w # "]
            throw replaceProcess(by: machine.invocation(["bash", "--norc"], environment: environment))
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the machines.")

        func run() async throws {
            for name in try Testbed().machineNames() { print(name) }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End what runs on a machine and remove it.")
        @Argument(help: "The machine's name.") var name: String

        func run() async throws {
            try await Testbed().existingMachine(name).remove()
        }
    }

    struct Clean: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove all machines and the template.")

        func run() async throws {
            try await Testbed().clean()
        }
    }
}

/// Replaces this program by another; returns only when that fails.
func replaceProcess(
    by invocation: (path: String, arguments: [String], environment: [String: String])
) -> any Error {
    func pointers(_ strings: [String]) -> [UnsafeMutablePointer<CChar>?] { strings.map { strdup($0) } + [nil] }
    let arguments = pointers([invocation.path] + invocation.arguments)
    let environment = pointers(invocation.environment.map { "\($0)=\($1)" })
    execve(invocation.path, arguments, environment)
    return TestbedError.command(invocation.path, reason: String(cString: strerror(errno)))
}
