import ArgumentParser
import BinpkgService
import CommandSupport
import FoundationEssentials
import Posix

/// `binpkgd simulate`: how accurate a service is with how many environments.
struct BinpkgdSimulate: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Computes accuracy against the number of environments, for a trace of requests.",
        discussion: """
            The environments are chosen as the service chooses them; nothing is built. For each number it prints which \
            share of the answers has which class of accuracy, and what that costs: how many environments were made, and \
            how many build dependencies were installed for each build.
            """)

    @Option(help: ArgumentHelp("Numbers of environments.", valueName: "n,n,…"))
    var environments = "0,1,2,4,8,16,32,64"

    @Option(help: "Up to this distance an environment is taken as it is, even where there is room for another.")
    var tolerance = 0

    @Option(help: ArgumentHelp("Also write the curve.", valueName: "file.svg"))
    var svg: String?

    @Flag(help: "Print JSON.")
    var json = false

    @Option(help: ArgumentHelp("Print a trace like those of real machines, made from this number.", valueName: "seed"))
    var generate: UInt64?

    @Option(help: "With --generate: how many machines.")
    var machines = 12

    @Option(help: "With --generate: how many days.")
    var days = 30

    @Argument(help: ArgumentHelp("A trace; '-' is standard input.", valueName: "trace.json"))
    var trace: String?

    func validate() throws {
        guard (generate == nil) != (trace == nil) else { throw ValidationError("Name a trace, or --generate one.") }
        guard (1...1000).contains(machines), (1...1000).contains(days) else {
            throw ValidationError("--machines and --days are from 1 to 1000.")
        }
        guard tolerance >= 0 else { throw ValidationError("--tolerance is not negative.") }
        _ = try numbers()
    }

    func run(_ context: Context) async throws {
        if let generate {
            var generator = TraceGenerator(seed: generate, machines: machines, days: days)
            context.output(try Self.encode(generator.trace()))
            return
        }
        let trace = try read()
        let points = try numbers().map { Simulation(of: trace, environments: $0, tolerance: tolerance) }
        if let svg {
            let machines = Set(trace.requests.map(\.machine)).count
            let curve = SimulationCurve(points, title: "\(trace.requests.count) requests of \(machines) machines")
            do {
                try Files.replace(svg, with: Array(curve.svg.utf8))
            } catch {
                throw CommandError("\(error)")
            }
        }
        context.output(json ? try Self.encode(points) : Self.table(points))
    }

    private func numbers() throws -> [Int] {
        let parts = environments.split(separator: ",", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { Int($0) }
        guard numbers.count == parts.count, numbers.allSatisfy({ (0...100_000).contains($0) }) else {
            throw ValidationError("--environments is a list of numbers, as 0,1,2,4.")
        }
        return Set(numbers).sorted()
    }

    private func read() throws -> Trace {
        let file = trace ?? "-"
        do {
            let bytes =
                file == "-"
                ? try Files.readAll(0, path: "standard input", limit: 1 << 30) : try Files.read(file, limit: 1 << 30)
            let trace = try JSONDecoder().decode(Trace.self, from: Data(bytes))
            try trace.validate()
            return trace
        } catch let error as PosixError {
            throw CommandError("\(error)")
        } catch let error as TraceError {
            throw CommandError("\(file.printable): \(error)")
        } catch {
            throw CommandError("\(file.printable) is not a trace: \(error)")
        }
    }

    private static func encode(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
    }

    private static func table(_ points: [Simulation]) -> String {
        func percent(_ part: Int, _ whole: Int) -> String {
            let tenths = whole > 0 ? (part * 1000 + whole / 2) / whole : 0
            return "\(tenths / 10).\(tenths % 10) %"
        }
        var rows = [["environments", "exact", "abi", "flags", "declined", "built", "made", "installed per build"]]
        for point in points {
            let tenths = Int((point.installedPerBuild * 10).rounded())
            rows.append([
                "\(point.environments)", percent(point.exact, point.requests), percent(point.abi, point.requests),
                percent(point.flags, point.requests), "\(point.declined)", "\(point.builds)", "\(point.made)",
                "\(tenths / 10).\(tenths % 10)",
            ])
        }
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            row.indices.map { String(repeating: " ", count: widths[$0] - row[$0].count) + row[$0] }
                .joined(separator: "  ") + "\n"
        }.joined()
    }
}
