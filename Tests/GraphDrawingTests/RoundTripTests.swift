import DependencyGraph
import GraphDrawing
import TerminalDrawing
import Testing

@Suite struct RoundTripTests {
    @Test("a picture says exactly which package needs which", arguments: [(80, 14), (200, 60), (60, 30)])
    func decodes(_ width: Int, _ height: Int) async throws {
        var random = Samples(seed: UInt64(width))
        var pictures = 0
        for _ in 0..<rounds(60) {
            await Task.yield()
            let graph = random.graph(count: 3 + random.next(below: 10), degree: 1)
            let current: Set = [random.next(below: graph.nodes.count)]
            let lines = drawGraph(graph, current: current, size: PictureSize(width: width, height: height), title: "")
            let picture = lines.joined(separator: "\n")
            guard lines.count >= 3, picture.contains("┏") else { continue }
            pictures += 1
            let reader = try PictureReader(lines)
            var nodes: [String: Int] = [:]
            for name in reader.names where !name.hasPrefix("+") {
                let node = try #require(index(of: name, in: graph), "\(name) in\n\(picture)")
                #expect(nodes.updateValue(node, forKey: name) == nil, "twice in\n\(picture)")
            }
            let edges: Set<PictureReader.Edge>
            do { edges = try reader.edges() } catch {
                Issue.record("\(error)\n\(picture)")
                continue
            }
            let real = Set(graph.edges.map { [$0.from, $0.to] })
            var drawn: [Int: [Int]] = [:]
            for edge in edges {
                guard let from = nodes[edge.dependent], let to = nodes[edge.dependency] else { continue }
                #expect(real.contains([from, to]), "\(edge) is not so:\n\(picture)")
                drawn[from, default: []].append(to)
            }
            for edge in graph.edges where edge.from != edge.to {
                guard nodes.values.contains(edge.from), nodes.values.contains(edge.to) else { continue }
                #expect(reaches(drawn, edge.from, edge.to), "\(edge) is lost:\n\(picture)")
            }
        }
        #expect(pictures > rounds(60) * 3 / 4)
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

    private func reaches(_ drawn: [Int: [Int]], _ from: Int, _ to: Int) -> Bool {
        var seen: Set<Int> = []
        var stack = [from]
        while let node = stack.popLast() {
            for next in drawn[node] ?? [] {
                if next == to { return true }
                if seen.insert(next).inserted { stack.append(next) }
            }
        }
        return false
    }
}
