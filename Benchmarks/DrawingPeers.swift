import ArgumentParser
import DependencyGraph
import Posix
import Subprocess
import SystemPackage
import Testbed

/// The ASCII artist of Perl.
enum GraphEasy {
    /// Its picture, dependencies first; nil when it is not installed.
    static func draw(_ graph: PackageGraph) async throws -> [String]? {
        guard Files.exists("/usr/bin/graph-easy") else { return nil }
        var text = "graph { flow: south; }\n"
        for node in graph.nodes { text += "[ \(node.cpv) ]\n" }
        for edge in graph.edges { text += "[ \(graph.nodes[edge.to].cpv) ] --> [ \(graph.nodes[edge.from].cpv) ]\n" }
        let result = try await Subprocess.run(
            .path("/usr/bin/graph-easy"), arguments: ["--as=boxart"], environment: .inherit, input: .string(text),
            output: .string(limit: 1 << 22), error: .discarded)
        let lines = result.standardOutput.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.drop { $0.isEmpty }.reversed().drop { $0.isEmpty }.reversed().map(String.init)
    }

    /// What its lines join, by the names in its boxes: where a line crosses another it goes straight on.
    static func edges(of picture: [String], _ graph: PackageGraph) -> Set<[Int]> {
        LineReader(picture, graph).edges()
    }
}

/// Follows lines from boxes to the heads of arrows.
private struct LineReader {
    private struct Box {
        var node: Int
        var rows: ClosedRange<Int>
        var columns: ClosedRange<Int>
    }

    private struct Step: Hashable {
        var row: Int
        var column: Int
        /// Where it goes: rows down, columns right.
        var down: Int
        var right: Int
    }

    private static let north = 1, east = 2, south = 4, west = 8
    private static let masks: [Character: Int] = [
        "└": 3, "│": 5, "┌": 6, "├": 7, "┘": 9, "─": 10, "┴": 11, "┐": 12, "┤": 13, "┬": 14, "┼": 15,
    ]
    private static let heads: Set<Character> = ["∨", "∧", ">", "<", "v", "^"]

    private let cells: [[Character]]
    private var boxes: [Box] = []

    init(_ picture: [String], _ graph: PackageGraph) {
        cells = picture.map(Array.init)
        for (node, package) in graph.nodes.enumerated() {
            let name = Array(" " + package.cpv + " ")
            for (row, line) in cells.enumerated() where line.count >= name.count {
                guard
                    let start = (0...(line.count - name.count)).first(where: {
                        Array(line[$0..<($0 + name.count)]) == name
                    })
                else { continue }
                guard let box = box(around: row, start, node) else { continue }
                boxes.append(box)
            }
        }
    }

    private func cell(_ row: Int, _ column: Int) -> Character {
        cells.indices.contains(row) && cells[row].indices.contains(column) ? cells[row][column] : " "
    }

    /// The frame around a name: its sides are the first bars left and right, its corners end them.
    private func box(around row: Int, _ column: Int, _ node: Int) -> Box? {
        guard let left = (0...column).last(where: { cell(row, $0) == "│" }),
            let right = cells[row][(column + 1)...].firstIndex(of: "│")
        else { return nil }
        guard let top = (0...row).last(where: { cell($0, left) == "┌" }),
            let bottom = (row..<cells.count).first(where: { cell($0, left) == "└" })
        else { return nil }
        return Box(node: node, rows: top...bottom, columns: left...right)
    }

    private func box(at row: Int, _ column: Int) -> Int? {
        boxes.firstIndex { $0.rows.contains(row) && $0.columns.contains(column) }
    }

    func edges() -> Set<[Int]> {
        var result: Set<[Int]> = []
        for box in boxes {
            var starts: [Step] = []
            for column in box.columns {
                starts.append(Step(row: box.rows.lowerBound - 1, column: column, down: -1, right: 0))
                starts.append(Step(row: box.rows.upperBound + 1, column: column, down: 1, right: 0))
            }
            for row in box.rows {
                // Beside a box there is a space before a line that goes on.
                for (edge, right) in [(box.columns.lowerBound, -1), (box.columns.upperBound, 1)] {
                    let gap = cell(row, edge + right) == " " ? 2 : 1
                    starts.append(Step(row: row, column: edge + gap * right, down: 0, right: right))
                }
            }
            for start in starts where !Self.heads.contains(cell(start.row, start.column)) {
                for target in follow(start) where boxes[target].node != box.node {
                    result.insert([boxes[target].node, box.node])
                }
            }
        }
        return result
    }

