import ArgumentParser
import DependencyGraph
import GraphDrawing
import TerminalDrawing
import Testbed

/// What a picture costs, and how it compares with those of other programs.
struct DrawingCost: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drawing",
        abstract: "Pictures of graphs: their time, and lines, columns and edges against Graph::Easy and emerge --tree.")

    @Option(help: "Pictures of each kind.")
    var pictures = 100

    func run() async throws {
        print("drawing (\(pictures) pictures each, medians)")
        for (count, bound) in [(150, "3 ms"), (5000, "20 ms")] {
            let graph = DrawingGraphs.random(count, degree: 6, seed: UInt64(count))
            let cache = GraphCache(graph: graph).encode()
            let note = "(\(graph.edges.count) edges; bound: \(bound))"
            row("from a cache of \(count): \(Self.what[0])", "\(fixed(try milliseconds(cache, count / 2))) ms", note)
            row("from a cache of \(count): \(Self.what[1])", "\(fixed(try milliseconds(cache, 0))) ms", note)
            row("a frame of a live view of \(count)", "\(fixed(frameMilliseconds(graph))) ms")
        }
        try await compare()
    }

    private static let what = ["a package in the middle", "what a third of all need"]

    /// What portage-hook does: the file's bytes to lines of text.
    private func milliseconds(_ cache: [UInt8], _ current: Int) throws -> Double {
        let clock = ContinuousClock()
        return median(
            try (0..<pictures).map { _ in
                var lines = 0
                let time = try clock.measure {
                    let graph = try GraphCache.decode(cache).graph
                    lines = drawGraph(graph, current: [current], size: PictureSize(width: 80, height: 14)).count
                }
                guard lines > 3 else { throw ValidationError("there is no picture") }
                return milliseconds(of: time)
            })
    }

    /// One merge after the other.
    private func frameMilliseconds(_ graph: PackageGraph) -> Double {
        let clock = ContinuousClock()
        var memory: FrameMemory?
        var times: [Double] = []
        for current in (graph.nodes.count / 2)..<min(graph.nodes.count, graph.nodes.count / 2 + pictures) {
            times.append(
                milliseconds(
                    of: clock.measure {
                        memory =
                            drawFrame(
                                FrameRequest(
                                    graph: graph, current: [current], size: PictureSize(width: 80, height: 24),
                                    previous: memory)
                            ).memory
                    }))
        }
        return median(times)
    }

    private func milliseconds(of time: Duration) -> Double {
        Double(time.components.seconds) * 1e3 + Double(time.components.attoseconds) / 1e15
    }

    // MARK: - Against others

    private func compare() async throws {
        print("pictures of whole graphs (lines x columns, edges to read, wrong ones, missing ones)")
        for (name, graph, current) in DrawingGraphs.compared {
            print("  \(name), \(graph.edges.count) edges")
            let around = drawFrame(
                FrameRequest(graph: graph, current: [current], size: PictureSize(width: 80, height: 24)))
            report("around one package, 80x24", PictureFigures(around, graph))
            let all = drawFrame(
                FrameRequest(
                    graph: graph, current: Array(graph.nodes.indices), size: PictureSize(width: 160, height: 100)))
            report("all packages, 160x100", PictureFigures(all, graph))
            if let picture = try await GraphEasy.draw(graph) {
                report("Graph::Easy", PictureFigures(picture, edges: GraphEasy.edges(of: picture, graph), graph))
            } else {
                row("  Graph::Easy", "not run: graph-easy is not installed")
            }
        }
        let testbed = try await Testbed.shared()
        try await testbed.withMachine("bench-drawing") { machine in
            for (name, graph, _) in DrawingGraphs.compared {
                let tree = try await EmergeTree.draw(graph, on: machine)
                report("emerge --tree, \(name)", PictureFigures(tree, edges: EmergeTree.edges(of: tree, graph), graph))
            }
        }
    }

    private func report(_ name: String, _ figures: PictureFigures) {
        row(
            "  " + name, "\(figures.lines) x \(figures.columns)",
            "\(figures.packages) packages, \(figures.edges) edges, \(figures.wrong) wrong, \(figures.missing) missing")
    }
}

/// What can be read from a picture.
struct PictureFigures {
    var lines: Int
    var columns: Int
    /// How many packages are in it.
    var packages: Int
    /// How many edges can be read.
    var edges: Int
    /// Edges that can be read and do not exist.
    var wrong: Int
    /// Edges between shown packages that can neither be read nor follow from those that can.
    var missing: Int

    init(_ picture: [String], edges: Set<[Int]>, packages: Set<Int>, _ graph: PackageGraph) {
        lines = picture.count
        columns = picture.map { DisplayWidth.columns(of: $0) }.max() ?? 0
        self.packages = packages.count
        self.edges = edges.count
        let real = Set(graph.edges.map { [$0.from, $0.to] })
        wrong = edges.subtracting(real).count
        var targets: [Int: [Int]] = [:]
        for edge in edges { targets[edge[0], default: []].append(edge[1]) }
        missing = real.count { edge in
            packages.contains(edge[0]) && packages.contains(edge[1]) && !Self.reaches(targets, edge[0], edge[1])
        }
    }

    init(_ frame: Frame, _ graph: PackageGraph) {
        self.init(
            frame.lines, edges: Set(frame.edges.map { [$0.from, $0.to] }), packages: Set(frame.nodes), graph)
    }

    init(_ picture: [String], edges: Set<[Int]>, _ graph: PackageGraph) {
        let shown = graph.nodes.indices.filter { index in
            picture.contains { $0.contains(" \(graph.nodes[index].cpv)") }
        }
        self.init(picture, edges: edges, packages: Set(shown), graph)
    }

    private static func reaches(_ targets: [Int: [Int]], _ from: Int, _ to: Int) -> Bool {
        var seen: Set<Int> = []
        var stack = [from]
        while let node = stack.popLast() {
            for next in targets[node] ?? [] {
                if next == to { return true }
                if seen.insert(next).inserted { stack.append(next) }
            }
        }
        return false
    }
}
