import PortageAPI
import Posix
import Testbed
import Testing

/// `depgraph show` and `watch --once` of a running emerge, and of what dead ones have left in `/run/portage`.
@Suite struct RunningGraphTests {
    /// Starts an emerge in which one package is merged, one is being built, and one waits.
    private func start(_ machine: Machine, features: String) async throws -> BackgroundProcess {
        try await machine.start(
            ["emerge", "--jobs=2", "-1", "hard/b", "hard/after-slow"],
            environment: ["SLOW_SECONDS": "600", "FEATURES": "-merge-wait " + features])
    }

    private static let running: [String: DependencyReport.State] = [
        "hard/b-1": .done, "app-demo/slow-1.0": .building, "hard/after-slow-1": .waiting,
    ]

    private func states(_ machine: Machine) async throws -> [String: DependencyReport.State] {
        let report = try await machine.graph([])
        #expect(report.edges.count == 2)
        return Dictionary(report.nodes.map { ($0.cpv, $0.state) }) { first, _ in first }
    }

    /// What is expected of `show` while that emerge runs.
    private func expectRunning(_ machine: Machine, _ emerge: BackgroundProcess) async throws {
        #expect(await emerge.waitForLog(">>> Completed (", timeout: .seconds(120)), "\(emerge.log)")
        #expect(await emerge.waitForLog(">>> Emerging (2 of 3)", timeout: .seconds(120)), "\(emerge.log)")
        #expect(try await states(machine) == Self.running, "\(emerge.log)")
        let text = try await machine.run(["depgraph", "show"])
        #expect(text.succeeded && text.stdout.contains("▶ app-demo/slow-1.0"), "\(text.text)")
        #expect(text.stdout.contains("· hard/after-slow-1"), "\(text.text)")
        let other = try await machine.run(["depgraph", "show", "--focus", "hard/b"])
        #expect(other.stdout.contains("✔ hard/b-1"), "\(other.text)")
    }

    /// What is expected when none runs: one line, and exit code 1.
    private func expectNone(_ machine: Machine) async throws {
        for command in [["show"], ["show", "--json"], ["watch", "--once"]] {
            let output = try await machine.run(["depgraph"] + command)
            #expect(output.exitCode == 1 && output.stdout.isEmpty, "\(command): \(output.text)")
            #expect(output.stderr.hasPrefix("depgraph: no emerge runs") && output.stderr.count { $0 == "\n" } == 1)
        }
    }

    @Test func `the running emerge is shown with where its packages stand, and a dead one is none`() async throws {
        try await Testbed.shared().withMachine("show-running") { machine in
            try await Limiter.emerges.run {
                try machine.useHardPackages()
                try await machine.installPortmanteau(enable: false)
                try await expectNone(machine)

                let first = try await start(machine, features: "observability")
                try await expectRunning(machine, first)
                // Killed, it leaves its files: they are real, and their process is gone.
                let run = machine.path("run/portage")
                let name = try #require(try Files.list(run).first { $0.hasSuffix(".json") })
                let snapshot = try machine.read("run/portage/" + name)
                let number = try #require(Int32(name.dropFirst("emerge-".count).dropLast(".json".count)))
                #expect(number == first.pid)
                #expect(snapshot.contains("\"schema\"") && snapshot.contains("\"emerge_pid\""))
                _ = try await machine.run(["kill", "-9", "\(number)"])
                try await first.stop()
                #expect(Files.exists("\(run)/\(name)") && Files.exists("\(run)/emerge-\(number).sock"))
                try await expectNone(machine)

                // The number of a process that is no emerge, and what is no snapshot at all.
                let sleeper = try await machine.start(["sleep", "600"])
                func with(_ pid: Int32, _ text: String) -> String {
                    text.replacing("\"emerge_pid\": \(number)", with: "\"emerge_pid\": \(pid)")
                        .replacing("\"emerge_pid\":\(number)", with: "\"emerge_pid\":\(pid)")
                }
                try machine.write("run/portage/emerge-\(sleeper.pid).json", with(sleeper.pid, snapshot))
                for (name, text) in [("x", "{"), ("-1", "\u{1b}[31m"), ("99999999999999999999", snapshot), ("", "")] {
                    try machine.write("run/portage/emerge-\(name).json", text)
                    try machine.write("run/portage/emerge-\(name).sock", text)
                }
                try await expectNone(machine)

                // The number of the emerge that runs now: what it did is in its log, whatever the old files say.
                // Start times are known to the second.
                try await Task.sleep(for: .seconds(4))
                let second = try await start(machine, features: "-observability")
                try await expectRunning(machine, second)
                let lie = with(second.pid, snapshot).replacing("\"build\"", with: "\"merge\"")
                #expect(lie != with(second.pid, snapshot), "\(snapshot)")
                for text in [lie, "{\"type\": \"snapshot\"", String(repeating: "[", count: 100_000), ""] {
                    try machine.write("run/portage/emerge-\(second.pid).json", text)
                    let sockets = [number, second.pid].map { "\(machine.prefix)/run/portage/emerge-\($0).sock" }
                    #expect(try await machine.run(["cp", "-a"] + sockets).succeeded)
                    #expect(try await states(machine) == Self.running, "\(text.prefix(80))")
                }
                try await second.stop()
                try await sleeper.stop()
                try await expectNone(machine)
            }
        }
    }
}
