import ArgumentParser
import DependencyGraph
import Glibc
import Posix
import Testbed

/// What `depgraph emerge` costs: a merge with and without it in a real terminal, and what the view itself takes of the
/// processor and of memory while nothing changes, with a graph of thousands of packages.
struct LiveCost: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "live",
        abstract: "depgraph emerge against emerge of 20 packages, and the view's own CPU and memory.")

    @Option(help: "Pairs of merges; none with 0.")
    var pairs = 10

    @Option(help: "Packages of the large graph.")
    var packages = 5000

    @Option(help: "Seconds of rest.")
    var rest = 20

    /// Twenty packages of the test repository.
    private static let list =
        ["tempo", "score", "violin", "cello", "flute", "horn", "drum", "conductor"].map { "lib-demo/" + $0 }
        + "abcdefghijkl".map { "lib-demo/blade-\($0)" }

    func run() async throws {
        print("depgraph emerge of \(Self.list.count) packages in a terminal of 100x40, \(pairs) pairs")
        let testbed = try await Testbed.shared()
        try await testbed.withMachine("bench-live") { machine in
            try await machine.installPortmanteau(enable: false)
            try await machine.withTerminal(columns: 100, rows: 40) { terminal in
                if pairs > 0 { try await merges(machine, terminal) }
                for count in [150, packages] { try await resting(machine, terminal, count) }
            }
        }
    }

    private func merges(_ machine: Machine, _ terminal: Terminal) async throws {
        let arguments = "-1 " + Self.list.joined(separator: " ")
        func run(_ command: String) async throws -> Double {
            try Files.removeTree(machine.path("time"))
            try await terminal.enter(
                "clear; s=$EPOCHREALTIME; \(command) \(arguments); echo $? $s $EPOCHREALTIME > ~/../time.new; "
                    + "mv ~/../time.new ~/../time")
            guard
                try await eventually(
                    within: .seconds(1200), every: .milliseconds(200), { Files.exists(machine.path("time")) })
            else { throw ValidationError("\(command) did not end within 20 minutes") }
            let words = try machine.read("time").split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
            guard words.count == 3, words[0] == 0 else {
                throw ValidationError("\(command) failed:\n" + (try await terminal.screen()).joined(separator: "\n"))
            }
            return words[2] - words[1]
        }
        _ = try await run("depgraph emerge")
        var figures: [(first: Double, second: Double)] = []
        for pair in 0..<pairs {
            if pair % 2 == 0 {
                let live = try await run("depgraph emerge")
                figures.append((live, try await run("emerge")))
            } else {
                let plain = try await run("emerge")
                figures.append((try await run("depgraph emerge"), plain))
            }
            if let last = figures.last {
                print("  pair \(pair + 1): depgraph emerge \(fixed(last.first)) s, emerge \(fixed(last.second)) s")
            }
        }
        let paired = PairedFigures(pairs: figures)
        row("emerge, median", "\(fixed(median(figures.map(\.second)))) s")
        row("depgraph emerge, median", "\(fixed(median(figures.map(\.first)))) s")
        row(
            "ratio depgraph emerge/emerge", fixed(paired.ratio, 3),
            "(95 %: \(fixed(paired.interval.lowerBound, 3)) to \(fixed(paired.interval.upperBound, 3)))")
    }

    /// The view beside a program that does nothing, but has the name, the list, the log and the graph of an emerge.
    private func resting(_ machine: Machine, _ terminal: Terminal, _ count: Int) async throws {
        try writeStandIn(machine, count)
        // Portage is found by the emerge in PATH, else.
        try await terminal.enter(
            "clear; (export PATH=$HOME/standin:$PATH PORTMANTEAU_PYTHON=\(machine.prefix)/bin/python3; "
                + "exec depgraph emerge \(count))")
        try await terminal.wait(for: "emerge: 0 of \(count) merged")
        guard let view = ProcessChain.all().last(where: { $0.link.arguments == ["depgraph", "emerge", "\(count)"] }),
            let pid = ProcessChain.all().first(where: {
                $0.link.arguments == view.link.arguments && $0.link.pid != view.link.pid
            }).map({ min($0.link.pid, view.link.pid) })
        else { throw ValidationError("the view is not to be found") }
        try await Task.sleep(for: .seconds(3))
        let before = try processorTicks(pid)
        try await Task.sleep(for: .seconds(rest))
        let used = Double(try processorTicks(pid) - before) / Double(sysconf(Int32(_SC_CLK_TCK)))
        row(
            "at rest, \(count) packages: processor", "\(fixed(used / Double(rest) * 100, 2)) %",
            "(of one core, \(rest) s; bound: 2 %)")
        row("at rest, \(count) packages: memory", "\(fixed(try peakMemory(pid), 1)) MB", "(peak; bound: 60 MB)")
        try await terminal.press("C-c")
        try await terminal.wait(for: "packages merged in")
    }

    private func writeStandIn(_ machine: Machine, _ count: Int) throws {
        let root = machine.prefix + "/"
        let nodes = (0..<count).map { PackageNode(cpv: "bench-demo/package-\($0)-1", root: root, repository: "gentoo") }
        var edges: [DependencyEdge] = []
        for from in 1..<count {
            for step in [1, 7, 61] where from >= step {
                edges.append(DependencyEdge(from: from, to: from - step, kinds: [.depend, .rdepend]))
            }
        }
        let cache = GraphCache(graph: PackageGraph(nodes: nodes, edges: edges))
        try machine.write("root/standin/graph", String(decoding: cache.encode(), as: UTF8.self))
        let list = nodes.map { "[\"ebuild\", \"\(root)\", \"\($0.cpv)\", \"merge\"]" }.joined(separator: ", ")
        try machine.write("root/standin/mtimedb", "{\"resume\": {\"mergelist\": [\(list)]}}")
        try machine.write(
            "root/standin/emerge",
            """
            #!/bin/bash
            here=$HOME/standin
            read -r -a fields < /proc/$$/stat
            mkdir -p "$HOME/../var/cache/portmanteau/graphs"
            cp "$here/graph" "$HOME/../var/cache/portmanteau/graphs/$$-${fields[21]}.graph"
            sleep 2
            cp "$here/mtimedb" "$HOME/../var/cache/edb/mtimedb.new"
            mv "$HOME/../var/cache/edb/mtimedb.new" "$HOME/../var/cache/edb/mtimedb"
            echo "${EPOCHSECONDS}:  >>> emerge (\(count / 2) of \(count)) \(nodes[count / 2].cpv) to \(root)" \\
                >> "$HOME/../var/log/emerge.log"
            sleep 600

            """, mode: 0o755)
    }

    private func processorTicks(_ pid: Int32) throws -> Int {
        let text = try Files.readText("/proc/\(pid)/stat", limit: 4096)
        let fields = text.split(separator: ")").last.map { $0.split(separator: " ") } ?? []
        guard fields.count > 12, let user = Int(fields[11]), let system = Int(fields[12]) else {
            throw ValidationError("process \(pid) is gone")
        }
        return user + system
    }

    private func peakMemory(_ pid: Int32) throws -> Double {
        let lines = try Files.readText("/proc/\(pid)/status", limit: 1 << 16).split(separator: "\n")
        let words = lines.first { $0.hasPrefix("VmHWM:") }.map { $0.split(whereSeparator: \.isWhitespace) } ?? []
        return words.count > 1 ? (Double(words[1]) ?? 0) / 1024 : 0
    }
}
