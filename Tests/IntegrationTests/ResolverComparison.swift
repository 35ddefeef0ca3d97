import FoundationEssentials
import PortageAPI
import Posix
import Testbed
import Testing

/// Our graph of a merge list beside that of Portage's resolver for the same request: the edges between its packages.
struct ResolverComparison {
    private struct Pair: Hashable {
        let from: String
        let to: String
        var text: String { "\(from) > \(to)" }
    }

    /// Packages of the merge list.
    let packages: Int
    /// Edges of the resolver.
    let edges: Int
    /// The part of the resolver's edges that we have.
    let recall: Double
    /// The part of the edges of which we are sure that the resolver has.
    let precision: Double
    /// Edges of which we are not sure.
    let maybe: [String]
    /// What differs: edges that we lack, edges that we should not have, and kinds.
    let differences: [String]

    /// Compares what `depgraph` says with what the script `resolver-graph.py` printed.
    init(_ report: DependencyReport, resolver text: String) throws {
        func name(_ root: some StringProtocol, _ cpv: some StringProtocol) -> String { "\(cpv) in \(root)" }
        var theirs: [Pair: Set<String>] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            try #require(words.count == 6, "\(line)")
            theirs[Pair(from: name(words[0], words[1]), to: name(words[2], words[3]))] =
                Set(words[4].split(separator: ",").map(String.init))
        }
        let names = report.nodes.map { name($0.root, $0.cpv) }
        let listed = Set(zip(report.nodes, names).filter { $0.0.state == .waiting }.map(\.1))
        theirs = theirs.filter { listed.contains($0.key.from) && listed.contains($0.key.to) }
        var ours: [Pair: DependencyReport.Edge] = [:]
        for edge in report.edges {
            let pair = Pair(from: names[edge.from], to: names[edge.to])
            if listed.contains(pair.to) { ours[pair] = edge }
        }
        let sure = ours.filter { !$0.value.maybe }
        let right = sure.filter { theirs[$0.key] != nil }
        let found = theirs.filter { ours[$0.key] != nil }
        packages = listed.count
        edges = theirs.count
        recall = theirs.isEmpty ? 1 : Double(found.count) / Double(theirs.count)
        precision = sure.isEmpty ? 1 : Double(right.count) / Double(sure.count)
        maybe = ours.filter(\.value.maybe).map(\.key.text).sorted()
        let times: [DependencyReport.Kind: String] = [
            .BDEPEND: "buildtime", .DEPEND: "buildtime", .RDEPEND: "runtime", .PDEPEND: "runtime_post",
            .IDEPEND: "installtime",
        ]
        let lacking = theirs.keys.filter { ours[$0] == nil }.map { "lacking: " + $0.text }
        let wrong = sure.keys.filter { theirs[$0] == nil }.map { "wrong: " + $0.text }
        let kinds = ours.compactMap { pair, edge -> String? in
            guard let kinds = theirs[pair], kinds != Set(edge.kinds.compactMap { times[$0] }) else { return nil }
            return "kinds: \(pair.text): \(edge.kinds), not \(kinds.sorted())"
        }
        differences = (lacking + wrong + kinds).sorted()
    }
}

extension Machine {
    /// Resolves a request with Portage's resolver, lets `depgraph show` read the merge list of it, and compares.
    func compareWithResolver(
        _ arguments: [String], environment: [String: String] = [:]
    ) async throws -> ResolverComparison {
        let (report, resolver) = try await resolve(arguments, environment: environment)
        return try ResolverComparison(report, resolver: resolver)
    }

    /// The graph of a request's merge list, which stays in `tmp/mtimedb`, and the resolver's edges as text.
    func resolve(
        _ arguments: [String], environment: [String: String] = [:]
    ) async throws -> (report: DependencyReport, resolver: String) {
        let list = prefix + "/tmp/mtimedb"
        let script = Testbed.checkout + "/Tests/Testbed/resolver-graph.py"
        let resolver = try await run(["python3", script, list] + arguments, environment: environment)
        try #require(resolver.succeeded, "\(resolver.text)")
        let report = try await graph(["--mtimedb", list], environment: environment)
        return (report, resolver.stdout)
    }

    /// The graph that `depgraph show` prints as JSON.
    func graph(_ arguments: [String], environment: [String: String] = [:]) async throws -> DependencyReport {
        let shown = try await run(["depgraph", "show", "--format", "json"] + arguments, environment: environment)
        try #require(shown.succeeded, "\(shown.text)")
        return try JSONDecoder().decode(DependencyReport.self, from: Data(shown.stdout.utf8))
    }
}
