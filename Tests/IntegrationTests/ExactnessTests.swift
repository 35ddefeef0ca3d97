import DependencyGraph
import PortageAPI
import Posix
import Testbed
import Testing

/// The edges of `depgraph` are those of Portage's resolver for the same request.
@Suite struct ExactnessTests {
    @Test func `the packages of the testbed have the resolver's edges`() async throws {
        try await Testbed.shared().withMachine("exact-testbed") { machine in
            try await machine.installPortmanteau(enable: false)
            let compared = try await machine.compareWithResolver([
                "app-demo/orchestra", "app-demo/chain", "app-demo/delta", "app-demo/fan", "app-demo/lantern",
                "app-demo/party", "app-demo/tapestry", "lib-demo/sun",
            ])
            #expect(compared.packages > 35 && compared.edges > 35, "\(compared)")
            #expect(compared.differences == [])
            // party needs the one or the other, and both are in the list.
            #expect(compared.maybe.count == 2 && compared.maybe.allSatisfy { $0.hasPrefix("app-demo/party-1.0 in ") })
        }
    }

    /// A request, and the edges that only the resolver's history explains.
    private static let hard: [(request: String, maybe: [String])] = [
        ("hard/any hard/any-b", []),
        (
            "hard/a hard/b hard/only-one hard/group hard/any",
            [
                "hard/any-1 > hard/a-1", "hard/any-1 > hard/b-1", "hard/group-1 > hard/a-1", "hard/group-1 > hard/b-1",
                "hard/group-1 > hard/c-1",
            ]
        ),
        ("hard/itself hard/flags", []),
        ("hard/wants-virtual hard/b", []),
        ("hard/slot-any hard/slot-low hard/slot-both", []),
        ("hard/slot-operator hard/slot-one hard/slot-star hard/slot-or", []),
        ("hard/kinds hard/ping hard/cycle hard/blocks hard/older", []),
    ]

    @Test func `choices, slots, cycles and kinds are the resolver's, and what is not known is marked`() async throws {
        try await Testbed.shared().withMachine("exact-hard") { machine in
            try machine.useHardPackages()
            try await machine.installPortmanteau(enable: false)
            for (request, maybe) in Self.hard {
                let compared = try await machine.compareWithResolver(request.split(separator: " ").map(String.init))
                #expect(compared.differences == [], "\(request)")
                let listed = compared.maybe.map { $0.replacing(" in \(machine.prefix)/", with: "") }
                #expect(maybe.isEmpty ? listed.allSatisfy { $0.contains("slot-or") } : listed == maybe, "\(request)")
            }
            // Packages on two roots: the tools of the running one, the libraries of the other.
            let root = ["ROOT": machine.prefix + "/mnt"]
            for (options, environment) in [
                ([], root), ([], root.merging(["SYSROOT": machine.prefix + "/mnt"]) { $1 }),
                (["--root-deps=rdeps"], root),
            ] as [([String], [String: String])] {
                let (report, text) = try await machine.resolve(
                    options + ["hard/cross", "hard/older", "hard/flags"], environment: environment)
                let compared = try ResolverComparison(report, resolver: text)
                #expect(compared.differences == [] && compared.maybe == [], "\(options)")
                #expect(Set(report.nodes.map(\.root)).count == 2)
                let tools = report.nodes.filter { $0.cpv == "hard/tool-1" }
                #expect(tools.map(\.root) == [machine.prefix + "/"])
            }
            // An installed slot, and binary packages: what they were built with is only wanted, and only when asked for.
            let built = try await machine.emerge([
                "-q", "--oneshot", "--nodeps", "--buildpkg", "hard/slotted:1", "hard/cross", "hard/slot-operator",
                "hard/old", "=hard/renewed-1",
            ])
            #expect(built.succeeded, "\(built.text)")
            #expect(try await machine.run(["emerge", "-qC", "hard/cross", "hard/slot-operator"]).succeeded)
            for request in [["hard/slot-both", "hard/slotted:2"], ["-k", "hard/cross", "hard/slot-operator"]] {
                let compared = try await machine.compareWithResolver(request)
                #expect(compared.differences == [] && compared.maybe == [], "\(request)")
            }
            // What is blocked is no dependency, be it that it goes or that it is replaced.
            let (blocking, text) = try await machine.resolve(["hard/blocks", "hard/renewed"])
            #expect(try ResolverComparison(blocking, resolver: text).differences == [])
            #expect(blocking.nodes.map(\.cpv).sorted() == ["hard/blocks-1", "hard/c-1", "hard/renewed-2"])
            #expect(blocking.edges.map { blocking.nodes[$0.to].cpv } == ["hard/c-1"])
            let wanted = try await machine.compareWithResolver(["-k", "--with-bdeps=y", "hard/cross"])
            #expect(wanted.differences == [])
            #expect(wanted.maybe.map { $0.prefix { $0 != " " } } == ["hard/cross-1"])
        }
    }

    @Test func `three long merge lists of the real tree have the resolver's edges`() async throws {
        guard let data = RealTree.folder else {
            print("not run: no real tree (PORTMANTEAU_REAL_TREE names none)")
            return
        }
        try await Testbed.shared().withMachine("exact-real") { machine in
            try await machine.useRealTree(data, breakCycles: true)
            try await machine.installPortmanteau(enable: false)
            for request in [
                "dev-build/cmake dev-vcs/git", "app-containers/docker app-text/asciidoc",
                "dev-debug/gdb net-firewall/nftables app-editors/vim",
            ] {
                let arguments = ["--with-bdeps=y", "--autounmask=n"] + request.split(separator: " ").map(String.init)
                let (report, text) = try await machine.resolve(arguments)
                let compared = try ResolverComparison(report, resolver: text)
                #expect(compared.packages > 100 && compared.edges > 400, "\(request)")
                #expect(compared.recall >= 0.995 && compared.precision >= 0.995, "\(compared.differences)")
                // In fact they are the same, and we are sure of all.
                #expect(compared.differences == [] && compared.maybe == [])
                try await self.expectTheSame(report, collectedOn: machine)
            }
        }
    }

    /// What `depgraph collect` writes for the hook is the graph that `depgraph show` prints.
    private func expectTheSame(_ report: DependencyReport, collectedOn machine: Machine) async throws {
        let list = try machine.read("tmp/mtimedb")
        try machine.write("var/cache/edb/mtimedb", list)
        let collect = try await machine.run(["depgraph", "collect", "--emerge", "7-70"])
        try #require(collect.succeeded, "\(collect.text)")
        let graph = try GraphCache.decode(Files.read(machine.path("var/cache/portmanteau/graphs/7-70.graph"))).graph
        #expect(graph.nodes.map(\.cpv) == report.nodes.map(\.cpv))
        #expect(graph.edges.map { [$0.from, $0.to] } == report.edges.map { [$0.from, $0.to] })
        #expect(graph.edges.map(\.kinds.names) == report.edges.map { $0.kinds.map(\.rawValue) })
        #expect(try machine.read("var/cache/edb/mtimedb") == list)
    }
}
