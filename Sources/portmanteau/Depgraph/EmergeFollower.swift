import DependencyGraph
import EmergeSession
import Glibc
import PortageHook
import Posix

/// Follows one emerge: what it says of itself, its log and its resume list; and has its graph made. Nothing here blocks.
struct EmergeFollower {
    /// The emerge.
    let emerge: RunningEmerge
    /// How far it is.
    private(set) var state: SessionState
    /// Its graph, with what runs now; without edges until it is made.
    private(set) var graph = PackageGraph()
    /// Whether something changed since `news` was last taken.
    private(set) var hasNews = true

    private let paths: MachinePaths
    private let environment: [String: String]
    private let watch = FileWatch()
    private let feed: ObservabilityFeed
    private var log: LogFollower
    private var listStamp: FileStamp?
    private var list: [SessionState.ListEntry] = []
    private var collector: BackgroundChild?
    private var isCollected = false
    /// Whether emerge itself tells what it does with each package.
    private var tellsPhases = false
    private var isWatched: Set<String> = []
    /// The place in the graph of each package of the state.
    private var nodes: [Int] = []

    /// Builds of the last years are in the log's last part.
    private static let historySize = 2 << 20

    /// Follows an emerge, and looks for what it did so far.
    init(_ emerge: RunningEmerge, paths: MachinePaths, environment: [String: String]) {
        self.emerge = emerge
        self.paths = paths
        self.environment = environment
        state = SessionState(started: emerge.started)
        feed = ObservabilityFeed(pid: emerge.pid, started: emerge.started, prefix: paths.prefix)
        log = LogFollower(paths.log, last: Self.historySize)
        look()
    }

    /// What to poll.
    var descriptors: [Int32] {
        [watch.descriptor >= 0 ? watch.descriptor : nil, feed.descriptor, collector?.descriptor].compactMap(\.self)
    }

    /// A descriptor can be read.
    mutating func ready(_ descriptor: Int32) {
        if descriptor == watch.descriptor { watch.clear() }
        if let collector, descriptor == collector.descriptor {
            collector.read()
            if collector.descriptor == nil { takeGraph(collector.output) }
            return
        }
        look()
    }

    /// Looks at everything that may have changed; called when told so, and once a second for what nothing tells of.
    mutating func look() {
        watchFiles()
        feed.connect()
        let before = state
        for line in log.read() { state.apply(line) }
        readList()
        if let snapshot = feed.read() ?? (feed.descriptor == nil ? feed.readFile() : nil) {
            state.apply(snapshot)
            tellsPhases = true
        }
        if !tellsPhases { lookForBuilt() }
        if state != before {
            hasNews = true
            markNodes()
        }
    }

    /// Whether the graph is being made.
    var isCollecting: Bool { collector != nil }

    /// Takes the news: the caller has shown them.
    mutating func seen() { hasNews = false }

    /// emerge ended.
    mutating func end(succeeded: Bool) {
        look()
        state.end(succeeded: succeeded, now: Self.now)
        markNodes()
    }

    /// Seconds since 1970.
    static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// The place in the graph of a package of the state; nil when the graph lacks it.
    func node(of package: Int) -> Int? { nodes.indices.contains(package) && nodes[package] >= 0 ? nodes[package] : nil }

    private mutating func watchFiles() {
        let folder = String(paths.mtimedb.dropLast("/mtimedb".count))
        let run = ObservabilityFeed.directory(prefix: paths.prefix)
        for path in [folder, paths.log, run] where !isWatched.contains(path) {
            if watch.add(path) { isWatched.insert(path) }
        }
    }

    /// emerge's log does not tell when a build is over and its merge waits; what Portage leaves beside the build does.
    private mutating func lookForBuilt() {
        for index in state.packages.indices where state.packages[index].stage == .building {
            if Files.exists("\(paths.builds)/\(state.packages[index].key.cpv)/.installed") {
                state.built(index, now: Self.now)
            }
        }
    }

    private mutating func readList() {
        let stamp = Files.status(paths.mtimedb).map(FileStamp.init)
        if let stamp, stamp != listStamp {
            listStamp = stamp
            guard let entries = ResumeList.read(paths.mtimedb) else { return }
            list = entries.map { .init(cpv: $0.cpv, root: $0.root, isBinary: $0.type == "binary") }
            state.apply(list: list, now: Self.now)
        }
        if state.packages.isEmpty, !list.isEmpty, state.isOwn(list) { adopt() }
    }

    /// The list is this emerge's. A graph that the hooks have made already has its beginning too, when this view came
    /// later.
    private mutating func adopt() {
        let cached = (try? Files.read(paths.graph(of: emerge.name))).flatMap { try? GraphCache.decode($0) }
        let whole = cached?.graph.nodes.filter { $0.type != .installed }.map {
            SessionState.ListEntry(cpv: $0.cpv, root: $0.root, isBinary: $0.type == .binary)
        }
        if let cached, let whole, Set(whole).isSuperset(of: list) {
            state.adopt(whole)
            state.apply(list: list, now: Self.now)
            isCollected = true
            setGraph(cached.graph)
        } else {
            state.adopt(list)
            setGraph(
                PackageGraph(
                    nodes: list.map {
                        PackageNode(cpv: $0.key.cpv, root: $0.key.root, type: $0.isBinary ? .binary : .ebuild)
                    }))
            if !isCollected {
                isCollected = true
                let begun = state.packages.first(where: \.isBegun).map {
                    ["--having", "\($0.key.root):\($0.key.cpv)"]
                }
                collector = try? OwnProgram.start(
                    ["depgraph", "collect", "--print", "--emerge", emerge.name] + (begun ?? []),
                    environment: environment)
            }
        }
        let staged = StagedRecord(prefix: paths.prefix)
        let history = try? BuildHistory(log: paths.log, excluding: staged, limit: Self.historySize)
        state.expect(history?.medians(of: state.packages.map(\.key.cpv)) ?? [:])
        hasNews = true
    }

    private mutating func takeGraph(_ bytes: [UInt8]) {
        collector = nil
        if let cache = try? GraphCache.decode(bytes), !cache.graph.nodes.isEmpty { setGraph(cache.graph) }
    }

    /// The graph is this one. Packages that are not in its list, since they were merged before it was made, come first.
    private mutating func setGraph(_ graph: PackageGraph) {
        let listed = Set(
            graph.nodes.filter { $0.type != .installed }.map { SessionState.Key(cpv: $0.cpv, root: $0.root) })
        self.graph = graph.leading(
            state.packages.filter { !listed.contains($0.key) }.map { package in
                PackageNode(cpv: package.key.cpv, root: package.key.root, type: package.isBinary ? .binary : .ebuild)
            })
        let graph = self.graph
        var places: [SessionState.Key: Int] = [:]
        for (index, node) in graph.nodes.enumerated() where node.type != .installed {
            places[SessionState.Key(cpv: node.cpv, root: node.root)] = index
        }
        nodes = state.packages.map { places[$0.key] ?? -1 }
        markNodes()
        hasNews = true
    }

    private mutating func markNodes() {
        for (package, node) in zip(state.packages, nodes) where graph.nodes.indices.contains(node) {
            graph.nodes[node].state =
                switch package.stage {
                case .waiting: .waiting
                case .building: .building
                case .built, .merging: .merging
                case .done: .done
                case .failed, .dropped: .failed
                }
        }
    }
}
