import DependencyGraph
import Testing

@testable import GraphDrawing

/// One merge after the other: what was in both frames stays where it was.
@Suite struct FrameToFrameTests {
    /// How many packages are not where they were, when the whole of the second frame may be shifted.
    private func moved(_ old: FrameMemory, _ new: FrameMemory) -> Int {
        var shifts: [[Int]: Int] = [:]
        var common = 0
        for (key, place) in new.places {
            guard let other = old.places[key] else { continue }
            common += 1
            shifts[[place.left - other.left, place.top - other.top], default: 0] += 1
        }
        return common - (shifts.values.max() ?? 0)
    }

    /// Draws every step of merges of random graphs; how many steps there were, and the moves of each that had too many.
    ///
    /// A package begins when what it needs is merged, as in an emerge; any of those that run may be the next to be done.
    private func merges(_ jobs: Int, _ graphs: Int) async -> (steps: Int, jumps: [Int]) {
        var random = Samples(seed: UInt64(90 + jobs))
        var (steps, jumps) = (0, [Int]())
        for _ in 0..<graphs {
            await Task.yield()
            var graph = random.graph(count: 12 + random.next(below: 20), degree: 1)
            for index in graph.nodes.indices { graph.nodes[index].state = .waiting }
            var memory: FrameMemory?
            var running: [Int] = []
            while graph.nodes.contains(where: { $0.state != .done }) {
                let ready = graph.nodes.indices.filter { node in
                    graph.nodes[node].state == .waiting
                        && graph.edges.allSatisfy {
                            $0.from != node || $0.isSoft || graph.nodes[$0.to].state == .done
                        }
                }
                running += ready.prefix(jobs - running.count)
                for node in running { graph.nodes[node].state = .building }
                let frame = drawFrame(
                    FrameRequest(
                        graph: graph, current: running, size: PictureSize(width: 80, height: 24), previous: memory))
                if let memory {
                    steps += 1
                    let count = moved(memory, frame.memory)
                    if count > 2 { jumps.append(count) }
                }
                memory = frame.memory
                graph.nodes[running.remove(at: random.next(below: running.count))].state = .done
            }
        }
        return (steps, jumps)
    }

    @Test("one merge moves at most two other boxes", arguments: [1, 2, 4]) func steady(_ jobs: Int) async {
        let (steps, jumps) = await merges(jobs, rounds(12))
        #expect(steps > 0)
        #expect(jumps.isEmpty, "\(jumps) in \(steps) steps")
    }

    @Test("progress and states move nothing") func redraw() throws {
        var random = Samples(seed: 5)
        for _ in 0..<rounds(20) {
            var graph = random.graph(count: 14, degree: 1)
            let current = [random.next(below: 14)]
            var request = FrameRequest(graph: graph, current: current, size: PictureSize(width: 90, height: 30))
            let first = drawFrame(request)
            request.previous = first.memory
            request.progress[current[0]] = PackageProgress(elapsed: 10, expected: 20, phase: "configure")
            let second = drawFrame(request)
            #expect(second.memory.places == first.memory.places)
            graph.nodes[current[0]].state = .failed
            request.graph = graph
            request.previous = second.memory
            #expect(drawFrame(request).memory.places == first.memory.places)
        }
    }

    @Test("the memory outlives another index of each package") func reordered() {
        var random = Samples(seed: 8)
        let graph = random.graph(count: 12, degree: 1)
        let first = drawFrame(FrameRequest(graph: graph, current: [5], size: PictureSize(width: 90, height: 30)))
        var longer = PackageGraph(nodes: [PackageNode(cpv: "new/one-1")] + graph.nodes)
        longer.edges = graph.edges.map {
            DependencyEdge(from: $0.from + 1, to: $0.to + 1, kinds: $0.kinds, maybe: $0.maybe)
        }
        let second = drawFrame(
            FrameRequest(
                graph: longer, current: [6], size: PictureSize(width: 90, height: 30), previous: first.memory))
        #expect(second.memory.places == first.memory.places)
    }
}
