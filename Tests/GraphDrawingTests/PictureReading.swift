import DependencyGraph
import TerminalDrawing

@testable import GraphDrawing

/// Reads a frame back and compares it with the graph that it was drawn of, down to what is left out.
struct PictureReading {
    private let graph: PackageGraph
    private let current: [Int]
    private let frame: Frame
    private let lines: [String]
    private let glyphs: GlyphSet

    struct Difference: Error, CustomStringConvertible { var description: String }

    /// - Parameter glyphs: the characters that it was drawn with.
    init(_ graph: PackageGraph, _ current: [Int], _ frame: Frame, glyphs: GlyphSet = .unicode) {
        (self.graph, self.current, self.frame, self.glyphs) = (graph, current, frame, glyphs)
        let lines = Array(frame.title.isEmpty ? frame.lines[...] : frame.lines.dropFirst())
        self.lines =
            switch (glyphs, frame.form) {
            case (.unicode, _): lines
            case (.ascii, .lanes): AsciiPicture.lanes(lines)
            case (.ascii, .summary): AsciiPicture.words(lines)
            case (.ascii, _): AsciiPicture.picture(lines)
            }
    }

    func check() throws {
        switch frame.form {
        case .boxes, .labels:
            let reader = try PictureReader(lines, mayRepeat: glyphs == .ascii)
            guard reader.areApart else { throw Difference(description: "boxes overlap") }
            let distance = Ladder.budgets[frame.memory.rank].distance
            try check(reader.names, try reader.links(), showsKinds: true, distance: distance)
        case .lanes:
            let reader = try LaneReader(lines)
            let links = reader.links.map {
                PictureReader.Link(dependency: $0.dependency, dependent: $0.dependent, kind: "b")
            }
            try check(reader.names, Set(links), showsKinds: false, distance: 1)
        case .summary: try checkSummary()
        case .nothing: throw Difference(description: "nothing is drawn")
        }
    }

    /// What a reader sees of a picture.
    private struct Seen {
        var names: [String]
        var links: Set<PictureReader.Link>
        /// The package of each item that is one.
        var nodes: [Int: Int]
        /// The packages of each chain, from the first one on.
        var chains: [Int: [Int]] = [:]
        var showsKinds: Bool

        var packages: Set<Int> { Set(nodes.values).union(chains.values.joined()) }
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
        guard nodes.values.sorted() == frame.nodes.sorted(), Set(current).isSubset(of: nodes.values) else {
            throw Difference(description: "other packages than those that are shown")
        }
        let marks: [EdgeKind: Character] = [.build: "b", .run: "r", .post: "p", .maybe: "m"]
        let shown = Set(frame.edges.map { text($0.from, $0.to, showsKinds ? marks[$0.kind] : nil) })
        let read = Set(
            links.compactMap { link in
                nodes[link.dependent].flatMap { from in
                    nodes[link.dependency].map { text(from, $0, showsKinds ? link.kind : nil) }
                }
            })
        guard read == shown else { throw Difference(description: "\(read.symmetricDifference(shown)) differ") }
        for (item, node) in nodes where !current.contains(node) {
            guard links.contains(where: { $0.dependent == item || $0.dependency == item }) else {
                throw Difference(description: "\(names[item]) hangs in the air")
            }
        }
        let seen = Seen(names: names, links: links, nodes: nodes, showsKinds: showsKinds)
        // A chain says how many packages it has, and not which: the picture is right when it is so for some of them.
        var difference: (any Error)?
        for chains in try chains(seen) {
            var seen = seen
            seen.chains = chains
            do {
                try checkLines(seen)
                return try checkRests(seen, distance: distance)
            } catch { difference = error }
        }
        throw difference ?? Difference(description: "a chain is none")
    }

    private func text(_ from: Int, _ to: Int, _ kind: Character?) -> String {
        "\(graph.nodes[from].cpv) > \(graph.nodes[to].cpv)\(kind.map { " \($0)" } ?? "")"
    }

