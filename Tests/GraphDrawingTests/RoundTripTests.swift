import DependencyGraph
import TerminalDrawing
import Testing

@testable import GraphDrawing

@Suite struct RoundTripTests {
    /// Sizes of pictures, and how many graphs are drawn in each: 10,000 together.
    private static let sizes = [
        (80, 14, 2500), (80, 23, 2500), (160, 49, 2000), (60, 30, 1000), (40, 40, 1000), (30, 9, 500), (70, 5, 500),
    ]

    @Test("a picture says exactly which package needs which, and how, and how many are left out: 10,000 graphs")
    func decodes() async throws {
        let counts = await withTaskGroup(of: [FrameForm: Int].self) { group in
            for (width, height, count) in Self.sizes {
                group.addTask { await self.decodes(width, height, rounds(count)) }
            }
            return await group.reduce(into: [:]) { $0.merge($1, uniquingKeysWith: +) }
        }
        // Every one was read back, and there were some of each form.
        #expect(counts.values.reduce(0, +) == rounds(10_000))
        for form in [FrameForm.boxes, .labels, .lanes, .summary] { #expect(counts[form, default: 0] > 0, "\(counts)") }
    }

    private func decodes(_ width: Int, _ height: Int, _ count: Int) async -> [FrameForm: Int] {
        var random = Samples(seed: UInt64(width * 100 + height))
        var counts: [FrameForm: Int] = [:]
        for round in 0..<count {
            if round % 50 == 0 { await Task.yield() }
            let graph = random.graph(count: 3 + random.next(below: 23), degree: 1 + random.next(below: 2))
            var current = [random.next(below: graph.nodes.count)]
            if random.next(below: 4) == 0 { current.append(random.next(below: graph.nodes.count)) }
            var request = FrameRequest(
                graph: graph, current: current, size: PictureSize(width: width, height: height),
                glyphs: round % 2 == 0 ? .unicode : .ascii, title: "")
            if random.next(below: 2) == 0 {
                request.progress[current[0]] = PackageProgress(elapsed: 84, expected: 190, phase: "compile")
            }
            let frame = Composer(request, isLive: random.next(below: 2) == 0).frame()
            let lines = frame.lines
            if lines.isEmpty || lines.count > height || lines.contains(where: { DisplayWidth.columns(of: $0) > width })
            {
                Issue.record("not within \(width)x\(height):\n\(lines.joined(separator: "\n"))")
            }
            let reading = PictureReading(graph, Array(Set(current)).sorted(), frame, glyphs: request.glyphs)
            do { try reading.check() } catch { Issue.record("\(error)\n\(lines.joined(separator: "\n"))") }
            counts[frame.form, default: 0] += 1
        }
        return counts
    }

    @Test("nothing leaves the size, whatever it is") func bounds() async {
        var random = Samples(seed: 77)
        for _ in 0..<rounds(100) {
            await Task.yield()
            let graph = random.graph(count: 1 + random.next(below: 30), degree: 2)
            let current: Set = [random.next(below: graph.nodes.count), random.next(below: graph.nodes.count)]
            let size = PictureSize(width: 10 + random.next(below: 100), height: 1 + random.next(below: 20))
            let style: GlyphSet = random.next(below: 2) == 0 ? .unicode : .ascii
            let lines = drawGraph(graph, current: current, size: size, style: style)
            #expect(!lines.isEmpty && lines.count <= size.height)
            for line in lines {
                #expect(DisplayWidth.columns(of: line) <= size.width, "\(line)")
                #expect(style == .unicode || line.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }, "\(line)")
            }
            #expect(lines == drawGraph(graph, current: current, size: size, style: style))
        }
    }

    @Test func hostileNames() {
        let names = ["\u{1b}[31mred", "", "a\nb", "漢字/漢字-1", "x/\u{202e}y-1", String(repeating: "z", count: 5_000)]
        let graph = PackageGraph(
            nodes: names.map { PackageNode(cpv: $0, root: "\u{7}") },
            edges: (1..<names.count).map { DependencyEdge(from: $0, to: $0 - 1, kinds: .depend) } + [
                DependencyEdge(from: 99, to: -1, kinds: .depend), DependencyEdge(from: 2, to: 2, kinds: .depend),
            ])
        for width in [1, 10, 40, 80] {
            for height in 1...14 {
                for current in names.indices {
                    let lines = drawGraph(graph, current: [current], size: PictureSize(width: width, height: height))
                    #expect(lines.count <= height)
                    for line in lines {
                        #expect(DisplayWidth.columns(of: line) <= width)
                        #expect(line.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F })
                    }
                }
            }
        }
        #expect(drawGraph(graph, current: [99], size: PictureSize(width: 80, height: 14)).isEmpty)
        #expect(drawGraph(graph, current: [], size: PictureSize(width: 80, height: 14)).isEmpty)
    }
}
