import Posix
import Testbed
import Testing

/// `depgraph emerge` in a real terminal, with a real emerge.
@Suite struct LiveViewTests {
    /// The rule above the picture.
    private static let rule = "── emerge: "

    /// A machine with the programs, and a terminal on it, whose emerge has its turn among those of other tests.
    ///
    /// - Parameter prepare: what comes before that turn: emerges that are no part of the test wait for their own.
    private func withTerminal(
        _ name: String, columns: Int = 80, rows: Int = 24, environment: [String: String] = [:],
        prepare: (Machine) async throws -> Void = { _ in }, _ body: (Machine, Terminal) async throws -> Void
    ) async throws {
        try await Testbed.shared().withMachine(name) { machine in
            try await prepare(machine)
            try await Limiter.emerges.run {
                try await machine.installPortmanteau()
                do {
                    try await machine.withTerminal(columns: columns, rows: rows, environment: environment) { terminal in
                        try await body(machine, terminal)
                    }
                } catch {
                    // What a package said that failed without being meant to.
                    let logs = try? await machine.run([
                        "bash", "-c", "find \"$0/var/tmp\" -name build.log -exec tail -vn 40 {} +", machine.prefix,
                    ])
                    Issue.record("build logs that were left:\n\(logs?.stdout ?? "")")
                    throw error
                }
            }
        }
    }

    /// The lines from the rule to the end of the screen.
    private func panel(_ screen: [String]) -> [String] {
        Array(screen.drop { !$0.hasPrefix(Self.rule) })
    }

    /// How many changes of colour there are from the rule to the end of the screen; bold is none.
    private func coloursOfPanel(_ screen: [String]) -> Int {
        let lines = screen.drop { !$0.contains("─ emerge: ") && !$0.contains("- emerge: ") }
        return lines.joined().split(separator: "\u{1B}[").count { part in
            let codes = part.prefix { $0 != "m" }.split(separator: ";").compactMap { Int($0) }
            return codes.contains { (30...38).contains($0) || (90...97).contains($0) }
        }
    }

    @Test(arguments: [(80, 24, 1), (160, 50, 2)])
    func `the graph stays below the output, and the scrollback clean`(
        columns: Int, rows: Int, jobs: Int
    ) async throws {
        try await withTerminal("live-emerge-\(jobs)", columns: columns, rows: rows) { _, terminal in
            try await terminal.enter("stty -a > before; echo earlier")
            try await terminal.wait("the shell") { $0.contains("earlier") }
            try await terminal.enter(
                "depgraph emerge --jobs=\(jobs) -1 lib-demo/drum lib-demo/horn lib-demo/tempo lib-demo/score; "
                    + "echo \"code=$?\"")
            let screen = try await terminal.wait("a picture with edges") { screen in
                panel(screen).contains { $0.contains("▼") }
                    && (jobs == 1 || panel(screen).joined().count { $0 == "▶" } == 2)
            }
            let shown = panel(screen)
            #expect((2...rows / 2).contains(shown.count))
            // Between two frames a line may be gone for a moment.
            #expect(try await eventually { coloursOfPanel(try await terminal.colouredScreen()) > 0 })
            try await terminal.resize(columns: columns - 12, rows: rows - 4)
            let smaller = try await terminal.wait("the panel in the smaller terminal") { screen in
                screen.count == rows - 4
                    && screen.count { $0.hasPrefix(Self.rule) && $0.count == columns - 12 } == 1
            }
            #expect(panel(smaller).count <= (rows - 4) / 2)
            try await terminal.resize(columns: columns, rows: rows)
            try await terminal.wait(for: "code=0")
            let history = try await terminal.history()
            #expect(!history.contains { $0.contains(Self.rule) }, "\(history)")
            for number in 1...4 {
                for word in ["Emerging", "Installing", "Completed"] {
                    let lines = history.filter { $0.hasPrefix(">>> \(word) (\(number) of 4) ") }
                    #expect(lines.count == 1, "\(word) \(number): \(history)")
                }
            }
            #expect(history.contains { $0.hasPrefix("depgraph: 4 of 4 packages merged in ") })
            // The last picture stays, once.
            #expect(history.count { $0.hasPrefix("4 of 4  ") } == 1, "\(history)")
            #expect(history.contains("earlier"))
            try await terminal.enter("stty -a > after; cmp before after && echo same")
            // Another size of the terminal is no other mode.
            try await terminal.wait(for: "same")
        }
    }

