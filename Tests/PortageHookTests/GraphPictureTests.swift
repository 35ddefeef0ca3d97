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

    /// The machine's EROOT.
    private var root: String { directory.path + "/" }

    /// mtimedb with the packages in a list of this name.
    private func writeList(_ packages: [String] = ["x", "top"], as key: String = "resume") throws {
        let lines = packages.map { "[\"ebuild\",\"\(root)\",\"app-demo/\($0)-1\",\"merge\"]" }
        try directory.write(
            "var/cache/edb/mtimedb",
            "{\"resume\": {\"mergelist\": []}, \"\(key)\": {\"mergelist\": [\(lines.joined(separator: ","))]}}")
    }

    private var cache: String {
        let graph = PackageGraph(
            nodes: [
                PackageNode(cpv: "app-demo/lib-1", root: root), PackageNode(cpv: "app-demo/x-1", root: root),
                PackageNode(cpv: "app-demo/top-1", root: root),
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
            "EROOT=\(directory.path)", "EMERGE_FROM=ebuild", "LANG=C.UTF-8", "COLUMNS=80",
        ]
        #expect(HookCommand.run(arguments + more, in: transcript.context) == 0)
        return transcript
    }

    private func lines(_ transcript: Transcript) -> [Substring] {
        transcript.lines.flatMap { $0.split(separator: "\n") }
    }

    @Test func drawsTheCachedGraph() throws {
        try directory.write(file, cache)
        try writeList()
        try directory.write("var/db/pkg/app-demo/lib-1/CATEGORY", "app-demo\n")
        let transcript = setup()
        let picture = lines(transcript)
        #expect((3...14).contains(picture.count))
        #expect(picture.allSatisfy { $0.count <= 80 && !$0.contains("\u{1b}") })
        #expect(picture.contains { $0.contains("✔ app-demo/lib-1") })
        #expect(picture.contains { $0.contains("┃ ▶ app-demo/x-1  unblocks 1 ┃") })
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
        "", "portmanteau-graph 1\n", "portmanteau-graph 2\nstamp none\ncounts 0 0\nend\n", "\u{0}\u{1}",
        "portmanteau-graph 1\nstamp none\ncounts 9 9\ni a b 0\n",
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
        // The list of another emerge: the next package may find its own.
        try writeList(["other"])
        #expect(setup().lines.isEmpty)
        #expect(!Files.exists(directory.path + "/calls"))
        try writeList(as: "resume_backup")
        #expect(setup().lines.isEmpty)
        #expect(setup().lines.isEmpty)
        #expect(
            try Files.readText(directory.path + "/calls")
                == "depgraph collect --emerge 2-20 --having \(root):app-demo/x-1\n")
    }

    @Test func whatLeftTheListUnmergedHasFailed() throws {
        try directory.write(file, cache)
        try writeList(["x"])
        #expect(lines(setup()).contains { $0.contains("✘ app-demo/lib-1") })
        try directory.write("var/db/pkg/app-demo/lib-1/CATEGORY", "app-demo\n")
        let picture = lines(setup())
        #expect(
            picture.contains { $0.contains("✔ app-demo/lib-1") } && picture.contains { $0.contains("✘ app-demo/top-1") }
        )
    }

    @Test func aCollectedGraphIsDrawn() throws {
        try directory.write("prepared", cache)
        try writeList()
        let program = "cd \(directory.path) && mkdir -p var/cache/portmanteau/graphs && cp prepared \(file)"
        try directory.writeProgram("usr/libexec/portmanteau/portmanteau", "#!/bin/bash\n\(program)\n")
        #expect(lines(setup()).contains { $0.contains("app-demo/x-1") })
    }
}
