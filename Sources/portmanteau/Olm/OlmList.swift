import ArgumentParser
import CommandSupport
import Overlays

/// Lists what the slices have.
struct OlmList: ToolCommand {
    /// A package, as `--json` prints it.
    struct Row: Encodable {
        let cpv: String
        let overlay: String
        let requested: Bool
        let reason: String
    }

    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the packages of the slices, and why each is there.",
        discussion: "Exit code 1: there are none.")

    @Flag(help: "As JSON.")
    var json = false

    func run(_ context: Context) async throws {
        let locks = try await withOverlayman(context, changing: false) { $0.locks() }
        let rows = locks.flatMap { lock in
            lock.packages.map {
                Row(cpv: $0.cpv, overlay: lock.overlay, requested: !$0.requests.isEmpty, reason: $0.reason)
            }
        }
        if json {
            context.output(try JSONText.pretty(rows))
            return
        }
        guard !rows.isEmpty else { throw CommandError("no slice is published", exitStatus: .negative) }
        let width = rows.map { $0.cpv.count + $0.overlay.count + 2 }.max() ?? 0
        for row in rows {
            let name = "\(row.cpv)::\(row.overlay)"
            let padding = String(repeating: " ", count: width - name.count + 2)
            context.output("\(name)\(padding)\(row.requested ? "wanted: " : "")\(row.reason)\n")
        }
    }
}
