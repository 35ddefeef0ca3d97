import ArgumentParser
import Posix
import Testbed

/// A merge of twenty packages with the real dependencies of ::gentoo, hooks on and off in turns.
struct MergeCost: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge", abstract: "An emerge of 20 packages with real dependencies, hooks on and off.",
        discussion: "Needs the folder that PORTMANTEAU_REAL_TREE names.")

    @Option(help: "Pairs of merges.")
    var pairs = 10

    @Option(help: "Packages of each merge.")
    var packages = 20

    func run() async throws {
        print("merge of \(packages) packages of ::gentoo (stubs with real dependencies), \(pairs) pairs")
        guard let tree = RealTree.folder else {
            print("  not run: no real tree")
            return
        }
        let testbed = try await Testbed.shared()
        try await testbed.withMachine("bench-merge") { machine in
            try await machine.useRealTree(tree, breakCycles: true)
            let list = try await mergeList(machine)
            let arguments = ["-q", "--oneshot", "--autounmask=n"] + list.map { "=" + $0 }
            try await machine.installPortmanteau()
            let hook = machine.prefix + "/usr/libexec/portmanteau/portage-hook"
            func run(hooks: Bool) async throws -> Double {
                _ = try await machine.run([hook, hooks ? "enable" : "disable"])
                return try await seconds(of: machine, arguments)
            }
            _ = try await run(hooks: true)
            var figures: [(Double, Double)] = []
            for pair in 0..<pairs {
                if pair % 2 == 0 {
                    let on = try await run(hooks: true)
                    figures.append((on, try await run(hooks: false)))
                } else {
                    let off = try await run(hooks: false)
                    figures.append((try await run(hooks: true), off))
                }
                if let (on, off) = figures.last { print("  pair \(pair + 1): on \(fixed(on)) s, off \(fixed(off)) s") }
            }
            let paired = PairedFigures(pairs: figures.map { (first: $0.0, second: $0.1) })
            row("hooks off, median", "\(fixed(median(figures.map(\.1)))) s")
            row("hooks on, median", "\(fixed(median(figures.map(\.0)))) s")
            row(
                "ratio on/off", fixed(paired.ratio, 3),
                "(95 %: \(fixed(paired.interval.lowerBound, 3)) to \(fixed(paired.interval.upperBound, 3)))")
        }
    }

    /// The first packages of a real merge list: each has all it needs before it.
    private func mergeList(_ machine: Machine) async throws -> [String] {
        let output = try await machine.emerge(
            ["-pq", "--with-bdeps=y", "--autounmask=n", "dev-build/cmake", "dev-vcs/git"], timeout: .seconds(300))
        let list = output.stdout.split(separator: "\n").compactMap { line -> String? in
            guard line.hasPrefix("["), let bracket = line.firstIndex(of: "]") else { return nil }
            return line[line.index(after: bracket)...].split(separator: " ").first.map(String.init)
        }
        guard list.count >= packages else { throw ValidationError("the merge list is too short:\n\(output.text)") }
        return Array(list.prefix(packages)).map { $0.split(separator: "::").first.map(String.init) ?? $0 }
    }
}
