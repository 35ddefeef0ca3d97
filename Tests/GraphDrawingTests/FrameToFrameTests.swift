import DependencyGraph
import TerminalDrawing
import Testing

@testable import GraphDrawing

/// One merge after the other: what was in both frames stays where it was.
@Suite struct FrameToFrameTests {
    /// Sizes of pictures: a terminal of 80x24, its panel, and the panel of one of 160x50.
    private static let sizes = [(80, 24), (80, 11), (160, 24)]

    /// Draws and reads back every moment of merges of random graphs.
    private func merges(_ jobs: Int, _ size: PictureSize, _ graphs: Int) async -> Steadiness {
        var random = Samples(seed: UInt64(90 + jobs))
        var steadiness = Steadiness()
        for round in 0..<graphs {
            let graph =
                round % 2 == 1
                ? random.mergeList(count: 30 + random.next(below: 50))
                : random.graph(count: 12 + random.next(below: 20), degree: 1)
            var story = MergeStory(graph, jobs: jobs, seed: UInt64(round))
            let glyphs: GlyphSet = round / 2 % 2 == 0 ? .unicode : .ascii
            var memory: FrameMemory?
            repeat {
                await Task.yield()
                var request = FrameRequest(
                    graph: story.graph, current: story.current, size: size, glyphs: glyphs,
                    progress: story.progress())
                let fresh = drawFrame(request)
                request.previous = memory
                let frame = drawFrame(request)
                check(frame, story, size, glyphs)
                steadiness.count(frame, after: memory, fresh: fresh)
                memory = frame.memory
            } while story.next()
        }
        return steadiness
    }

    /// Reads a frame back.
    private func check(_ frame: Frame, _ story: MergeStory, _ size: PictureSize, _ glyphs: GlyphSet) {
        let lines = frame.lines
        if lines.count > size.height || lines.contains(where: { DisplayWidth.columns(of: $0) > size.width }) {
            Issue.record("not within \(size.width)x\(size.height):\n\(lines.joined(separator: "\n"))")
        }
        do { try PictureReading(story.graph, story.current.sorted(), frame, glyphs: glyphs).check() } catch {
            Issue.record("\(error)\n\(lines.joined(separator: "\n"))")
        }
    }

    @Test(
        "one event moves at most two other boxes, and every picture says what is so",
        arguments: FrameToFrameTests.sizes, [1, 2, 4, 8])
    func steady(_ size: (Int, Int), _ jobs: Int) async {
        let found = await merges(jobs, PictureSize(width: size.0, height: size.1), rounds(2))
        #expect(found.steps > 0)
        #expect(found.jumps.isEmpty, "\(found)")
        // Nothing is steady by not being drawn: boxes and labels where a first frame has them, but for one of a thousand, and
        // in most frames, and few packages that a first frame would show vanish.
        #expect(found.fallbacks * 1000 <= found.frames, "\(found)")
        #expect(found.pictures * 10 >= found.frames * (size.1 < 20 ? 6 : 8), "\(found)")
        #expect(found.held * 10 >= found.due * 8 && found.lost * 10 <= found.due * 2, "\(found)")
        #expect(found.shown * 10 >= found.possible * 6, "\(found)")
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
