import ArgumentParser
import BinpkgService
import Glibc
import Posix

/// What a key lookup costs in a store of many packages.
struct StoreCost: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store", abstract: "A key lookup in a store of 100,000 packages.")

    @Option(help: "How many packages.")
    var packages = 100_000

    @Option(help: "How many lookups.")
    var lookups = 5000

    func run() async throws {
        let directory = "/tmp/portmanteau-bench-\(getpid())"
        try Files.makeDirectories(directory)
        let trial = try StoreTrial(path: directory + "/store.sqlite")
        try await trial.fill(packages)
        let times = try await trial.lookUp(lookups, of: packages).sorted()
        try Files.removeTree(directory)
        guard let worst = times.last else { return }
        print("store of \(packages) packages, \(lookups) lookups of a key with its predicate")
        row("median", fixed(median(times) * 1000, 3) + " ms", "goal: 1 ms at most")
        row("99 of 100 within", fixed(times[times.count * 99 / 100] * 1000, 3) + " ms")
        row("slowest", fixed(worst * 1000, 3) + " ms")
    }
}
