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
            let isASCII = round % 2 == 1
            let request = FrameRequest(
                graph: graph, current: [current], size: size, glyphs: isASCII ? .ascii : .unicode)
            let subject = Subject(request, isLive: true)
            let names = Names(graph, nodes: part.packages, current: [current], ascii: isASCII)
            guard let rows = lanes.rows(subject, names, size) else { continue }
            pictures += 1
            let lines = rows.map { $0.map(\.text).joined() }
            let nodes = Dictionary(uniqueKeysWithValues: part.packages.map { (graph.nodes[$0].cpv, $0) })
            let shown = Set(Frame.edges(part).map { [$0.from, $0.to] })
            let reader = try LaneReader(isASCII ? AsciiPicture.lanes(lines) : lines)
            let read = Set(
                reader.links.compactMap { link in
                    nodes[reader.names[link.dependent]].flatMap { from in
                        nodes[reader.names[link.dependency]].map { [from, $0] }
                    }
                })
            if read != shown {
                Issue.record("\(read.symmetricDifference(shown)) differ in\n\(lines.joined(separator: "\n"))")
            }
        }
        #expect(pictures > rounds(800) / 2)
    }
}