    @Test func `keys mean what they mean to emerge`() async throws {
        try await withTerminal("live-keys") { machine, terminal in
            try await terminal.enter("depgraph emerge --ask -1 lib-demo/drum; echo \"code=$?\"")
            try await terminal.wait(for: "[Yes/No]")
            try await terminal.enter("no")
            try await terminal.wait(for: "code=130")
            #expect(try await terminal.history().contains { $0.hasSuffix("[Yes/No] no") })

            try await terminal.enter(
                "clear; SLOW_SECONDS=600 depgraph emerge --ask -1 app-demo/slow; echo \"code=$?\"")
            try await terminal.wait(for: "[Yes/No]")
            try await terminal.enter("yes")
            try await terminal.wait("the panel") { panel($0).contains { $0.contains("▶ app-demo/slow-1.0") } }
            try await terminal.wait(for: "./generate 1400")
            try await terminal.press("C-z")
            try await terminal.wait(for: "Stopped")
            #expect(panel(try await terminal.screen()).isEmpty)
            try await terminal.enter("stty -a | grep -o ' icanon'; clear; fg; echo \"end=$?\"")
            try await terminal.wait("the panel again") { panel($0).contains { $0.contains(" app-demo/slow-1.0") } }
            try await terminal.press("C-c")
            let screen = try await terminal.wait(for: "end=130")
            #expect(panel(screen).isEmpty)
            #expect(screen.contains { $0.contains("not finished: app-demo/slow-1.0") }, "\(screen)")
            try await terminal.enter("stty -a | grep -o ' icanon' && echo sane")
            try await terminal.wait("a sane terminal") { $0.contains("sane") }
            #expect(!(try machine.installedPackages().contains("app-demo/slow-1.0")))
        }
    }

    @Test func `a signal to the view is one to emerge`() async throws {
        try await withTerminal("live-term") { _, terminal in
            try await terminal.enter("SLOW_SECONDS=600 depgraph emerge -1 app-demo/slow; echo \"code=$?\"")
            try await terminal.wait("the panel") { !panel($0).isEmpty }
            try await terminal.wait(for: "./generate 1400")
            try await terminal.press("C-z")
            try await terminal.wait(for: "Stopped")
            try await terminal.enter("clear; bg")
            try await terminal.enter("kill -TERM %1; wait %1; echo \"code=$?\"")
            try await terminal.wait(for: "code=143")
            try await terminal.enter("stty -a | grep -o ' icanon' && echo sane")
            try await terminal.wait("a sane terminal") { $0.contains("sane") }
        }
    }

