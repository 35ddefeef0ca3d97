import DependencyGraph
import TerminalDrawing
import Testing

@testable import GraphDrawing

/// The other forms of a frame, and what they make of bad input.
@Suite struct OutputTests {
    private let hostile = PackageGraph(
        nodes: [
            PackageNode(cpv: "a/\u{1b}[31mred-1", state: .done),
            PackageNode(cpv: "b/<script>&\"x\"-2", state: .building),
            PackageNode(cpv: "c/new\nline\\-3"), PackageNode(cpv: "漢字/e\u{301}\u{202e}-4", root: "/mnt\u{7}"),
        ],
        edges: [
            DependencyEdge(from: 1, to: 0, kinds: .depend), DependencyEdge(from: 2, to: 1, kinds: .rdepend),
            DependencyEdge(from: 3, to: 1, kinds: .pdepend), DependencyEdge(from: 3, to: 99, kinds: .depend),
            DependencyEdge(from: -1, to: 0, kinds: .depend), DependencyEdge(from: 2, to: 2, kinds: .depend),
        ])

    @Test("no name acts on the terminal, in no size") func hostileNames() {
        for width in [1, 2, 3, 7, 12, 40, 80] {
            for height in [1, 2, 3, 5, 9, 24] {
                let frame = drawFrame(
                    FrameRequest(
                        graph: hostile, current: [1, 77, -5], size: PictureSize(width: width, height: height),
                        progress: [1: PackageProgress(elapsed: -5, expected: Int.max, phase: "\u{1b}]0;x\u{7}")],
                        title: height == 9 ? "\u{1b}[2Jtitle\n" : nil))
                #expect(frame.lines.count <= height)
                for line in frame.lines {
                    #expect(DisplayWidth.columns(of: line) <= width)
                    #expect(line.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f && $0 != "\u{202e}" })
                }
                for row in frame.coloured() where row.contains("\u{1b}") { #expect(row.contains("\u{1b}[0m")) }
            }
        }
        #expect(
            drawFrame(FrameRequest(graph: hostile, current: [], size: PictureSize(width: 80, height: 24))).lines == [])
        #expect(PictureSize(width: -3, height: 0) == PictureSize(width: 1, height: 1))
    }

    @Test("svg says what the text says, and nothing that a reader could take for more") func svg() throws {
        let size = PictureSize(width: 100, height: 40)
        let frame = drawFrame(FrameRequest(graph: hostile, current: [1], size: size))
        let svg = frame.svg()
        #expect(svg.hasPrefix("<svg ") && svg.hasSuffix("</svg>\n"))
        #expect(!svg.contains("<script") && svg.contains("&lt;script&gt;&amp;&quot;x&quot;"))
        #expect(svg.unicodeScalars.allSatisfy { $0.value >= 0x20 || $0 == "\n" })
        let sketch = try #require(frame.sketch)
        let names = sketch.tiles.map { SVGWriter.escaped($0.text) }
        #expect(names.count == frame.nodes.count && names.allSatisfy(svg.contains))
        func count(_ text: String) -> Int { svg.split(separator: text, omittingEmptySubsequences: false).count - 1 }
        #expect(count("class=\"head build\"") == 1 && count("class=\"head run\"") == 1)
        #expect(count("<rect class=") == frame.nodes.count)
        // Without shapes the rows are text.
        let line = drawFrame(FrameRequest(graph: hostile, current: [1], size: PictureSize(width: 60, height: 1)))
        #expect(line.form == .summary && line.svg().contains("needs"))
    }

    @Test("dot has every package and every edge, quoted") func dot() {
        let text = dotText(hostile, current: [1])
        #expect(text.contains("n1 [label=\"b/<script>&\\\"x\\\"-2\", style=\"bold,filled\", fillcolor=\"khaki\"]"))
        #expect(text.contains("n2 [label=\"c/new?line\\\\-3\"]"))
        #expect(text.contains("n0 -> n1;\n") && text.contains("n1 -> n2 [style=dashed"))
        #expect(!text.contains("n99") && !text.contains("n-1"))
    }
}
