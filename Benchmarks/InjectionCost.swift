import ArgumentParser
import Testbed

/// A package that the service has, injected with the agent beside emerge, against the same package compiled here and
/// against a merge of emerge's own binary package: for tiny packages, where most of the time is the start of phases, for one
/// that compiles a while, and, without the compiling, for a large one.
struct InjectionCost: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "injection", abstract: "An injected package, a local build, and emerge --usepkg.")

    @Option(help: "Rounds of the tiny packages.")
    var rounds = 5

    @Option(help: "Rounds of the package that compiles for a while.")
    var slowRounds = 3

    @Option(help: "Rounds of the package of 50 MB.")
    var bulkRounds = 5

    func run() async throws {
        let testbed = try await Testbed.shared()
        try await testbed.withMachine("bench-service") { builder in
            try await builder.installPortmanteau(enable: false)
            try await BulkPackage.add(to: builder)
            let service = try await builder.startService()
            do {
                try await testbed.withMachine("bench-b") { client in
                    try await client.installPortmanteau()
                    try await BulkPackage.add(to: client)
                    try client.useService(service.url)
                    let agent = try await client.startAgent()
                    try await measure(client, "app-demo/delta", with: "lib-demo/*", rounds: rounds)
                    try await measure(client, "app-demo/slow", with: nil, rounds: slowRounds)
                    try await measure(client, BulkPackage.atom, with: nil, rounds: bulkRounds, isCompiled: false)
                    try await agent.stop()
                }
            } catch {
                try await service.stop()
                throw error
            }
            try await service.stop()
        }
    }

    private func measure(
        _ machine: Machine, _ atom: String, with others: String?, rounds: Int, isCompiled: Bool = true
    ) async throws {
        guard rounds > 0 else { return }
        print("injection of \(atom)\(others.map { " and \($0)" } ?? ""), \(rounds) rounds")
        let hooked = ["BINPKG_POLICY": "wait:10m"]
        let local = ["BINPKG_POLICY": "off"]
        func clean() async throws {
            _ = try await machine.emerge(["-q", "-C", atom] + (others.map { [$0] } ?? []))
        }
        // The service builds everything once, and emerge keeps its own binary packages of a local build.
        _ = try await seconds(of: machine, ["-q", atom], environment: hooked)
        try await clean()
        _ = try await seconds(of: machine, ["-q", "--buildpkg", atom], environment: local)
        var compiled: [Double] = []
        var injected: [Double] = []
        var merged: [Double] = []
        for _ in 0..<rounds {
            try await clean()
            if isCompiled {
                compiled.append(try await seconds(of: machine, ["-q", atom], environment: local))
                try await clean()
            }
            let before = staged(on: machine)
            injected.append(try await seconds(of: machine, ["-q", atom], environment: hooked))
            guard staged(on: machine) > before else { throw ValidationError("\(atom) was built here") }
            try await clean()
            merged.append(try await seconds(of: machine, ["-q", "--usepkg", atom], environment: local))
        }
        if isCompiled { row("compiled here, median", "\(fixed(median(compiled))) s") }
        row("injected, median", "\(fixed(median(injected))) s")
        row("emerge --usepkg, median", "\(fixed(median(merged))) s")
        if isCompiled { report("injected/compiled", injected, compiled) }
        report("injected/usepkg", injected, merged)
    }

    /// How many packages were injected on a machine so far.
    private func staged(on machine: Machine) -> Int {
        ((try? machine.read("var/cache/portmanteau/staged")) ?? "").split(separator: "\n").count
    }

    private func report(_ name: String, _ first: [Double], _ second: [Double]) {
        let paired = PairedFigures(pairs: zip(first, second).map { (first: $0, second: $1) })
        row(
            "ratio \(name)", fixed(paired.ratio, 3),
            "(95 %: \(fixed(paired.interval.lowerBound, 3)) to \(fixed(paired.interval.upperBound, 3)))")
    }
}
