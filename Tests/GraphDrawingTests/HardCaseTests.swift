import DependencyGraph
import TerminalDrawing
import Testing

@testable import GraphDrawing

/// Graphs that drawings of graphs get wrong, as frames of 80 by 24: plain, and with the colours of a terminal.
@Suite struct HardCaseTests {
    private static let both: DependencyKinds = [.depend, .rdepend]

    private func graph(_ names: [String], done: Int, _ edges: [(Int, Int, DependencyKinds)]) -> PackageGraph {
        PackageGraph(
            nodes: names.enumerated().map { index, name in
                PackageNode(cpv: name, state: index < done ? .done : index == done ? .building : .waiting)
            },
            edges: edges.map { DependencyEdge(from: $0.0, to: $0.1, kinds: $0.2) })
    }

    private func check(
        _ name: String, _ graph: PackageGraph, _ current: [Int], size: PictureSize = PictureSize(width: 80, height: 24),
        glyphs: GlyphSet = .unicode, progress: [Int: PackageProgress] = [:]
    ) throws -> Frame {
        let frame = drawFrame(
            FrameRequest(graph: graph, current: current, size: size, glyphs: glyphs, progress: progress))
        #expect(frame.lines.count <= size.height)
        #expect(frame.lines.allSatisfy { DisplayWidth.columns(of: $0) <= size.width })
        #expect(!frame.lines.contains { $0.unicodeScalars.contains("\u{1b}") })
        try expectGolden(frame.lines.map { $0 + "\n" }.joined(), name + ".txt")
        let coloured = frame.coloured().map { $0.split(separator: "\u{1b}", omittingEmptySubsequences: false) }
        try expectGolden(coloured.map { $0.joined(separator: "<ESC>") + "\n" }.joined(), name + "-colour.txt")
        return frame
    }

    @Test("a diamond with long edges: nothing crosses") func diamond() throws {
        let graph = graph(
            [
                "x11-libs/libdrm-2.4", "media-libs/mesa-25.1", "dev-qt/qtbase-6.8", "kde-frameworks/kconfig-6.1",
                "kde-frameworks/kcoreaddons-6.1", "kde-plasma/kwin-6.1",
            ], done: 2,
            [
                (1, 0, Self.both), (2, 1, .rdepend), (2, 0, Self.both), (3, 2, Self.both), (4, 2, Self.both),
                (5, 3, .rdepend), (5, 4, .rdepend), (5, 2, Self.both),
            ])
        let progress = [2: PackageProgress(elapsed: 84, expected: 190, phase: "compile")]
        let frame = try check("hard-1-diamond", graph, [2], progress: progress)
        #expect(frame.memory.crossings == 0)
        #expect(frame.edges.count == 8)
    }

    @Test("sixty dependencies and two hundred dependents: the rest is counted") func wide() throws {
        let graph = graph(
            (1...60).map { "dev-libs/dep\($0)-1" } + ["sys-libs/core-2.40"] + (1...200).map { "app-misc/user\($0)-2" },
            done: 60,
            (0..<60).map { (60, $0, Self.both) } + (61..<261).map { ($0, 60, Self.both) })
        let frame = try check(
            "hard-2-wide", graph, [60], progress: [60: PackageProgress(elapsed: 3605, expected: 7300)])
        let shownDependencies = frame.nodes.count { $0 < 60 }
        let shownDependents = frame.nodes.count { $0 > 60 }
        #expect(frame.lines.contains { $0.contains("+\(60 - shownDependencies) more") })
        #expect(frame.lines.contains { $0.contains("+\(200 - shownDependents) more") })
    }

    @Test("cycles by PDEPEND: the soft edge runs up") func cycles() throws {
        let graph = graph(
            [
                "media-libs/freetype-2.13", "media-libs/harfbuzz-9.0", "media-libs/libwebp-1.4", "media-libs/tiff-4.7",
                "gui-libs/toolkit-4.1",
            ], done: 0,
            [
                (1, 0, Self.both), (0, 1, .pdepend), (3, 2, .rdepend), (2, 3, .pdepend), (4, 1, Self.both),
                (4, 3, Self.both),
            ])
        _ = try check("hard-3-cycles", graph, [0, 2], progress: [0: PackageProgress(elapsed: 12)])
    }