    @Test func `without a terminal, and in a dumb one, emerge runs alone`() async throws {
        try await Testbed.shared().withMachine("live-plain") { machine in
            try await machine.installPortmanteau()
            let plain = try await machine.emerge(["-p", "lib-demo/drum"])
            let output = try await machine.run(["depgraph", "emerge", "-p", "lib-demo/drum"])
            func lines(_ text: String) -> [Substring] {
                text.split(separator: "\n").filter { !$0.contains("resolution took") }
            }
            #expect(lines(output.stdout) == lines(plain.stdout))
            #expect(output.succeeded && !output.text.contains("\u{1B}"))
            #expect(try await machine.run(["depgraph", "emerge", "-p", "lib-demo/none"]).exitCode == 1)
            #expect(try await machine.run(["depgraph", "emerge", "--version"]).stdout.hasPrefix("Portage "))
            #expect(
                try await machine.run([
                    "/bin/bash", "-c", "PATH=/none; exec \"$0\" emerge", machine.prefix + "/usr/bin/depgraph",
                ])
                .stderr.contains("there is no emerge in PATH"))
            try await machine.withTerminal { terminal in
                try await terminal.enter("TERM=dumb depgraph emerge -1 lib-demo/drum; echo \"code=$?\"")
                try await terminal.wait(for: "code=0")
                #expect(panel(try await terminal.history()).isEmpty)
            }
        }
    }

    @Test(arguments: ["emerge", "depgraph emerge"])
    func `no escape of a picture reaches a log`(command: String) async throws {
        try await withTerminal("live-logs-\(command.count)") { machine, terminal in
            let logs = machine.prefix + "/var/log/builds"
            try await terminal.enter("PORTAGE_LOGDIR=\(logs) \(command) -1 lib-demo/alpha; echo \"code=$?\"")
            try await terminal.wait(for: "code=0")
            let files = try Files.list(machine.path("var/log/builds"))
            #expect(files.count == 1 && files[0].hasPrefix("lib-demo:alpha-1.0:"), "\(files)")
            let log = try machine.read("var/log/builds/\(files[0])").split(separator: "\n")
            // The hook's picture, which a live view takes the place of.
            let pictures = log.indices.filter { log[$0].hasPrefix("1 of 1  lib-demo/alpha-1.0") }
            #expect(pictures.count == (command == "emerge" ? 1 : 0), "\(log)")
            #expect(!log.contains { $0.contains("\u{1B}[?") || $0.contains("\u{1B}[s") || $0.contains(Self.rule) })
            #expect(!log.contains { $0.contains { "▶┏┌╔│".contains($0) } && $0.contains("\u{1B}") }, "\(log)")
            #expect(!(try machine.read("var/log/emerge.log")).contains("\u{1B}"))
        }
    }

    /// What a user's bashrc does to mtimedb, and to what emerge publishes, while the only package is set up.
    @Test(arguments: [
        "printf '{\"resume\": {\"mergel' > $file", "truncate -s 100M $file", "rm -f $file; mkfifo $file",
    ])
    func `a damaged merge list is no matter to emerge`(damage: String) async throws {
        func prepare(_ machine: Machine) throws {
            try machine.write(
                "etc/portage/bashrc",
                "pre_pkg_setup() { local file=${EROOT}/var/cache/edb/mtimedb; \(damage); sleep 1; }\n")
        }
        try await withTerminal("live-damaged-\(damage.count)", prepare: prepare) { machine, terminal in
            try await terminal.enter("depgraph emerge -1 lib-demo/alpha; echo \"code=$?\"")
            try await terminal.wait(for: "code=0")
            #expect(try machine.installedPackages().contains("lib-demo/alpha-1.0"))
            #expect(!(try await terminal.history()).contains { $0.hasPrefix("depgraph: error") })
        }
    }

    @Test func `a failure names the package, and colours and characters are as asked for`() async throws {
        try await withTerminal("live-broken", environment: ["NO_COLOR": "1", "LC_ALL": "C"]) { _, terminal in
            try await terminal.enter(
                "depgraph emerge --keep-going -1 app-demo/broken app-demo/on-broken lib-demo/drum; echo \"code=$?\"")
            try await terminal.wait("the panel") { screen in screen.contains { $0.hasPrefix("-- emerge: ") } }
            let screen = try await terminal.colouredScreen()
            #expect(screen.allSatisfy { $0.allSatisfy(\.isASCII) })
            #expect(coloursOfPanel(screen) == 0, "\(screen)")
            try await terminal.wait(for: "code=1")
            let summary = try await terminal.history().first { $0.hasPrefix("depgraph: ") } ?? ""
            #expect(summary.contains("not finished: app-demo/broken-1.0"), "\(summary)")
        }
    }

    @Test func `however fast packages follow each other, 15 pictures a second are drawn at most`() async throws {
        let count = 250
        try await withTerminal("live-rate") { machine, terminal in
            let root = machine.prefix + "/"
            let list = (1...count).map { "[\"ebuild\", \"\(root)\", \"rate-demo/package-\($0)\", \"merge\"]" }
            try machine.write(
                "var/cache/edb/mtimedb", "{\"resume\": {\"mergelist\": [\(list.joined(separator: ", "))]}}")
            // It has the name and the log of an emerge, one of a package every 20 ms.
            try machine.write(
                "root/standin/emerge",
                """
                #!/bin/bash
                sleep 2
                echo "${EPOCHREALTIME}" > ~/begun
                for ((i = 1; i <= \(count); i++)); do
                    for what in '>>> emerge' '::: completed emerge'; do
                        echo "${EPOCHSECONDS}:  ${what} (${i} of \(count)) rate-demo/package-${i} to \(root)"
                        sleep 0.01
                    done
                done >> "${HOME}/../var/log/emerge.log"
                echo "${EPOCHREALTIME}" > ~/ended

                """, mode: 0o755)
            try await terminal.record(to: "root/bytes")
            try await terminal.enter(
                "PATH=$HOME/standin:$PATH PORTMANTEAU_PYTHON=\(root)bin/python3 depgraph emerge; echo \"code=$?\"")
            try await terminal.wait(for: "code=0")
            let times = try ["begun", "ended"].map { try machine.read("root/" + $0).dropLast() }
            let lasted = try #require(Double(times[1])) - #require(Double(times[0]))
            let written = String(decoding: try Files.read(machine.path("root/bytes")), as: UTF8.self)
            let pictures = written.split(separator: "\u{1B}[?2026h", omittingEmptySubsequences: false).count - 1
            // The first and the last are not in that time.
            #expect(Double(pictures) <= 15 * lasted + 4, "\(pictures) in \(lasted) s")
            #expect(pictures > 5)
        }
    }

    @Test(arguments: [false, true])
    func `watch shows the emerge of another terminal`(observability: Bool) async throws {
        try await withTerminal("live-watch-\(observability)", columns: 100, rows: 30) { machine, terminal in
            #expect(try await machine.run(["depgraph", "watch", "--once"]).exitCode == 1)
            #expect(try await machine.run(["depgraph", "watch"]).stderr.contains("--once"))
            if observability { try machine.append("etc/portage/make.conf", "FEATURES=\"${FEATURES} observability\"\n") }
            try await terminal.enter("stty -a > before; depgraph watch; echo \"code=$?\"")
            try await terminal.wait(for: "waiting for an emerge")
            let emerge = try await machine.start(
                ["emerge", "-1", "app-demo/slow"], environment: ["SLOW_SECONDS": "600"])
            do {
                try await terminal.wait("the picture") { screen in
                    screen.first?.hasPrefix(Self.rule) == true
                        && screen.contains { $0.contains("▶ app-demo/slow-1.0") }
                        && (!observability || screen.contains { $0.contains("▶ app-demo/slow-1.0  compile ") })
                }
            } catch {
                Issue.record("emerge wrote:\n\(emerge.log)")
                throw error
            }
            let once = try await machine.run(["depgraph", "watch", "--once"])
            #expect(once.succeeded && once.stdout.contains("▶ app-demo/slow-1.0"), "\(once.text)")
            #expect(!once.stdout.contains("\u{1B}"))
            let other = try await machine.run(["depgraph", "watch", "--once", "--pid", "1"])
            #expect(other.exitCode == 1 && other.stderr.contains("no emerge has the process id 1"))
            try await terminal.resize(columns: 60, rows: 20)
            try await terminal.wait("the picture in the smaller terminal") { screen in
                screen.count <= 20 && screen.first?.hasPrefix(Self.rule) == true && screen.first?.count == 60
                    && screen.contains { $0.contains("▶ app-demo/slow-1.0") }
            }
            try await terminal.press(observability ? "C-c" : "q")
            try await terminal.wait(for: "code=0")
            #expect(panel(try await terminal.screen()).isEmpty)
            #expect(ProcessChain.all().contains { $0.link.arguments.last == "app-demo/slow" }, "emerge goes on")
            try await terminal.enter("stty -a > after; cmp before after && echo same")
            try await terminal.wait(for: "same")
            try await emerge.stop()
        }
    }

    /// A merge in a terminal. `make soak` has time for a long one, where the real tree is.
    struct Merge: Sendable {
        var columns = 80
        var rows = 24
        var jobs = 1
        var arguments = "app-demo/delta"
        var count = 4
        var tree: String?

        static let tried: [Merge] = {
            guard ProcessEnvironment.variable("PORTMANTEAU_SOAK") != nil, let tree = RealTree.folder else {
                return [Merge()]
            }
            let list = "--with-bdeps=y --autounmask=n dev-build/cmake dev-vcs/git"
            let sizes = [(80, 24), (160, 50)]
            return [Merge()]
                + sizes.flatMap { columns, rows in
                    (1...2).map { jobs in
                        Merge(columns: columns, rows: rows, jobs: jobs, arguments: list, count: 148, tree: tree)
                    }
                }
        }()
    }

    @Test(arguments: Merge.tried)
    func `a merge is followed from the first package to the last`(merge: Merge) async throws {
        let (rows, count) = (merge.rows, merge.count)
        let name = "live-\(count)-\(rows)-\(merge.jobs)"
        func prepare(_ machine: Machine) async throws {
            if let tree = merge.tree { try await machine.useRealTree(tree, breakCycles: true) }
        }
        try await withTerminal(name, columns: merge.columns, rows: rows, prepare: prepare) { _, terminal in
            try await terminal.enter(
                "depgraph emerge --jobs=\(merge.jobs) \(merge.arguments); echo \"code=$?\"")
            var seen = Set<String>()
            var pictures = (all: 0, withEdges: 0, running: 0)
            try await terminal.wait("the end", timeout: .seconds(3600)) { screen in
                let shown = panel(screen)
                if let rule = shown.first {
                    seen.insert(rule.prefix { $0 != "," }.description)
                    #expect(shown.count <= rows / 2)
                    pictures.all += 1
                    pictures.withEdges += shown.contains { $0.contains { "▼┬┴│╰╭".contains($0) } } ? 1 : 0
                    pictures.running = max(pictures.running, shown.joined().count { $0 == "▶" })
                }
                return screen.contains { $0.hasPrefix("code=") }
            }
            let history = try await terminal.history()
            #expect(history.contains("code=0"))
            #expect(history.contains { $0.hasPrefix("depgraph: \(count) of \(count) packages merged in ") })
            #expect(!history.contains { $0.contains(Self.rule) })
            #expect(seen.count > count / 5, "\(seen)")
            // Nearly every package of these lists needs, or is needed by, one that is shown with it.
            #expect(pictures.withEdges * 2 > pictures.all, "\(pictures)")
            #expect(pictures.running == merge.jobs, "\(pictures)")
            for number in 1...count {
                #expect(history.count { $0.hasPrefix(">>> Completed (\(number) of \(count)) ") } == 1, "\(number)")
            }
        }
    }
}
