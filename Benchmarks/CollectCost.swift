import ArgumentParser
import Posix
import Testbed

/// `depgraph collect` on a long real merge list, against `emerge --pretend` for the same request.
struct CollectCost: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "collect", abstract: "depgraph collect on about 150 packages, against emerge --pretend.",
        discussion: "Needs the folder that PORTMANTEAU_REAL_TREE names.")

    @Option(help: "Pairs of runs.")
    var pairs = 10

    func run() async throws {
        print("depgraph collect against emerge --pretend for the same request, \(pairs) pairs")
        guard let tree = RealTree.folder else {
            print("  not run: no real tree")
            return
        }
        let testbed = try await Testbed.shared()
        try await testbed.withMachine("bench-collect") { machine in
            try await machine.useRealTree(tree, breakCycles: true)
            try await machine.installPortmanteau(enable: false)
            let request = ["--with-bdeps=y", "--autounmask=n", "dev-build/cmake", "dev-vcs/git"]
            let script = Testbed.checkout + "/Tests/Testbed/resolver-graph.py"
            let list = machine.prefix + "/var/cache/edb/mtimedb"
            try Files.makeDirectories(machine.path("var/cache/edb"))
            _ = try await seconds(machine, ["python3", script, list] + request)
            func collect() async throws -> Double {
                try await seconds(machine, ["depgraph", "collect", "--emerge", "1-1"])
            }
            func pretend() async throws -> Double { try await seconds(machine, ["emerge", "-pq"] + request) }
            _ = try await (collect(), pretend())
            var figures: [(first: Double, second: Double)] = []
            for pair in 0..<pairs {
                if pair % 2 == 0 {
                    let collected = try await collect()
                    figures.append((collected, try await pretend()))
                } else {
                    let resolved = try await pretend()
                    figures.append((try await collect(), resolved))
                }
            }
            let paired = PairedFigures(pairs: figures)
            let packages = try machine.read("var/cache/edb/mtimedb").split(separator: "\"merge\"").count - 1
            row("emerge --pretend, \(packages) packages, median", "\(fixed(median(figures.map(\.second)))) s")
            row("depgraph collect, median", "\(fixed(median(figures.map(\.first)))) s")
            row(
                "ratio", fixed(paired.ratio, 3),
                "(95 %: \(fixed(paired.interval.lowerBound, 3)) to \(fixed(paired.interval.upperBound, 3)); bound: 0.5)"
            )
        }
    }

    private func seconds(_ machine: Machine, _ command: [String]) async throws -> Double {
        let output = try await machine.run(command, timeout: .seconds(300))
        guard output.succeeded else {
            throw ValidationError("\(command.joined(separator: " ")) failed:\n" + output.text.suffix(3000))
        }
        return Double(output.duration.components.seconds) + Double(output.duration.components.attoseconds) / 1e18
    }
}
