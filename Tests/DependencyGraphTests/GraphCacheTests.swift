import DependencyGraph
import Testing

@Suite struct GraphCacheTests {
    private func sample() -> GraphCache {
        let nodes = [
            PackageNode(cpv: "dev-libs/a-1", repository: "example", state: .done),
            PackageNode(cpv: "dev-libs/a-1", root: "/mnt/a b\\c\n", repository: "", state: .waiting, type: .binary),
            PackageNode(cpv: "", root: "", repository: "ünï\u{7f}\u{1b}[0m", state: .installed, type: .installed),
            PackageNode(cpv: "\\-", root: "/", repository: "-", state: .failed),
        ]
        return GraphCache(
            graph: PackageGraph(
                nodes: nodes,
                edges: [
                    DependencyEdge(from: 1, to: 0, kinds: [.depend, .pdepend]),
                    DependencyEdge(from: 3, to: 3, kinds: [], maybe: true),
                ]),
            stamp: FileStamp(seconds: -5, nanoseconds: 999_999_999, size: 12345, inode: UInt64.max))
    }

    @Test func roundTrip() throws {
        let cache = sample()
        #expect(try GraphCache.decode(cache.encode()) == cache)
        let empty = GraphCache(graph: PackageGraph())
        #expect(try GraphCache.decode(empty.encode()) == empty)
        var random = RandomGraphs(seed: 5)
        for _ in 0..<50 {
            let cache = GraphCache(graph: random.graph(count: 1 + random.next(below: 40), degree: 3, cyclic: true))
            #expect(try GraphCache.decode(cache.encode()) == cache)
        }
    }

    @Test func membership() {
        let cache = sample()
        let bytes = cache.encode()
        for node in cache.graph.nodes { #expect(GraphCache.contains(cpv: node.cpv, root: node.root, in: bytes)) }
        #expect(!GraphCache.contains(cpv: "dev-libs/a-1", root: "/mnt", in: bytes))
        #expect(!GraphCache.contains(cpv: "dev-libs/a", root: "/", in: bytes))
        #expect(!GraphCache.contains(cpv: "zzz/z-9", root: "/", in: bytes))
        #expect(!GraphCache.contains(cpv: "dev-libs/a-1", root: "/", in: []))
        var random = RandomGraphs(seed: 6)
        let graph = random.graph(count: 200, degree: 2, cyclic: false)
        let many = GraphCache(graph: graph).encode()
        for node in graph.nodes { #expect(GraphCache.contains(cpv: node.cpv, root: "/", in: many)) }
        for index in 0..<200 { #expect(!GraphCache.contains(cpv: "cat-1/pkg\(index)-9", root: "/", in: many)) }
    }

    @Test("a file that was cut or changed gives an error or a graph, never a trap") func hostileInput() {
        let bytes = sample().encode()
        for length in 0..<bytes.count {
            let cut = Array(bytes.prefix(length))
            #expect(throws: GraphCacheError.self) { try GraphCache.decode(cut) }
            _ = GraphCache.contains(cpv: "dev-libs/a-1", root: "/", in: cut)
        }
        var random = RandomGraphs(seed: 9)
        for _ in 0..<5_000 {
            var changed = bytes
            for _ in 0...random.next(below: 3) {
                changed[random.next(below: changed.count)] = UInt8(random.next(below: 256))
            }
            if let cache = try? GraphCache.decode(changed) {
                for edge in cache.graph.edges {
                    #expect(
                        cache.graph.nodes.indices.contains(edge.from) && cache.graph.nodes.indices.contains(edge.to))
                }
            }
            _ = GraphCache.contains(cpv: "dev-libs/a-1", root: "/", in: changed)
        }
    }

    @Test(arguments: [
        "portmanteau-graph 2\nstamp none\ncounts 0 0\nend\n",
        "portmanteau-graph 1\nstamp none\ncounts 99999999 0\nend\n",
        "portmanteau-graph 1\nstamp none\ncounts 99999 0\nend\n",
        "portmanteau-graph 1\nstamp none\ncounts 0 0\nend\nx\n",
        "portmanteau-graph 1\nstamp none\ncounts 1 1\ni a / 0\nn done ebuild a / r\ne 0 1 1 0\nend\n",
    ])
    func refuses(_ text: String) {
        #expect(throws: GraphCacheError.self) { try GraphCache.decode(Array(text.utf8)) }
    }

    @Test("an error names the line that is wrong", arguments: [(4, "x"), (6, "n gone"), (8, "e 0"), (8, "e 0 9 1 0")])
    func namesTheLine(_ line: Int, _ text: String) {
        let good = """
            portmanteau-graph 1
            stamp none
            counts 2 1
            i a / 0
            i b / 1
            n done ebuild a / r
            n done ebuild b / r
            e 1 0 1 0
            end

            """
        #expect(throws: Never.self) { try GraphCache.decode(Array(good.utf8)) }
        var lines = good.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        lines[line - 1] = text
        let error = #expect(throws: GraphCacheError.self) {
            try GraphCache.decode(Array(lines.joined(separator: "\n").utf8))
        }
        #expect(error?.line == line)
    }
}
