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
                    unset ___pm_defined
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
