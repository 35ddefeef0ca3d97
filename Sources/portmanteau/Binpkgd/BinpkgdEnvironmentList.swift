import ArgumentParser
import BinpkgService
import BuildEnvironments
import CommandSupport
import FoundationEssentials
import Posix

extension BinpkgdEnvironment {
    /// `binpkgd environment list`.
    struct List: ToolCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Shows the configured roots, and the environments kept over them.")

        @OptionGroup var options: ServiceOptions

        @Flag(help: "Print JSON.")
        var json = false

        private struct Kept: Encodable {
            let id: String
            let environment: String
            let parent: String?
            let installed: [String]
            let bytes: Int
            let uses: Int
            let lastUse: Double
            let isInUse: Bool
        }

        private struct Answer: Encodable {
            struct Root: Encodable {
                let name: String
                let source: String
                let eprefix: String
            }

            let roots: [Root]
            let kept: [Kept]
        }

        func run(_ context: Context) async throws {
            let settings = try options.settings(context)
            let store = LayerStore(stateDirectory: settings.stateDirectory)
            let kept = store.layers().map { layer in
                let use = store.use(of: layer.id)
                return Kept(
                    id: layer.id, environment: layer.environment, parent: layer.parent,
                    installed: layer.installed.map(\.cpv), bytes: layer.bytes, uses: use.count, lastUse: use.last,
                    isInUse: store.isInUse(layer.id))
            }
            let roots = settings.environments.map {
                Answer.Root(name: $0.name, source: $0.root.source, eprefix: $0.eprefix)
            }
            if json {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
                let data = try encoder.encode(Answer(roots: roots, kept: kept))
                context.output(String(decoding: data, as: UTF8.self) + "\n")
                return
            }
            for root in roots { context.output("\(root.name)  \(root.source)\n") }
            for layer in kept {
                let below = layer.parent.map { ", over \($0.prefix(12))" } ?? ""
                let installed = layer.installed.prefix(4).joined(separator: " ")
                let more = layer.installed.count > 4 ? " and \(layer.installed.count - 4) more" : ""
                context.output(
                    "  \(layer.id.prefix(12))  \(layer.environment)\(below)  \(layer.bytes >> 20) MiB  used "
                        + "\(layer.uses) times\(layer.isInUse ? ", now too" : "")  \(installed)\(more)\n")
            }
        }
    }
}