    @Test("eight jobs that have nothing to do with each other") func jobs() throws {
        var names: [String] = []
        var edges: [(Int, Int, DependencyKinds)] = []
        for job in 0..<8 {
            names += ["dev-libs/lib\(job)-1.\(job)", "app-misc/tool\(job)-2.\(job)"]
            edges.append((job * 2 + 1, job * 2, Self.both))
        }
        var graph = graph(names, done: 0, edges)
        let current = (0..<8).map { $0 * 2 }
        for index in current { graph.nodes[index].state = .building }
        let frame = try check(
            "hard-4-jobs", graph, current,
            progress: Dictionary(uniqueKeysWithValues: current.map { ($0, PackageProgress(elapsed: 7 * $0)) }))
        #expect(Set(current).isSubset(of: frame.nodes))
    }

    @Test("one package for two roots is two") func roots() throws {
        var graph = graph(
            ["sys-libs/glibc-2.40", "sys-libs/glibc-2.40", "sys-devel/gcc-15.1", "app-misc/a-1", "app-misc/b-1"],
            done: 3, [(1, 2, .bdepend), (3, 0, .bdepend), (3, 1, .rdepend), (3, 2, .bdepend), (4, 3, .rdepend)])
        graph.nodes[1].root = "/mnt"
        graph.nodes[2].type = .installed
        graph.nodes[2].state = .installed
        let frame = try check("hard-5-roots", graph, [3])
        #expect(Set(frame.nodes) == [0, 1, 2, 3, 4])
    }

    @Test("alternatives, virtuals and slots") func alternatives() throws {
        var graph = graph(
            [
                "dev-lang/python-3.13.1", "virtual/libcrypt-2-r1", "net-misc/a-1", "net-misc/b-2", "app-misc/user-1.0",
                "app-misc/top-3",
            ], done: 4,
            [
                (4, 0, [.bdepend, .rdepend]), (4, 1, .rdepend), (4, 2, .rdepend), (4, 3, .rdepend), (5, 4, .rdepend),
            ])
        graph.edges[2].maybe = true
        graph.edges[3].maybe = true
        graph.nodes[3].type = .installed
        graph.nodes[3].state = .installed
        let frame = try check(
            "hard-6-alternatives", graph, [4], progress: [4: PackageProgress(elapsed: 3, expected: 9, phase: "unpack")])
        #expect(frame.edges.count { $0.kind == .maybe } == 2)
    }

    @Test("forty columns of ASCII") func narrow() throws {
        let graph = graph(
            [
                "dev-libs/json-1.2", "sys-libs/zcomp-1.3.1", "dev-libs/crypto-3.5", "net-libs/http-2.64",
                "app-demo/editor-1.0", "app-demo/mail-2.2", "app-demo/chat-0.9", "app-demo/suite-1.0",
            ], done: 3,
            [
                (2, 1, Self.both), (3, 1, Self.both), (3, 2, Self.both), (3, 0, .rdepend), (5, 3, Self.both),
                (6, 3, Self.both), (6, 2, Self.both), (7, 4, .rdepend), (7, 5, .rdepend), (7, 6, .rdepend),
                (4, 3, .pdepend),
            ])
        let progress = [3: PackageProgress(elapsed: 84, expected: 190, phase: "compile")]
        let frame = try check(
            "hard-7-narrow", graph, [3], size: PictureSize(width: 40, height: 24), glyphs: .ascii, progress: progress)
        #expect(frame.lines.allSatisfy { $0.utf8.allSatisfy { (0x20..<0x7f).contains($0) } })
        for (size, name) in [((24, 10), "lanes"), ((30, 3), "summary"), ((40, 2), "line")] {
            _ = try check(
                "hard-7-" + name, graph, [3], size: PictureSize(width: size.0, height: size.1), progress: progress)
        }
    }
}
