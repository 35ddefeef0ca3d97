import ArgumentParser
import BinpkgClient
import CommandSupport
import FoundationEssentials
import PortageAPI
import PortageHook
import Posix

/// Shows what the hooks do about which package.
struct BinpkgPolicyCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Show what emerge asks the service for, and how long it waits.",
        discussion: """
            Without atoms: the settings, and what is never asked for. With atoms: the same for the package that emerge \
            would take for each, with what make.conf and package.env say about it.
            """)

    @Argument(help: "Atoms such as app-misc/hello.")
    var atoms: [String] = []

    @Flag(help: "Print as JSON.")
    var json = false

    /// What is said of one package, or of all (without a name).
    private struct Shape: Encodable {
        let cpv: String?
        let service: String?
        let policy: String
        let accuracy: String
        let never: [String]
    }

    func run(_ context: Context) async throws {
        let portage = try await childPortage(context)
        let names = HooksConfiguration.names.filter { $0.hasPrefix("BINPKG_") }
        let settings = try await portage.settings(["EPREFIX"] + names)
        let paths = ClientPaths(prefix: settings["EPREFIX"] ?? "")
        var shapes: [Shape] = []
        if atoms.isEmpty {
            shapes = [try shape(nil, settings, paths, context)]
        }
        for atom in atoms {
            guard let package = try await portage.bestVisible(atom) else {
                throw CommandError("nothing visible matches '\(atom.printable)'", exitStatus: .negative)
            }
            let inputs = try await portage.keyInputs(
                PackageSelector(cpv: package.cpv, repository: package.repository), variables: names)
            shapes.append(try shape(package.cpv, inputs.variables, paths, context))
        }
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            context.output(String(decoding: try encoder.encode(shapes), as: UTF8.self) + "\n")
        } else {
            let isRunning = FileLock.isHeld(paths.run + "/agent.lock")
            if atoms.isEmpty {
                context.output("agent     \(isRunning ? "runs" : "does not run: setup waits itself")\n")
            }
            shapes.forEach { context.output(Self.text($0)) }
        }
    }

    /// hooks.conf, then what Portage has.
    private func shape(
        _ cpv: String?, _ values: [String: String], _ paths: ClientPaths, _ context: Context
    ) throws -> Shape {
        var configuration = HooksConfiguration()
        if let text = try? Files.readText(paths.configuration, limit: 1 << 20) {
            for message in configuration.read(text, source: paths.configuration) {
                context.errors("binpkg: \(message)\n")
            }
        }
        for name in HooksConfiguration.names {
            guard let value = values[name], let problem = configuration.set(name, value) else { continue }
            context.errors("binpkg: \(problem) (ignored)\n")
        }
        return Shape(
            cpv: cpv, service: configuration.service, policy: configuration.policy.text,
            accuracy: configuration.accuracy.rawValue, never: configuration.never.words)
    }

    private static func text(_ shape: Shape) -> String {
        var lines = shape.cpv.map { [$0] } ?? []
        lines += ["service   \(shape.service ?? "off")", "policy    \(shape.policy)", "accuracy  \(shape.accuracy)"]
        lines.append("never asked for:")
        for word in shape.never {
            let meaning = NeverAsked.Kind(rawValue: word).map { "  " + $0.meaning } ?? ""
            lines.append("  \(word)\(meaning)")
        }
        lines += ["  packages without sources", "  what `ebuild` builds by hand"]
        return lines.joined(separator: "\n") + "\n"
    }
}