    private func follow(_ start: Step) -> Set<Int> {
        var found: Set<Int> = []
        var seen: Set<Step> = []
        var steps = [start]
        while let step = steps.popLast() {
            guard seen.insert(step).inserted else { continue }
            let glyph = cell(step.row, step.column)
            if Self.heads.contains(glyph) {
                let near = (1...2).compactMap { box(at: step.row + $0 * step.down, step.column + $0 * step.right) }
                if let target = near.first { found.insert(target) }
                continue
            }
            guard let mask = Self.masks[glyph] else { continue }
            let back =
                step.down == 1 ? Self.north : step.down == -1 ? Self.south : step.right == 1 ? Self.west : Self.east
            guard mask & back != 0, box(at: step.row, step.column) == nil else { continue }
            for (side, down, right) in [
                (Self.north, -1, 0), (Self.south, 1, 0), (Self.east, 0, 1), (Self.west, 0, -1),
            ] where mask & side != 0 && side != back {
                if mask == 15, down != step.down || right != step.right { continue }
                steps.append(Step(row: step.row + down, column: step.column + right, down: down, right: right))
            }
        }
        return found
    }
}

/// Portage's own picture of a merge list.
enum EmergeTree {
    /// What `emerge --pretend --tree` prints for packages with these dependencies.
    static func draw(_ graph: PackageGraph, on machine: Machine) async throws -> [String] {
        let repository = "var/db/repos/drawing"
        try Files.removeTree(machine.path(repository))
        var needed = Set(graph.nodes.indices)
        for edge in graph.edges { needed.remove(edge.to) }
        for (index, node) in graph.nodes.enumerated() {
            let dependencies = graph.edges.filter { $0.from == index }
            func atoms(_ kind: DependencyKinds) -> String {
                dependencies.filter { !$0.kinds.isDisjoint(with: kind) }.map { "=" + graph.nodes[$0.to].cpv }
                    .joined(separator: " ")
            }
            let category = node.cpv.prefix { $0 != "/" }
            let name = node.cpv.dropFirst(category.count + 1)
            let package = name.prefix(upTo: name.lastIndex(of: "-") ?? name.endIndex)
            try machine.write(
                "\(repository)/\(category)/\(package)/\(name).ebuild",
                """
                EAPI=8
                DESCRIPTION="A node"
                SLOT=0
                KEYWORDS="amd64 ~amd64"
                BDEPEND="\(atoms(.bdepend))"
                DEPEND="\(atoms(.depend))"
                RDEPEND="\(atoms(.rdepend))"

                """)
        }
        let categories = Set(graph.nodes.map { String($0.cpv.prefix { $0 != "/" }) }).sorted()
        try machine.write("\(repository)/profiles/repo_name", "drawing\n")
        try machine.write("\(repository)/profiles/categories", categories.map { $0 + "\n" }.joined())
        try machine.write("\(repository)/metadata/layout.conf", "masters =\nthin-manifests = true\n")
        try machine.write(
            "etc/portage/repos.conf/drawing.conf", "[drawing]\nlocation = \(machine.prefix)/\(repository)\n")
        let output = try await machine.emerge(
            ["--pretend", "--tree", "--color=n", "--with-bdeps=y"] + needed.sorted().map { "=" + graph.nodes[$0].cpv },
            environment: ["COLUMNS": "200"])
        let lines = output.stdout.split(separator: "\n").map(String.init).filter { $0.hasPrefix("[") }
        guard !lines.isEmpty else { throw ValidationError("emerge --tree failed:\n\(output.text)") }
        return lines
    }

    /// A line that is indented below another is needed by it.
    static func edges(of tree: [String], _ graph: PackageGraph) -> Set<[Int]> {
        var result: Set<[Int]> = []
        var path: [(indent: Int, node: Int)] = []
        for line in tree {
            guard let bracket = line.firstIndex(of: "]") else { continue }
            let rest = line[line.index(after: bracket)...]
            let indent = rest.prefix { $0 == " " }.count
            let cpv = rest.dropFirst(indent).prefix { $0 != " " && $0 != ":" }
            guard let node = graph.nodes.firstIndex(where: { $0.cpv == cpv }) else { continue }
            while let last = path.last, last.indent >= indent { path.removeLast() }
            if let parent = path.last { result.insert([parent.node, node]) }
            path.append((indent, node))
        }
        return result
    }
}
