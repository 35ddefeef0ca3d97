import DependencyGraph
import GraphDrawing
import TerminalDrawing
import Testing

/// Pictures that are kept as files in `Goldens`; with `UPDATE_GOLDENS` set they are written instead of compared.
@Suite struct GoldenTests {
    private static let both: DependencyKinds = [.depend, .rdepend]

    /// A graph of `names` in merge order; those before `done` are merged, that one is being built.
    private func graph(_ names: [String], done: Int, _ edges: [(Int, Int, DependencyKinds)]) -> PackageGraph {
        PackageGraph(
            nodes: names.enumerated().map { index, name in
                PackageNode(cpv: name, state: index < done ? .done : index == done ? .building : .waiting)
            },
            edges: edges.map { DependencyEdge(from: $0.0, to: $0.1, kinds: $0.2) })
    }

    private func check(
        _ name: String, _ graph: PackageGraph, _ current: Set<Int>, width: Int = 80, height: Int = 14,
        style: GlyphSet = .unicode
    ) throws {
        let size = PictureSize(width: width, height: height)
        let text = drawGraph(graph, current: current, size: size, style: style).map { $0 + "\n" }.joined()
        try expectGolden(text, name + ".txt")
    }

    private var diamond: PackageGraph {
        graph(
            ["dev-libs/base-1.0", "dev-libs/left-1.0", "dev-libs/right-2.1", "app-demo/top-1.0"], done: 1,
            [(1, 0, Self.both), (2, 0, Self.both), (3, 1, Self.both), (3, 2, Self.both), (3, 0, .rdepend)])
    }

    /// A list of nine with a long edge, a diamond and PDEPEND.
    private var list: PackageGraph {
        graph(
            [
                "dev-libs/json-1.2", "sys-libs/zcomp-1.3.1", "dev-libs/crypto-3.5", "net-libs/http-2.64",
                "app-demo/editor-1.0", "app-demo/mail-2.2", "app-demo/chat-0.9", "app-demo/suite-1.0",
                "app-doc/manual-1.0",
            ], done: 3,
            [
                (2, 1, Self.both), (3, 1, Self.both), (3, 2, Self.both), (3, 0, .rdepend), (5, 3, Self.both),
                (6, 3, Self.both), (6, 2, Self.both), (7, 4, .rdepend), (7, 5, .rdepend), (7, 6, .rdepend),
                (4, 3, .pdepend), (8, 7, .bdepend),
            ])
    }

    private var desktop: PackageGraph {
        graph(
            [
                "x11-libs/libdrm-2.4", "media-libs/mesa-25.1", "dev-qt/qtbase-6.8", "kde-frameworks/kconfig-6.1",
                "kde-frameworks/kcoreaddons-6.1", "kde-plasma/kwin-6.1",
            ], done: 2,
            [
                (1, 0, Self.both), (2, 1, .rdepend), (2, 0, Self.both), (3, 2, Self.both), (4, 2, Self.both),
                (5, 3, .rdepend), (5, 4, .rdepend), (5, 2, Self.both),
            ])
    }

    private var wide: PackageGraph {
        graph(
            (1...60).map { "dev-libs/dep\($0)-1" } + ["sys-libs/core-2.40"] + (1...200).map { "app-misc/user\($0)-2" },
            done: 60,
            (0..<60).map { (60, $0, Self.both) } + (61..<261).map { ($0, 60, Self.both) })
    }

    private var cycle: PackageGraph {
        graph(
            ["media-libs/freetype-2.13", "media-libs/harfbuzz-9.0", "gui-libs/toolkit-4.1"], done: 0,
            [(1, 0, Self.both), (0, 1, .pdepend), (2, 1, Self.both)])
    }

    @Test func diamondFromEverySide() throws {
        try check("diamond-bottom", diamond, [3])
        try check("diamond-side", diamond, [1])
        try check("diamond-top", diamond, [0])
    }

    @Test func chainOfFive() throws {
        let chain = graph((1...5).map { "dev-libs/step\($0)-1.0" }, done: 2, (1..<5).map { ($0, $0 - 1, Self.both) })
        try check("chain", chain, [2])
    }

    @Test func fanOfTwelve() throws {
        let names = ["dev-lang/tool-3.12.1"] + (1...12).map { "app-misc/user\($0)-1.\($0)" }
        try check("fan", graph(names, done: 0, (1...12).map { ($0, 0, .rdepend) }), [0])
    }

    @Test func sixtyDependenciesAndTwoHundredDependents() throws { try check("wide", wide, [60]) }

    @Test func cycleOfPdepend() throws {
        try check("cycle-first", cycle, [0])
        try check("cycle-second", cycle, [1])
    }

    @Test func nineInTheList() throws {
        try check("list", list, [3])
        try check("list-ascii", list, [3], style: .ascii)
        try check("list-40", list, [3], width: 40)
        try check("list-two-jobs", list, [5, 6])
        try check("list-low", list, [3], height: 4)
        try check("list-line", list, [3], height: 1)
    }

    @Test func longEdges() throws {
        try check("desktop", desktop, [2])
        try check("desktop-40", desktop, [2], width: 40)
        try check("desktop-high", desktop, [2], height: 24)
    }

    @Test func installedAndOtherRoots() throws {
        var graph = graph(
            ["sys-libs/glibc-2.40", "sys-libs/glibc-2.40", "app-misc/a-1", "漢字/名前-1"], done: 2,
            [(2, 0, .bdepend), (2, 1, .rdepend), (2, 3, .rdepend)])
        graph.nodes[1].root = "/mnt"
        graph.nodes[3].type = .installed
        graph.nodes[3].state = .installed
        try check("roots", graph, [2])
    }

    @Test func alone() throws {
        try check("alone", PackageGraph(nodes: [PackageNode(cpv: "app-misc/a-1", state: .building)]), [0])
    }
}
