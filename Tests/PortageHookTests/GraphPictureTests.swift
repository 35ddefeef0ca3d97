import DependencyGraph
import Posix
import Testbed
import Testing

@testable import PortageHook

@Suite struct GraphPictureTests {
    private let directory: ScratchDirectory
    private let file: String

    init() throws {
        directory = try ScratchDirectory()
        file = "var/cache/portmanteau/graphs/2-20.graph"
    }

    private var cache: String {
        let graph = PackageGraph(
            nodes: [
                PackageNode(cpv: "app-demo/lib-1", root: "/p/"), PackageNode(cpv: "app-demo/x-1", root: "/p/"),
                PackageNode(cpv: "app-demo/top-1", root: "/p/"),
            ],
            edges: [
                DependencyEdge(from: 1, to: 0, kinds: .rdepend), DependencyEdge(from: 2, to: 1, kinds: .depend),
            ])
        return String(decoding: GraphCache(graph: graph).encode(), as: UTF8.self)
    }

    private func setup(_ more: [String] = []) -> Transcript {
        let transcript = Transcript.belowEmerge()
        let arguments = [
            "setup", "PREFIX=\(directory.path)", "CATEGORY=app-demo", "PF=x-1", "PORTAGE_TMPDIR=/nowhere", "ROOT=",
            "EROOT=/p", "EMERGE_FROM=ebuild", "LANG=C.UTF-8", "COLUMNS=80",
        ]
        #expect(HookCommand.run(arguments + more, in: transcript.context) == 0)
        return transcript
    }

    private func lines(_ transcript: Transcript) -> [Substring] {
        transcript.lines.flatMap { $0.split(separator: "\n") }
    }

    @Test func drawsTheCachedGraph() throws {
        try directory.write(file, cache)
        let list = "{\"resume\": {\"mergelist\": [[\"ebuild\",\"/p/\",\"app-demo/x-1\",\"merge\"],"
        try directory.write(
            "var/cache/edb/mtimedb", list + "[\"ebuild\",\"/p/\",\"app-demo/top-1\",\"merge\"]]}}")
        let transcript = setup()
        let picture = lines(transcript)
        #expect((3...14).contains(picture.count))
        #expect(picture.allSatisfy { $0.count <= 80 && !$0.contains("\u{1b}") })
        #expect(picture.contains { $0.contains("✔ app-demo/lib-1") })
        #expect(picture.contains { $0.contains("┃ ▶ app-demo/x-1 ┃") })
        #expect(picture.contains { $0.contains("· app-demo/top-1") })
        #expect(transcript.output.isEmpty)
    }

    @Test func keepsToTheSizeAndTheCharactersAsked() throws {
        try directory.write(file, cache)
        let small = lines(setup(["DEPGRAPH_SIZE=30x3", "DEPGRAPH=ascii"]))
        #expect(!small.isEmpty && small.count <= 3)
        #expect(small.allSatisfy { $0.count <= 30 && $0.utf8.count == $0.count })
        #expect(lines(setup(["LANG=C"])).allSatisfy { $0.utf8.count == $0.count })
        #expect(setup(["DEPGRAPH=off"]).lines.isEmpty)
    }

    @Test(arguments: [
        "", "portmanteau-graph 1\n", "\u{0}\u{1}", "portmanteau-graph 1\nstamp none\ncounts 9 9\ni a b 0\n",
    ])
    func aDamagedCacheIsNoPicture(_ text: String) throws {
        try directory.write(file, text)
        #expect(setup().lines.isEmpty)
    }

    @Test func aDamagedResumeListChangesNoState() throws {
        try directory.write(file, cache)
        try directory.write("var/cache/edb/mtimedb", "{\"resume\": {\"mergelist\": [[\"ebu")
        #expect(lines(setup()).contains { $0.contains("· app-demo/lib-1") })
    }

    @Test func aMissingGraphIsCollectedOnce() throws {
        let program = "echo \"$*\" >>\(directory.path)/calls"
        try directory.writeProgram("usr/libexec/portmanteau/portmanteau", "#!/bin/bash\n\(program)\n")
        #expect(setup().lines.isEmpty)
        #expect(setup().lines.isEmpty)
        #expect(
            try Files.readText(directory.path + "/calls")
                == "depgraph collect --emerge 2-20\n")
    }

    @Test func aCollectedGraphIsDrawn() throws {
        try directory.write("prepared", cache)
        let program = "cd \(directory.path) && mkdir -p var/cache/portmanteau/graphs && cp prepared \(file)"
        try directory.writeProgram("usr/libexec/portmanteau/portmanteau", "#!/bin/bash\n\(program)\n")
        #expect(lines(setup()).contains { $0.contains("app-demo/x-1") })
    }
}
