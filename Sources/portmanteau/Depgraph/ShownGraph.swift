import CommandSupport
import DependencyGraph
import EmergeSession
import GraphDrawing
import PortageAPI
import PortageHook
import Posix

/// A graph that `depgraph show` prints, and what it is about.
struct ShownGraph {
    /// All of it.
    var graph: PackageGraph
    /// The nodes in the middle of the picture.
    var current: [Int]
    /// How far those are.
    var progress: [Int: PackageProgress] = [:]

    /// Of the newest emerge that merges, with where each package stands.
    static func running(_ context: Context) throws -> ShownGraph {
        let paths = try MachinePaths.find(context)
        guard let follower = try WatchLoop(context, pid: nil, paths: paths).settled(within: 60_000) else {
            throw CommandError("no emerge runs; \(instead(paths))", exitStatus: .negative)
        }
        guard !follower.isCollecting else {
            throw CommandError(
                "the dependencies of emerge \(follower.emerge.pid) are not known yet", exitStatus: .temporary)
        }
        let (current, progress) = follower.progress(of: follower.state.shown)
        // Nothing may run in this moment.
        let next = follower.graph.nodes.firstIndex { $0.state == .waiting && $0.type != .installed } ?? 0
        return ShownGraph(graph: follower.graph, current: current.isEmpty ? [next] : current, progress: progress)
    }

    /// Of the merge list in a file; the next to be merged is in the middle.
    static func listed(_ context: Context, mtimedb: String) async throws -> ShownGraph {
        let report = try await withPortage(context) { try await $0.dependencyGraph(mtimedb: mtimedb) }
        return ShownGraph(graph: PackageGraph(report), current: [0])
    }

    /// Of what emerge would merge with these arguments; what it leads to is in the middle.
    static func planned(_ context: Context, arguments: [String]) async throws -> ShownGraph {
        do {
            let graph = PackageGraph(try await childPortage(context).plannedGraph(arguments: arguments))
            return ShownGraph(graph: graph, current: [graph.nodes.lastIndex { $0.type != .installed } ?? 0])
        } catch {
            guard let (message, output) = error.refusal else { throw error }
            // What emerge says is for people, and longer than a line.
            for line in output.split(separator: "\n") { context.errors(String(line).printable + "\n") }
            throw CommandError(message)
        }
    }

    /// What can be shown when no emerge runs.
    private static func instead(_ paths: MachinePaths) -> String {
        let left = ResumeList.read(paths.mtimedb) ?? []
        guard !left.isEmpty else { return "depgraph show --pretend ATOM shows what one would merge" }
        let packages = left.count == 1 ? "the package" : "the \(left.count) packages"
        return "depgraph show --mtimedb \(paths.mtimedb) shows \(packages) that the last one has left"
    }
}
