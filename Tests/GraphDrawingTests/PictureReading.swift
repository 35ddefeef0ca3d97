import DependencyGraph

@testable import GraphDrawing

/// Reads a frame back and compares it with the graph that it was drawn of, down to what is left out.
struct PictureReading {
    private let graph: PackageGraph
    private let current: [Int]
    private let frame: Frame

    struct Difference: Error, CustomStringConvertible { var description: String }

    init(_ graph: PackageGraph, _ current: [Int], _ frame: Frame) {
        (self.graph, self.current, self.frame) = (graph, current, frame)
    }

    func check() throws {
        switch frame.form {
        case .boxes, .labels:
            let reader = try PictureReader(frame.lines)
            guard reader.areApart else { throw Difference(description: "boxes overlap") }
            let distance = Ladder.budgets[frame.memory.rank].distance
            try check(reader.names, try reader.links(), showsKinds: true, distance: distance)
        case .lanes:
            let reader = try LaneReader(frame.lines)
            let links = reader.links.map {
                PictureReader.Link(dependency: $0.dependency, dependent: $0.dependent, kind: "b")
            }
            try check(reader.names, Set(links), showsKinds: false, distance: 1)
        case .summary: try checkSummary()
        case .nothing: throw Difference(description: "nothing is drawn")
        }
    }

    /// - Parameter distance: to which distance every rest must be there; one that is further away need not be.
    private func check(
        _ names: [String], _ links: Set<PictureReader.Link>, showsKinds: Bool, distance: Int
    ) throws {
        var nodes: [Int: Int] = [:]
        for (item, name) in names.enumerated() where !name.hasPrefix("+") && !name.hasPrefix("(") {
            guard let node = index(of: name) else { throw Difference(description: "what is \(name)?") }
            nodes[item] = node
        }
        guard nodes.values.sorted() == frame.nodes.sorted() else {
            throw Difference(description: "other packages than those that are shown")
        }
        let marks: [EdgeKind: Character] = [.build: "b", .run: "r", .post: "p", .maybe: "m"]
        func edge(_ from: Int, _ to: Int, _ kind: Character?) -> String {
            "\(graph.nodes[from].cpv) > \(graph.nodes[to].cpv)\(showsKinds ? " \(kind ?? "-")" : "")"
        }
        let shown = Set(frame.edges.map { edge($0.from, $0.to, marks[$0.kind]) })
        let read = Set(
            links.compactMap { link in
                nodes[link.dependent].flatMap { from in nodes[link.dependency].map { edge(from, $0, link.kind) } }
            })
        guard read == shown else { throw Difference(description: "\(read.symmetricDifference(shown)) differ") }
        for (item, node) in nodes where !current.contains(node) {
            guard links.contains(where: { $0.dependent == item || $0.dependency == item }) else {
                throw Difference(description: "\(names[item]) hangs in the air")
            }
        }
        let chained = try chains(names, links, nodes)
        let leftOut = LeftOut(graph, current: current, shown: Set(nodes.values).union(chained))
        let counted = try names.indices.filter { names[$0].hasPrefix("+") }.map {
            try rest($0, names, links, nodes, showsKinds: showsKinds)
        }
        func plain(_ rests: [LeftOut.Rest]) -> [LeftOut.Rest] {
            showsKinds
                ? rests
                : rests.map {
                    .init(count: $0.count, isDependency: $0.isDependency, joins: $0.joins.mapValues { _ in "b" })
                }
        }
        let (near, far) = (plain(leftOut.rests(distance: 1)), plain(leftOut.rests(distance: 2)))
        let expected = distance == 1 ? near : near + far
        guard expected.allSatisfy(counted.contains), counted.allSatisfy((near + far).contains),
            Set(counted).count == counted.count
        else { throw Difference(description: "\(counted) is counted, and not \(expected)") }
    }

