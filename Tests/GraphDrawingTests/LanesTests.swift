import DependencyGraph
import TerminalDrawing
import Testing

@testable import GraphDrawing

@Suite struct LanesTests {
    @Test("lanes say exactly which package needs which") func decodes() async throws {
        var random = Samples(seed: 3)
        var pictures = 0
        for round in 0..<rounds(800) {
            if round % 50 == 0 { await Task.yield() }
            let graph = random.graph(count: 3 + random.next(below: 12), degree: 1)
            let current = random.next(below: graph.nodes.count)
            let finder = NeighbourhoodFinder(graph, current: [current])
            let part = finder.neighbourhood(NeighbourhoodBudget(distance: 2, near: 8, far: 8))
            guard let lanes = Lanes(part) else { continue }
            let size = PictureSize(width: 50, height: 60)
            let subject = Subject(FrameRequest(graph: graph, current: [current], size: size), isLive: true)
            let names = Names(graph, nodes: part.packages, current: [current], ascii: false)
            guard let rows = lanes.rows(subject, names, size) else { continue }
            pictures += 1
            let lines = rows.map { $0.map(\.text).joined() }
            let nodes = Dictionary(uniqueKeysWithValues: part.packages.map { (graph.nodes[$0].cpv, $0) })
            let shown = Set(Frame.edges(part).map { [$0.from, $0.to] })
            let read = Set(
                Self.edges(lines).compactMap { edge in
                    nodes[edge.dependent].flatMap { from in nodes[edge.dependency].map { [from, $0] } }
                })
            if read != shown {
                Issue.record("\(read.symmetricDifference(shown)) differ in\n\(lines.joined(separator: "\n"))")
            }
        }
        #expect(pictures > rounds(800) / 2)
    }

    private struct Edge: Hashable {
        var dependency: String
        var dependent: String
    }

    /// Follows every lane down, by its glyphs alone.
    private static func edges(_ lines: [String]) -> Set<Edge> {
        let verticals: Set<Character> = ["│", "╎", "┊"]
        let south: Set<Character> = ["┌", "┬", "┐", "├", "┼", "┤"]
        let north: Set<Character> = ["└", "┴", "┘", "├", "┼", "┤"]
        var sources: [Int: Set<String>] = [:]
        var last = (column: 0, name: "")
        var result: Set<Edge> = []
        for line in lines {
            let cells = Array(line)
            let sign = cells.firstIndex { "✔▶▷·✘○◆+:".contains($0) }
            let text = line.split(separator: " ").last.map(String.init) ?? ""
            if let sign, !text.isEmpty {
                let name = line.contains(" more") ? "more" : text
                for source in sources[sign] ?? [] { result.insert(Edge(dependency: source, dependent: name)) }
                sources[sign] = [name]
                last = (sign, name)
                continue
            }
            for (column, glyph) in cells.enumerated() where column % 2 == 0 && !verticals.contains(glyph) {
                guard north.contains(glyph) || south.contains(glyph) else { continue }
                if column == last.column {
                    sources[column] = south.contains(glyph) ? [last.name] : nil
                } else {
                    sources[column, default: []].insert(last.name)
                    if !north.contains(glyph) { sources[column] = [last.name] }
                }
            }
        }
        return result
    }
}
