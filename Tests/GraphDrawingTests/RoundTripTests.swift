import DependencyGraph
import TerminalDrawing
import Testing

@testable import GraphDrawing

@Suite struct RoundTripTests {
    @Test(
        "a picture says exactly which package needs which, and how: 10,000 graphs",
        arguments: [(80, 14, 2500), (80, 23, 2500), (160, 49, 2500), (60, 30, 1000), (40, 40, 1500)])
    func decodes(_ width: Int, _ height: Int, _ count: Int) async throws {
        var random = Samples(seed: UInt64(width * 100 + height))
        var pictures = 0
        let total = rounds(count)
        for round in 0..<total {
            if round % 50 == 0 { await Task.yield() }
            let graph = random.graph(count: 3 + random.next(below: 23), degree: 1 + random.next(below: 2))
            var current = [random.next(below: graph.nodes.count)]
            if random.next(below: 4) == 0 { current.append(random.next(below: graph.nodes.count)) }
            var request = FrameRequest(
                graph: graph, current: current, size: PictureSize(width: width, height: height), title: "")
            if random.next(below: 2) == 0 {
                request.progress[current[0]] = PackageProgress(elapsed: 84, expected: 190, phase: "compile")
            }
            let frame = Composer(request, isLive: random.next(below: 2) == 0).frame()
            guard frame.form == .boxes || frame.form == .labels else { continue }
            pictures += 1
            check(frame, graph, current, width: width, height: height)
        }
        #expect(pictures > total / 2)
    }

    private func check(_ frame: Frame, _ graph: PackageGraph, _ current: [Int], width: Int, height: Int) {
        let lines = frame.lines
        let picture = lines.joined(separator: "\n")
        if lines.count > height || lines.contains(where: { DisplayWidth.columns(of: $0) > width }) {
            Issue.record("larger than \(width)x\(height):\n\(picture)")
        }
        do {
            let reader = try PictureReader(lines)
            if !reader.areApart { Issue.record("boxes overlap:\n\(picture)") }
            var nodes: [String: Int] = [:]
            for name in reader.names where !name.hasPrefix("+") && !name.hasPrefix("(") {
                let node = try #require(index(of: name, in: graph), "\(name) in\n\(picture)")
                if nodes.updateValue(node, forKey: name) != nil { Issue.record("\(name) twice in\n\(picture)") }
            }
            let marks: [EdgeKind: Character] = [.build: "b", .run: "r", .post: "p", .maybe: "m"]
            let shown = Set(frame.edges.map { [$0.from, $0.to, Int(marks[$0.kind]?.asciiValue ?? 0)] })
            var drawn: Set<[Int]> = []
            var joined = Set(current.map { graph.nodes[$0].cpv })
            let edges = try reader.edges()
            for edge in edges {
                joined.formUnion(
                    [edge.dependency, edge.dependent].compactMap { nodes[$0] }.map { graph.nodes[$0].cpv })
            }
            for node in nodes.values where !joined.contains(graph.nodes[node].cpv) {
                Issue.record("\(graph.nodes[node].cpv) hangs in the air:\n\(picture)")
            }
            for edge in edges {
                guard let from = nodes[edge.dependent], let to = nodes[edge.dependency] else { continue }
                drawn.insert([from, to, Int(edge.kind.asciiValue ?? 0)])
            }
            if Set(nodes.values) != Set(frame.nodes) || drawn != shown {
                Issue.record("\(drawn.symmetricDifference(shown)) differ in\n\(picture)")
            }
        } catch { Issue.record("\(error)\n\(picture)") }
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

    /// Names of the samples are unique without category and version.
    private func index(of name: String, in graph: PackageGraph) -> Int? {
        graph.nodes.firstIndex { node in
            node.cpv == name || node.cpv.dropLast(2) == name
                || node.cpv.dropLast(2).split(separator: "/").last.map(String.init) == name
        }
    }
}
