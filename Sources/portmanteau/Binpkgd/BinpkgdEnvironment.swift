import ArgumentParser
import BinpkgService
import BuildEnvironments
import CommandSupport
import Posix

/// `binpkgd environment`: what packages are built in. Works on the state directory, also while the service runs.
struct BinpkgdEnvironment: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "environment",
        abstract: "Shows, makes and removes what packages are built in.",
        subcommands: [List.self, Create.self, Enter.self, Remove.self, Import.self, Collect.self],
        defaultSubcommand: List.self)

    /// `binpkgd environment create`.
    struct Create: ToolCommand {
        static let configuration = CommandConfiguration(
            commandName: "create", abstract: "Makes an environment ahead of the builds that need it.",
            discussion: "The packages are installed over the root of a configured environment, by its own Portage.")

        @OptionGroup var options: ServiceOptions

        @Argument(help: ArgumentHelp("The name of an environment in the configuration.", valueName: "name"))
        var name: String

        @Argument(help: ArgumentHelp("What to install.", valueName: "atom"))
        var atoms: [String]

        func run(_ context: Context) async throws {
            let builder = try options.builder(context)
            let layer = try await options.refusing {
                try await builder.createEnvironment(name, atoms: atoms) {
                    context.errors(String(decoding: $0, as: UTF8.self))
                }
            }
            await builder.close()
            context.output("\(layer.id)\n")
        }
    }

    /// `binpkgd environment enter`.
    struct Enter: ToolCommand {
        static let configuration = CommandConfiguration(
            commandName: "enter", abstract: "Runs a command in a throw-away environment over a kept one.")

        @OptionGroup var options: ServiceOptions

        @Flag(help: "Print how many seconds it took, from laying out to the end, as the last line.")
        var time = false

        @Argument(help: ArgumentHelp("The identity of a kept environment, or the beginning of it.", valueName: "id"))
        var id: String

        @Argument(parsing: .captureForPassthrough, help: ArgumentHelp("The command.", valueName: "command"))
        var command: [String]

        func run(_ context: Context) async throws {
            let layer = try options.layer(id, context)
            let builder = try options.builder(context)
            let (code, seconds) = try await options.refusing {
                try await builder.enter(layer.id, command: command.isEmpty ? ["true"] : command) {
                    context.output(String(decoding: $0, as: UTF8.self))
                }
            }
            await builder.close()
            if time { context.output("\(seconds)\n") }
            if code != 0 { throw ExitCode(code) }
        }
    }

    /// `binpkgd environment remove`.
    struct Remove: ToolCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove", abstract: "Removes a kept environment that no build uses.")

        @OptionGroup var options: ServiceOptions

        @Argument(help: ArgumentHelp("Its identity, or the beginning of it.", valueName: "id"))
        var id: String

        func run(_ context: Context) async throws {
            let store = try options.store(context)
            let layer = try options.layer(id, context)
            guard try store.remove(layer.id) else {
                throw CommandError(
                    "\(layer.id.prefix(12)) is in use, or another environment stands on it", exitStatus: .temporary)
            }
            context.output("removed \(layer.id)\n")
        }
    }

    /// `binpkgd environment import`.
    struct Import: ToolCommand {
        static let configuration = CommandConfiguration(
            commandName: "import", abstract: "Unpacks an archive of a root now, not at its first build.",
            discussion: "Prints the table for binpkgd.toml that uses it.")

        @OptionGroup var options: ServiceOptions

        @Argument(
            help: ArgumentHelp("A stage3, or another archive of a root with Portage in it.", valueName: "archive"))
        var archive: String

        @Option(help: "The name of the environment.")
        var name = "stage3"

        func run(_ context: Context) async throws {
            guard archive.hasPrefix("/") else { throw CommandError("the archive must be an absolute path") }
            let builder = try options.builder(context)
            let directory = try await options.refusing { try await builder.importRoot(archive) }
            context.errors("unpacked to \(directory)\n")
            context.output(
                "[[environment]]\nname = \"\(name)\"\nsource = \"stage3\"\ntarball = \"\(archive.printable)\"\n")
        }
    }

    /// `binpkgd environment gc`.
    struct Collect: ToolCommand {
        static let configuration = CommandConfiguration(
            commandName: "gc", abstract: "Removes what no build will use again.",
            discussion: "Unpacked roots that nothing names any more go only while no service runs.")

        @OptionGroup var options: ServiceOptions

        func run(_ context: Context) async throws {
            let builder = try options.builder(context)
            let state = try options.settings(context).stateDirectory
            let isAlone = !FileLock.isHeld(state + "/lock")
            let lines = try await options.refusing { try await builder.collectGarbage(isAlone: isAlone) }
            await builder.close()
            context.output(lines.isEmpty ? "nothing to remove\n" : lines.map { $0 + "\n" }.joined())
        }
    }
}

extension ServiceOptions {
    /// The layers of the state directory.
    func store(_ context: Context) throws -> LayerStore {
        LayerStore(stateDirectory: try settings(context).stateDirectory)
    }

    /// The kept environment whose identity begins so.
    func layer(_ id: String, _ context: Context) throws -> Layer {
        let found = try store(context).layers().filter { $0.id.hasPrefix(id) }
        guard found.count == 1, let layer = found.first, id.utf8.count >= 4 else {
            throw CommandError(
                "\(found.isEmpty ? "no environment begins" : "more than one environment could be meant") with "
                    + "'\(id.printable)'", hint: "see binpkgd environment list", exitStatus: .negative)
        }
        return layer
    }

    /// The builder, as the service has it.
    func builder(_ context: Context) throws -> LocalBuilder {
        let settings = try settings(context)
        return LocalBuilder(host: settings.buildHost, environments: settings.environments)
    }

    /// Runs something of the builder; its errors become errors of the command.
    func refusing<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as BuildError {
            throw CommandError("binpkgd: \(error)")
        }
    }
}
