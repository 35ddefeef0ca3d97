import DependencyGraph
import GraphDrawing

/// An emerge of a graph with `--keep-going`, as a live view sees it: one event after the other.
///
/// A package begins when what it needs is merged; any of those that run may be the next to be done, or fail. What needs a
/// package that failed is given up.
struct MergeStory {
    private(set) var graph: PackageGraph
    /// What a picture is about now: what runs, or what ended last when nothing does.
    private(set) var current: [Int] = []
    /// How many packages have failed, and how many were given up for that.
    private(set) var failures = (own: 0, dropped: 0)

    private var running: [Int] = []
    private let jobs: Int
    private var random: Samples

    init(_ graph: PackageGraph, jobs: Int, seed: UInt64) {
        self.graph = graph
        self.jobs = jobs
        random = Samples(seed: seed)
        for index in graph.nodes.indices where graph.nodes[index].type != .installed {
            self.graph.nodes[index].state = .waiting
        }
        begin()
        current = running
    }

    /// How far the running packages are, as far as a view knows.
    mutating func progress() -> [Int: PackageProgress] {
        var progress: [Int: PackageProgress] = [:]
        for node in running where random.next(below: 4) > 0 {
            progress[node] = PackageProgress(
                elapsed: random.next(below: 900), expected: random.next(below: 3) > 0 ? 600 : nil, phase: "compile")
        }
        return progress
    }

    /// The next event; false when there is none.
    mutating func next() -> Bool {
        if running.isEmpty {
            begin()
            guard !running.isEmpty else { return false }
        } else {
            let place = random.next(below: running.count)
            let node = running[place]
            if graph.nodes[node].state == .building, random.next(below: 4) == 0 {
                graph.nodes[node].state = .merging
            } else {
                running.remove(at: place)
                end(node)
            }
        }
        // Now and then a view looks before the next package has begun.
        if random.next(below: 6) > 0 { begin() }
        if !running.isEmpty { current = running }
        return true
    }

    private mutating func end(_ node: Int) {
        current = [node]
        // Not before something is merged, or little would be left.
        let merged = graph.nodes.count { $0.state == .done }
        guard merged * 3 > graph.nodes.count, random.next(below: 12) == 0 else {
            graph.nodes[node].state = .done
            return
        }
        graph.nodes[node].state = .failed
        failures.own += 1
        var lost = [node]
        while let one = lost.popLast() {
            for edge in graph.edges where edge.to == one && !edge.isSoft && graph.nodes[edge.from].state == .waiting {
                graph.nodes[edge.from].state = .failed
                failures.dropped += 1
                lost.append(edge.from)
            }
        }
    }

    /// Begins what can begin.
    private mutating func begin() {
        guard running.count < jobs else { return }
        var waits = [Bool](repeating: false, count: graph.nodes.count)
        for edge in graph.edges where !edge.isSoft {
            let need = graph.nodes[edge.to]
            if need.type != .installed, need.state != .done { waits[edge.from] = true }
        }
        let ready = graph.nodes.indices.filter { graph.nodes[$0].state == .waiting && !waits[$0] }
        for node in ready.prefix(jobs - running.count) {
            graph.nodes[node].state = .building
            running.append(node)
        }
    }
}
