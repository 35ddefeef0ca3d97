import ArgumentParser
import Testbed

/// What the hooks themselves cost: processor time of `portage-hook setup` inside a real emerge with a cached graph and
/// no service, and the time that each phase spends reading our file.
struct HookCost: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hook", abstract: "portage-hook setup, and sourcing the bashrc.")

    @Option(help: "Calls of each kind.")
    var calls = 200

    func run() async throws {
        print("hook (\(calls) calls each)")
        let testbed = try await Testbed.shared()
        try await testbed.withMachine("bench-hook") { machine in
            try await measureSetup(machine)
            try await measureSourcing(machine)
        }
        try await measureHandingOver(testbed)
    }

    /// Calls that hand a package over to the agent. The agent works between them, on a package that the service has (a
    /// hit) and on one that it does not have, and is not to build (a miss, each time).
    private func measureHandingOver(_ testbed: Testbed) async throws {
        try await testbed.withMachine("bench-hook-service") { builder in
            try await builder.installPortmanteau(enable: false)
            let service = try await builder.startService()
            try await testbed.withMachine("bench-hook-agent") { machine in
                try machine.write("etc/portage/bashrc", Self.handingOver(calls: max(calls / 5, 5)))
                try await machine.installPortmanteau()
                try machine.useService(service.url)
                let agent = try await machine.startAgent()
                _ = try await seconds(of: machine, ["-q", "app-demo/hello"])
                let cases = [("hit", "app-demo/hello", [:]), ("miss", "app-demo/hallo", ["BINPKG_POLICY": "ready"])]
                for (name, atom, settings) in cases {
                    _ = try await seconds(of: machine, ["-q", atom], environment: settings)
                    let figures = try machine.read("bench-agent").split(separator: "\n").compactMap { Double($0) }
                    guard figures.count == 2 else { throw ValidationError("the phase wrote no figures") }
                    let answers = agent.log.split(separator: "\n").filter { $0.contains("\(atom)-1.0: ") }
                    let hits = answers.count { $0.contains(": binary package from ") }
                    guard name == "hit" ? hits > 0 : hits == 0 && !answers.isEmpty else {
                        throw ValidationError("not every call was a \(name):\n" + answers.joined(separator: "\n"))
                    }
                    row("setup with agent, \(name), processor time a call", "\(fixed(figures[0])) ms", "(bound: 5 ms)")
                    row("setup with agent, \(name), wall time, median", "\(fixed(figures[1])) ms", "(bound: 20 ms)")
                }
                try await agent.stop()
            }
            try await service.stop()
        }
    }

    private static func handingOver(calls: Int) -> String {
        """
        if [[ ${EBUILD_PHASE} == setup && ${CATEGORY} == app-demo ]]; then
            pre_pkg_setup() {
                local i u=_ a b pause
                exec {pause}<> <(:)
                "__${u}pm_run" setup &>/dev/null
                times >"${T}/t0"
                for ((i = 0; i < \(calls); i++)); do
                    read -rt 0.3 -u "${pause}"
                    a=${EPOCHREALTIME/[.,]/}
                    "__${u}pm_run" setup &>/dev/null
                    b=${EPOCHREALTIME/[.,]/}
                    echo $((b - a))
                done >"${T}/wall"
                times >"${T}/t1"
                for i in 0 1; do
                    tail -n 1 "${T}/t${i}" | tr 'ms' '  ' | awk '{ print ($1 * 60 + $2 + $3 * 60 + $4) * 1000 }'
                done | awk '{ t[NR] = $1 } END { print (t[2] - t[1]) / \(calls) }' >"${EPREFIX}/bench-agent"
                sort -n "${T}/wall" | awk '{ t[NR] = $1 } END { print t[int((NR + 1) / 2)] / 1000 }' \\
                    >>"${EPREFIX}/bench-agent"
            }
        fi

        """
    }

    /// A pre_pkg_setup of the user's, which ours calls first, repeats the call in the very phase it is made for.
    private func measureSetup(_ machine: Machine) async throws {
        try machine.write("etc/portage/bashrc", Self.userBashrc(calls: calls))
        try await machine.installPortmanteau()
        _ = try await seconds(of: machine, ["-q", "app-demo/orchestra"])
        let figures = try machine.read("bench-setup").split(separator: "\n").compactMap { Double($0) }
        guard figures.count >= 2 else { throw ValidationError("the phase wrote no figures") }
        row("portage-hook setup, processor time a call", "\(fixed(figures[0])) ms", "(bound: 5 ms)")
        row("a program that does nothing, the same way", "\(fixed(figures[1])) ms")
    }

    /// Processor time of children, user and system, from bash's `times`, in milliseconds a call.
    private static func userBashrc(calls: Int) -> String {
        """
        if [[ ${EBUILD_PHASE} == setup && ${PN} == orchestra ]]; then
            pre_pkg_setup() {
                # A function of the user's that names ours would be taken for ours.
                local i u=_
                "__${u}pm_run" setup &>/dev/null
                times >"${T}/t0"
                for ((i = 0; i < \(calls); i++)); do "__${u}pm_run" setup &>/dev/null; done
                times >"${T}/t1"
                for ((i = 0; i < \(calls); i++)); do x=$(/bin/true "${T}" </dev/null); done
                times >"${T}/t2"
                for i in 0 1 2; do
                    tail -n 1 "${T}/t${i}" | tr 'ms' '  ' | awk '{ print ($1 * 60 + $2 + $3 * 60 + $4) * 1000 }'
                done | awk '{ t[NR] = $1 } END { print (t[2] - t[1]) / \(calls); print (t[3] - t[2]) / \(calls) }' \\
                    >"${EPREFIX}/bench-setup"
            }
        fi

        """
    }

    /// The time to read our file, phase by phase, against an empty one.
    private func measureSourcing(_ machine: Machine) async throws {
        let file = machine.prefix + "/usr/share/portmanteau/hooks/bashrc"
        let script = """
            for phase in setup unpack compile install; do
                EBUILD_PHASE=$phase a=0 b=0
                PORTAGE_BUILDDIR=/nonexistent
                for ((i = 0; i < \(calls); i++)); do
                    # As in a phase, where nothing is defined yet.
                    unset ___pm_defined
                    unset -f $(compgen -A function)
                    s=${EPOCHREALTIME/[.,]/}; source "$1"; e=${EPOCHREALTIME/[.,]/}; ((a += e - s))
                    s=${EPOCHREALTIME/[.,]/}; source /dev/null; e=${EPOCHREALTIME/[.,]/}; ((b += e - s))
                done
                echo "$phase $a $b"
            done
            """
        let output = try await machine.run(["bash", "--norc", "-c", script, "bench", file])
        for line in output.stdout.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 3, let ours = Double(words[1]), let empty = Double(words[2]) else { continue }
            row(
                "sourcing our bashrc, phase \(words[0])", "\(fixed(ours / Double(calls) / 1000, 3)) ms",
                "(an empty file: \(fixed(empty / Double(calls) / 1000, 3)) ms; bound: 2 ms)")
        }
    }
}
