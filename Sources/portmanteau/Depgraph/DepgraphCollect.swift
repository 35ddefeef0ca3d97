import ArgumentParser
import CommandSupport
import DependencyGraph
import Glibc
import PortageAPI
import Posix

/// Writes the graph of an emerge to its cache file, from which the hook draws.
struct DepgraphCollect: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "collect",
        abstract: "Read the merge list through Portage and write the graph for the hook.")

    @Option(help: ArgumentHelp("The emerge that it is for: its process id and start time.", valueName: "pid-started"))
    var emerge: String

    @Option(help: ArgumentHelp("A package that is in its merge list: root and name.", valueName: "root:cpv"))
    var having: String?

    @Flag(help: "Print the graph too, as the cache file has it; it need not be possible to write that.")
    var print = false

    private var package: (root: String, cpv: String)? {
        guard let having, let colon = having.lastIndex(of: ":") else { return nil }
        return (String(having[..<colon]), String(having[having.index(after: colon)...]))
    }

    func validate() throws {
        guard having == nil || package != nil else { throw ValidationError("--having takes ROOT:CPV") }
        let parts = emerge.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ UInt64($0) != nil }) else {
            throw ValidationError("--emerge takes two numbers, PID-STARTED")
        }
    }

    func run(_ context: Context) async throws {
        try await withPortage(context) { portage in
            let roots = try await portage.settings(["EPREFIX", "EROOT"])
            let stamp = Files.status((roots["EROOT"] ?? "/") + "var/cache/edb/mtimedb").map(FileStamp.init)
            let graph = PackageGraph(try await portage.dependencyGraph(having: package))
            guard !graph.nodes.isEmpty else {
                let wanted = package.map { "no emerge has a merge list with \($0.cpv)" }
                throw CommandError((wanted ?? "no emerge has a merge list").printable, exitStatus: .negative)
            }
            let text = GraphCache(graph: graph, stamp: stamp).encode()
            if print { context.output(String(decoding: text, as: UTF8.self)) }
            let directory = (roots["EPREFIX"] ?? "") + "/var/cache/portmanteau/graphs"
            do {
                try Files.makeDirectories(directory)
                forgetOldGraphs(in: directory)
                try Files.replace("\(directory)/\(emerge).graph", with: text)
            } catch {
                guard print else { throw error }
            }
        }
    }

    /// Removes what earlier runs of emerge left: files that nobody has written for two days. An emerge that lasts longer
    /// makes its file again.
    private func forgetOldGraphs(in directory: String) {
        let oldest = (Int64(time(nil)) - 2 * 86_400) * 1_000_000_000
        for name in (try? Files.list(directory)) ?? [] {
            guard let status = Files.status("\(directory)/\(name)"), status.modified < oldest else { continue }
            try? Files.removeTree("\(directory)/\(name)")
        }
    }
}

extension FileStamp {
    /// The stamp of a file of this status.
    init(_ status: Files.Status) {
        self.init(
            seconds: Int(status.modified / 1_000_000_000), nanoseconds: Int(status.modified % 1_000_000_000),
            size: status.size, inode: status.inode)
    }
}
