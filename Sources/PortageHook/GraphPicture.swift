import AgentProtocol
import DependencyGraph
import Glibc
import GraphDrawing
import Posix
import TerminalDrawing

/// The picture of the dependency graph at the start of a package: plain text, since every escape would be in build.log.
struct GraphPicture {
    /// How long `depgraph collect` may take, in milliseconds.
    static let collectLimit = 3000

    let request: PhaseRequest
    let emerge: EmergeProcess
    let context: HookContext

    /// Draws the picture; without a graph there is none, and none beside a live view.
    func show() {
        // The person sees it already.
        if EmergeMarks(directory: request.layout.run, emerge: emerge).has(.live) { return }
        let path = "\(request.layout.graphs)/\(emerge.name).graph"
        let list = mergeList
        guard let (cache, current) = read(path) ?? collected(path, list?.root) else { return }
        let graph = withPresentStates(cache, current, list?.entries)
        let lines = drawGraph(graph, current: [current], size: size, style: style)
        if !lines.isEmpty { context.say(lines.joined(separator: "\n")) }
    }

    /// The cached graph and the number of our package in it; nil when there is none, or it lacks our package.
    private func read(_ path: String) -> (GraphCache, Int)? {
        guard let bytes = try? Files.read(path) else { return nil }
        let cpv = request.setup.cpv
        guard let root = roots.first(where: { GraphCache.contains(cpv: cpv, root: $0, in: bytes) }),
            let cache = try? GraphCache.decode(bytes), let index = cache.graph.index(cpv: cpv, root: root)
        else { return nil }
        return (cache, index)
    }

    /// Makes the cache file, then reads it. What failed once is not tried again for this emerge; when mtimedb has another
    /// emerge's list just now, the next package tries.
    private func collected(_ path: String, _ root: String?) -> (GraphCache, Int)? {
        let marks = EmergeMarks(directory: request.layout.run, emerge: emerge)
        guard let root, !marks.has(.graph), Files.exists(request.layout.program) else { return nil }
        let result = try? ChildProcess.run(
            request.layout.program,
            ["depgraph", "collect", "--emerge", emerge.name, "--having", "\(root):\(request.setup.cpv)"],
            environment: user.helperEnvironment(for: request, emerge: emerge),
            deadline: .now.advanced(byMilliseconds: Self.collectLimit))
        if let found = read(path) { return found }
        marks.leave(.graph)
        if result?.outcome == .timedOut {
            context.say("portmanteau: making the dependency graph takes too long: no graph in this emerge")
        }
        return nil
    }

    /// What the user set for this emerge.
    private var user: EmergeEnvironment {
        EmergeEnvironment(environment: context.environment(emerge.link), arguments: emerge.link.arguments)
    }

    /// The list of this emerge and how it names our root. It lies in the root that emerge merges into, which is not that
    /// of a package for the running system.
    private var mergeList: (entries: [ResumeList.Entry], root: String)? {
        func list(below root: String) -> (entries: [ResumeList.Entry], root: String)? {
            // A phase's EROOT has no slash at its end: that of a system without Prefix is empty.
            guard root.isEmpty || root.hasPrefix("/") else { return nil }
            let path = root + (root.hasSuffix("/") ? "" : "/") + "var/cache/edb/mtimedb"
            return ResumeList.read(path, having: request.setup.cpv, in: roots)
        }
        if let own = list(below: request.setup["EROOT"]) { return own }
        guard var root = user.variables["ROOT"]?[...], root.hasPrefix("/") else { return nil }
        while root.last == "/" { root.removeLast() }
        return list(below: root + request.layout.prefix)
    }

    /// How the merge list may name the package's root: with the prefix, and a slash at the end.
    private var roots: [String] {
        ["EROOT", "ROOT"].map { name in
            var path = request.setup[name][...]
            while path.last == "/" { path.removeLast() }
            return path + "/"
        }
    }

    /// The graph as it is now: our package is being built. What is no longer in the list is merged, or, with
    /// --keep-going, failed, or needs what failed; the installed database knows.
    private func withPresentStates(_ cache: GraphCache, _ current: Int, _ list: [ResumeList.Entry]?) -> PackageGraph {
        var graph = cache.graph
        if let list {
            let left = Set(list.map { "\($0.cpv) \($0.root)" })
            for index in graph.nodes.indices {
                let node = graph.nodes[index]
                guard node.type != .installed, node.state == .waiting, !left.contains("\(node.cpv) \(node.root)")
                else { continue }
                graph.nodes[index].state = isMerged(node, since: cache.stamp) ? .done : .failed
            }
        }
        graph.nodes[current].state = .building
        return graph
    }

    /// Whether a package was merged after the graph was made.
    private func isMerged(_ node: PackageNode, since stamp: FileStamp?) -> Bool {
        guard let status = Files.status("\(node.root)var/db/pkg/\(node.cpv)") else { return false }
        return status.modified / 1_000_000_000 >= stamp?.seconds ?? 0
    }

    private var size: PictureSize {
        if let size = request.configuration.graphSize { return PictureSize(width: size.width, height: size.height) }
        return PictureSize(width: Self.width(columns: request.setup["COLUMNS"]), height: 14)
    }

    /// The terminal's width: what the phase knows, else what the terminal says, else 80.
    private static func width(columns: String) -> Int {
        if let width = Int(columns), (20...1000).contains(width) { return width }
        var size = winsize()
        let width = ioctl(2, UInt(TIOCGWINSZ), &size) == 0 ? Int(size.ws_col) : 0
        return (20...1000).contains(width) ? width : 80
    }

    private var style: GlyphSet {
        guard request.configuration.graph != .ascii else { return .ascii }
        return Self.isUTF8(request.setup) ? .unicode : .ascii
    }

    /// Whether the user's characters are UTF-8, by the first of LC_ALL, LC_CTYPE and LANG that is set.
    ///
    /// The Python that runs emerge sets LC_CTYPE to a UTF-8 locale when the user's locale is `C`; and LC_ALL reaches a
    /// phase as one variable for each category. So that LC_CTYPE, alone, is not the user's.
    static func isUTF8(_ setup: SetupRequest) -> Bool {
        func isNamedUTF8(_ locale: String) -> Bool {
            let name = locale.lowercased()
            return ["utf-8", "utf8"].contains { name.hasSuffix($0) || name.contains($0 + "@") }
        }
        if setup["LC_ALL"].isEmpty, ["C.UTF-8", "C.utf8", "UTF-8"].contains(setup["LC_CTYPE"]),
            ["", "C", "POSIX"].contains(setup["LANG"]), setup["LC_TIME"].isEmpty
        {
            return false
        }
        return isNamedUTF8(["LC_ALL", "LC_CTYPE", "LANG"].map { setup[$0] }.first { !$0.isEmpty } ?? "")
    }
}