    /// The packages in the chains of the picture. Each chain must say how many it has, join the packages before and
    /// after them, and each of its packages must wait and need the one before.
    private func chains(
        _ names: [String], _ links: Set<PictureReader.Link>, _ nodes: [Int: Int]
    ) throws -> Set<Int> {
        let read = names.indices.filter { names[$0].hasPrefix("(") }
        guard !read.isEmpty else { return [] }
        let part = NeighbourhoodFinder(graph, current: Set(current), distance: 2)
            .neighbourhood(Ladder.budgets[frame.memory.rank])
        var left = part.items.compactMap { if case .chain(let nodes) = $0.content { nodes } else { nil } }
        func needs(_ from: Int?, _ to: Int?) -> Bool {
            // A rest may stand at the end of a chain.
            guard let from, let to else { return true }
            return graph.edges.contains { $0.from == from && $0.to == to }
        }
        var chained: Set<Int> = []
        for item in read {
            let upper = links.filter { $0.dependent == item }.map(\.dependency)
            let lower = links.filter { $0.dependency == item }.map(\.dependent)
            let found = left.firstIndex { chain in
                "(\(chain.count))" == names[item] && upper.count == 1 && lower.count == 1
                    && chain.allSatisfy { graph.nodes[$0].state == .waiting }
                    && zip(chain, chain.dropFirst()).allSatisfy { needs($1, $0) }
                    && needs(chain.first, nodes[upper[0]]) && needs(nodes[lower[0]], chain.last)
            }
            guard let found else { throw Difference(description: "\(names[item]) is no chain") }
            chained.formUnion(left.remove(at: found))
        }
        guard left.isEmpty else { throw Difference(description: "a chain is not there") }
        return chained
    }

    /// What `+N more` says: how many, on which side, and of whom.
    private func rest(
        _ item: Int, _ names: [String], _ links: Set<PictureReader.Link>, _ nodes: [Int: Int], showsKinds: Bool
    ) throws -> LeftOut.Rest {
        let words = names[item].split(separator: " ")
        guard words.count == 2, words[1] == "more", let count = Int(words[0].dropFirst()) else {
            throw Difference(description: "\(names[item]) is no number")
        }
        let below = links.filter { $0.dependency == item }
        let above = links.filter { $0.dependent == item }
        guard below.isEmpty != above.isEmpty else { throw Difference(description: "\(names[item]) is on no side") }
        var joins: [Int: Character] = [:]
        for link in below.isEmpty ? above : below {
            let other = below.isEmpty ? link.dependency : link.dependent
            guard let node = nodes[other] else { throw Difference(description: "\(names[item]) joins \(names[other])") }
            joins[node] = showsKinds ? link.kind : "b"
        }
        return LeftOut.Rest(count: count, isDependency: !below.isEmpty, joins: joins)
    }

    /// `needs a b (+4) → [c] → unblocks d`, in one line or in three.
    private func checkSummary() throws {
        let text = frame.lines.joined(separator: " ")
        let rests = LeftOut(graph, current: current, shown: []).rests(distance: 1)
        var seen = 0
        for part in text.split(separator: "→").map({ $0.split(separator: " ").map(String.init) }) {
            guard let first = part.first else { throw Difference(description: "nothing between two arrows") }
            guard first == "needs" || first == "unblocks" else {
                let names = part.joined(separator: " ").dropFirst().dropLast().split(separator: " ").map(String.init)
                guard names.count == current.count, zip(names, current).allSatisfy({ isName($0, of: $1) }) else {
                    throw Difference(description: "\(names) are not the current packages")
                }
                continue
            }
            let all = rests.first { $0.isDependency == (first == "needs") }
            let names = part.dropFirst().filter { index(of: $0) != nil || $0.contains("…") }
            let rest = part.dropFirst(names.count + 1)
            let count = rest.isEmpty ? 0 : Int(rest[rest.startIndex].filter(\.isNumber)) ?? -1
            guard rest.count < 2, let all, names.count + count == all.count else {
                throw Difference(description: "\(part) and not \(all?.count ?? 0)")
            }
            seen += 1
        }
        // Where not even the numbers fit, the name stands alone.
        guard seen == rests.count || (seen == 0 && frame.lines.count == 1) else {
            throw Difference(description: "a side is not there")
        }
    }

    private func index(of name: String) -> Int? { graph.nodes.indices.first { isName(name, of: $0) } }

    /// Names of the samples are unique without category and version.
    private func isName(_ name: String, of node: Int) -> Bool {
        let cpv = graph.nodes[node].cpv
        return cpv == name || cpv.dropLast(2) == name
            || cpv.dropLast(2).split(separator: "/").last.map(String.init) == name
    }
}
