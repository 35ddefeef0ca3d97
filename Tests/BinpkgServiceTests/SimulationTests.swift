import BinpkgModel
import FoundationEssentials
import Testing

@testable import BinpkgService

@Suite struct SimulationTests {
    private func trace(_ seed: UInt64 = 1, machines: Int = 4, days: Int = 12) -> Trace {
        var generator = TraceGenerator(seed: seed, machines: machines, days: days)
        return generator.trace()
    }

    @Test func seedDecidesTheTrace() throws {
        let first = trace()
        #expect(first == trace())
        #expect(first != trace(2))
        try first.validate()
        let again = try JSONDecoder().decode(Trace.self, from: try JSONEncoder().encode(first))
        #expect(again == first)
        // The same on every machine: nothing but integers decides.
        #expect(first.requests.count == 313)
        #expect(
            ContentHash.sha256(Array(first.requests.map(\.key).joined(separator: "\n").utf8))
                == "066ecc8954abf7c1bed4385bafdbc3e69b38d1b27a6d8c14a775521a7949e063")
    }

    @Test func tracesAreLikeRealOnes() {
        let trace = trace(7, machines: 6, days: 30)
        #expect(Set(trace.requests.map(\.machine)).count == 6)
        #expect(Set(trace.requests.map(\.accuracy)).isSuperset(of: [.abi]))
        // Machines ask for the same packages, and for other versions of what they build with.
        let byKey = Dictionary(grouping: trace.requests, by: \.key).values
        #expect(byKey.contains { $0.count > 1 })
        #expect(byKey.contains { Set($0.map(\.needs)).count > 1 })
    }

    @Test func everyAnswerIsCounted() {
        let trace = trace()
        for number in [0, 1, 3, 100] {
            let simulation = Simulation(of: trace, environments: number)
            #expect(simulation.hits + simulation.builds + simulation.declined == trace.requests.count)
            #expect(simulation.exact + simulation.abi + simulation.flags + simulation.declined == trace.requests.count)
            // Nobody asked for less than abi, so nobody gets it.
            #expect(simulation.flags == 0 && simulation.declined == 0)
        }
    }

    @Test func moreEnvironmentsCostLess() {
        let trace = trace(3, machines: 5, days: 20)
        let few = Simulation(of: trace, environments: 0)
        let many = Simulation(of: trace, environments: 1000)
        #expect(few.made > many.made && many.made > 0)
        #expect(many.installedPerBuild < few.installedPerBuild)
    }

    @Test func oneEnvironmentIsEnoughForOneKind() throws {
        let alpha = InstalledPackage(cpv: "dev-libs/alpha-1", slot: "0", use: [])
        let beta = InstalledPackage(cpv: "dev-libs/beta-1", slot: "0", use: [])
        let requests = (0..<10).map { number in
            Trace.Request(
                at: Double(number), machine: "m", key: "k\(number)", needs: [0, 1], libc: "", accuracy: .exact)
        }
        let trace = Trace(
            version: 1, packages: [alpha, beta], roots: [Trace.Root(packages: [0], libc: "")], requests: requests)
        let simulation = Simulation(of: trace, environments: 1)
        #expect(simulation.builds == 10 && simulation.exact == 10 && simulation.made == 1 && simulation.installed == 1)
        let none = Simulation(of: trace, environments: 0)
        #expect(none.exact == 10 && none.made == 10 && none.installed == 10)
    }

    static let broken: [(String, @Sendable (inout Trace) -> Void)] = [
        ("version", { $0.version = 2 }), ("no root", { $0.roots = [] }),
        ("a root has", { $0.roots[0].packages = [99999] }), ("request 0 needs", { $0.requests[0].needs = [-1] }),
        ("is earlier", { $0.requests[0].at = 1e12 }),
    ]

    @Test(arguments: broken.indices) func brokenTracesAreRefused(index: Int) {
        var trace = trace()
        Self.broken[index].1(&trace)
        let error = #expect(throws: TraceError.self) { try trace.validate() }
        #expect(error?.description.contains(Self.broken[index].0) == true)
    }

    @Test func curveIsADrawing() {
        let trace = trace()
        let points = [0, 1, 2].map { Simulation(of: trace, environments: $0) }
        let svg = SimulationCurve(points, title: "a < b & c").svg
        #expect(svg.hasPrefix("<svg ") && svg.hasSuffix("</svg>\n"))
        #expect(svg.contains("a &lt; b &amp; c"))
        #expect(svg.split(separator: "<circle").count == 7 && svg.split(separator: "<polyline").count == 3)
        #expect(SimulationCurve([], title: "").svg.contains("</svg>"))
    }

    @Test(arguments: [(0.0, 0.001), (0.9, 1.0), (1.0, 1.0), (3.0, 4.0), (9.0, 10.0), (81.0, 100.0)])
    func scaleIsRound(value: Double, ceiling: Double) {
        #expect(abs(SimulationCurve.ceiling(value) - ceiling) < 1e-9)
    }
}
