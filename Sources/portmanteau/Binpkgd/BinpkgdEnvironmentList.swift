import ArgumentParser
import BinpkgService
import CommandSupport
import FoundationEssentials

extension BinpkgdEnvironment {
    /// `binpkgd environment list`.
    struct List: ToolCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Shows the configured roots, and the environments kept over them.")

        @OptionGroup var options: ServiceOptions

        @Flag(help: "Print JSON.")
        var json = false

        func run(_ context: Context) async throws {
            let settings = try options.settings(context)
            let environments = EnvironmentOverview.all(
                settings.environments, stateDirectory: settings.stateDirectory)
            if json {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
                context.output(String(decoding: try encoder.encode(environments), as: UTF8.self) + "\n")
                return
            }
            for environment in environments {
                context.output("\(environment.name)  \(environment.source)\n")
                for layer in environment.layers {
                    let below = layer.parent.map { ", over \($0.prefix(12))" } ?? ""
                    let installed = layer.installed.prefix(4).joined(separator: " ")
                    let more = layer.installed.count > 4 ? " and \(layer.installed.count - 4) more" : ""
                    context.output(
                        "  \(layer.id.prefix(12))\(below)  \(layer.bytes >> 20) MiB  used \(layer.uses) times"
                            + "\(layer.isInUse ? ", now too" : "")  \(installed)\(more)\n")
                }
            }
        }
    }
}
