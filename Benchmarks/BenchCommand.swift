import ArgumentParser
import Glibc
import Testbed

/// Measures what the project promises. Everything that is compared runs in turns, in one run.
@main
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure each part, beside what it replaces or is added to.",
        subcommands: [
            HookCost.self,
            CollectCost.self,
            DrawingCost.self,
            MergeCost.self,
            InjectionCost.self,
            LiveCost.self,
            EnvironmentCost.self,
            StoreCost.self,
            HTTPCost.self,
            BinhostCost.self,
            DownloadCost.self,
            PlanCost.self,
            All.self,
        ],
        defaultSubcommand: All.self)
}

/// All measurements, one after the other.
struct All: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "All measurements.")

    @Option(help: "How many packages the public binhost has; with 20000 Portage's own way takes long.")
    var binhostPackages = 2000

    func run() async throws {
        try await HookCost.parse([]).run()
        try await CollectCost.parse([]).run()
        try await DrawingCost.parse([]).run()
        try await StoreCost.parse([]).run()
        try await HTTPCost.parse([]).run()
        try await BinhostCost.parse(["--packages", "\(binhostPackages)"]).run()
        try await DownloadCost.parse([]).run()
        try await InjectionCost.parse([]).run()
        try await EnvironmentCost.parse([]).run()
        try await PlanCost.parse([]).run()
        try await MergeCost.parse([]).run()
        try await LiveCost.parse([]).run()
    }
}

/// A line of a table of figures.
func row(_ name: String, _ value: String, _ note: String = "") {
    let gap = String(repeating: " ", count: max(1, 58 - name.count))
    print("  \(name)\(gap)\(value)\(note.isEmpty ? "" : "  ")\(note)")
    fflush(nil)
}

/// Runs an emerge that must succeed, and returns its seconds.
func seconds(of machine: Machine, _ arguments: [String], environment: [String: String] = [:]) async throws -> Double {
    let output = try await machine.emerge(arguments, environment: environment, timeout: .seconds(1200))
    guard output.succeeded else {
        throw ValidationError("emerge \(arguments.joined(separator: " ")) failed:\n" + output.text.suffix(3000))
    }
    return Double(output.duration.components.seconds) + Double(output.duration.components.attoseconds) / 1e18
}