    /// Every line is a dependency of the graph, of its kind; every dependency between two packages that are shown is a line,
    /// or follows from a path of lines.
    private func checkLines(_ seen: Seen) throws {
        let truth = GraphTruth(graph)
        var lines: Set<GraphTruth.Pair> = []
        for chain in seen.chains.values {
            for (from, to) in zip(chain.dropFirst(), chain) { lines.insert(.init(from: from, to: to)) }
        }
        for link in seen.links {
            guard let from = seen.nodes[link.dependent] ?? seen.chains[link.dependent]?.first,
                let to = seen.nodes[link.dependency] ?? seen.chains[link.dependency]?.last
            else { continue }
            let pair = GraphTruth.Pair(from: from, to: to)
            guard let kind = truth.kind(pair), !seen.showsKinds || kind == link.kind else {
                throw Difference(description: "\(text(from, to, link.kind)) is not in the graph")
            }
            lines.insert(pair)
        }
        let lost = truth.lost(among: seen.packages, lines: lines)
        guard lost.isEmpty else {
            throw Difference(description: "not to be seen: \(lost.map { text($0.from, $0.to, truth.kind($0)) })")
        }
    }

    /// Each `+N more` is the number that counting gives.
    private func checkRests(_ seen: Seen, distance: Int) throws {
        let leftOut = LeftOut(graph, current: current, shown: seen.packages)
        let counted = try seen.names.indices.filter { seen.names[$0].hasPrefix("+") }.map { try rest($0, seen) }
        func plain(_ rests: [LeftOut.Rest]) -> [LeftOut.Rest] {
            guard !seen.showsKinds else { return rests }
            return rests.map { rest in
                var rest = rest
                rest.joins = rest.joins.mapValues { _ in "b" }
                return rest
            }
        }
        let (near, far) = (plain(leftOut.rests(distance: 1)), plain(leftOut.rests(distance: 2)))
        let expected = distance == 0 ? [] : distance == 1 ? near : near + far
        guard expected.allSatisfy(counted.contains), counted.allSatisfy((near + far).contains),
            Set(counted).count == counted.count
        else { throw Difference(description: "\(counted) is counted, and not \(expected)") }
    }

    /// What the chains of a picture can be: all choices of packages that nothing else shows.
    private func chains(_ seen: Seen) throws -> [[Int: [Int]]] {
        let shown = Set(seen.nodes.values)
        var choices: [[Int: [Int]]] = [[:]]
        for item in seen.names.indices where seen.names[item].hasPrefix("(") {
            let upper = seen.links.filter { $0.dependent == item }.map(\.dependency)
            let lower = seen.links.filter { $0.dependency == item }.map(\.dependent)
            guard upper.count == 1, lower.count == 1, let count = Int(seen.names[item].dropFirst().dropLast()),
                count > 1
            else { throw Difference(description: "\(seen.names[item]) is no chain") }
            // A rest may stand at the end of a chain.
            let found = GraphTruth(graph).chains(
                count, from: seen.nodes[upper[0]], to: seen.nodes[lower[0]], outside: shown)
            choices = choices.flatMap { choice in
                let taken = Set(choice.values.joined())
                return found.filter { taken.isDisjoint(with: $0) }.map { chain in
                    choice.merging([item: chain]) { $1 }
                }
            }
        }
        return choices
    }

    /// What `+N more` says: how many, on which side, and of whom.
    private func rest(_ item: Int, _ seen: Seen) throws -> LeftOut.Rest {
        let (name, links) = (seen.names[item], seen.links)
        let words = name.split(separator: " ")
        guard words.count == 2, ["more", "installed"].contains(words[1]), let count = Int(words[0].dropFirst()) else {
            throw Difference(description: "\(name) is no number")
        }
        let below = links.filter { $0.dependency == item }
        let above = links.filter { $0.dependent == item }
        guard below.isEmpty != above.isEmpty else { throw Difference(description: "\(name) is on no side") }
        var joins: [Int: Character] = [:]
        for link in below.isEmpty ? above : below {
            let other = below.isEmpty ? link.dependency : link.dependent
            // Of a chain it is the end.
            let end = below.isEmpty ? seen.chains[other]?.last : seen.chains[other]?.first
            guard let node = seen.nodes[other] ?? end else {
                throw Difference(description: "\(name) joins \(seen.names[other])")
            }
            joins[node] = seen.showsKinds ? link.kind : "b"
        }
        return LeftOut.Rest(
            count: count, isInstalled: words[1] == "installed", isDependency: !below.isEmpty, joins: joins)
    }

    /// `needs a b (+4) → [c] → unblocks d`, in one line or in three.
    private func checkSummary() throws {
        let text = lines.joined(separator: " ")
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
        guard seen == rests.count || (seen == 0 && lines.count == 1) else {
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
