import Glibc
import Posix
import Testbed
import Testing

/// Portage through the interpreter inside `portmanteau`: whatever Python does, the program answers with one line and an
/// exit code.
@Suite struct EmbeddedPythonTests {
    private func withMachine(_ name: String, _ body: (Machine) async throws -> Void) async throws {
        try await Testbed.shared().withMachine("embedded-" + name) { machine in
            try await machine.installPortmanteau(enable: false)
            try await body(machine)
        }
    }

    private func call(
        _ machine: Machine, _ function: String, _ json: String, environment: [String: String] = [:]
    ) async throws -> Output {
        let program = machine.prefix + "/usr/libexec/portmanteau/portmanteau"
        return try await machine.run([program, "portage-call", function, json], environment: environment)
    }

    @Test func thePrefixAnswersWithoutItsPythonBeingNamed() async throws {
        try await withMachine("settings") { machine in
            let output = try await call(machine, "settings", #"{"names": ["EPREFIX", "NOT_SET"]}"#)
            #expect(output.exitCode == 0, "\(output.text)")
            #expect(output.stdout == "{\"EPREFIX\": \"\(machine.prefix)\"}\n")
        }
    }

    /// The same Portage as that of a system: a root in which its files lie where a system has them, and no Prefix.
    @Test func aSystemsPortageAnswersToo() async throws {
        try await withMachine("system") { machine in
            let prefix = machine.prefix
            var root = ["bwrap", "--tmpfs", "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
            let own = ["proc", "dev", "tmp", "etc", "var", "sys", "run", "share"]
            for path in try Files.list("/").filter({ !own.contains($0) }).map({ "/" + $0 }) {
                let link = Files.status(path)?.isLink == true ? Files.realPath(path) : nil
                root += link.map { ["--symlink", $0, path] } ?? ["--ro-bind", path, path]
            }
            for path in ["/etc/passwd", "/etc/group", Testbed.checkout, machine.testbed.root] {
                root += ["--ro-bind", path, path]
            }
            root += ["--ro-bind", prefix + "/share", "/share", "--bind", prefix + "/etc/portage", "/etc/portage"]
            root += ["--bind", prefix + "/var", "/var"]
            let program = prefix + "/usr/libexec/portmanteau/portmanteau"
            let environment = ["PORTAGE_OVERRIDE_EPREFIX": "", "PORTMANTEAU_PYTHON": prefix + "/bin/python3"]
            let settings = try await machine.run(
                root + [program, "portage-call", "settings", #"{"names": ["EPREFIX", "EROOT"]}"#],
                environment: environment)
            #expect(settings.stdout == "{\"EPREFIX\": \"\", \"EROOT\": \"/\"}\n", "\(settings.text)")
            let best = try await machine.run(
                root + [program, "portage-call", "best_visible", #"{"atom": "app-demo/hello"}"#],
                environment: environment)
            #expect(best.stdout.contains("app-demo/hello-1.0"), "\(best.text)")
        }
    }

    @Test func anExceptionIsALine() async throws {
        try await withMachine("exception") { machine in
            for (function, json) in [("best_visible", #"{"atom": "no atom"}"#), ("no_such_function", "{}")] {
                let output = try await call(machine, function, json)
                #expect(output.exitCode == 2)
                #expect(output.stdout.isEmpty)
                #expect(output.stderr.hasPrefix("portage-call: "))
                #expect(output.stderr.split(separator: "\n").count == 1, "\(output.stderr)")
            }
        }
    }

    @Test func aPortageThatExitsIsALine() async throws {
        try await withMachine("exit") { machine in
            let package = "lib/python3.11/site-packages/portage/__init__.py"
            try machine.write(package, "raise SystemExit('sorry, not today')\n")
            let output = try await call(machine, "settings", #"{"names": []}"#)
            #expect(output.exitCode == 2)
            #expect(output.stderr.contains("sorry, not today"), "\(output.text)")
        }
    }

    @Test func aMissingPortageIsALine() async throws {
        try await withMachine("missing") { machine in
            try Files.removeTree(machine.path("lib/python3.11/site-packages/portage"))
            let output = try await call(machine, "settings", #"{"names": []}"#)
            #expect(output.exitCode == 2)
            #expect(output.stderr.contains("portage"), "\(output.text)")
        }
    }

    @Test func aBrokenMakeConfIsALine() async throws {
        try await withMachine("make-conf") { machine in
            try machine.append("etc/portage/make.conf", "\nBROKEN=\"without an end\n")
            let output = try await call(machine, "settings", #"{"names": ["EPREFIX"]}"#)
            #expect(output.exitCode == 2)
            #expect(output.stderr.contains("make.conf"), "\(output.text)")
        }
    }

    @Test func fileNamesOutsideASCIISurvive() async throws {
        try await withMachine("names") { machine in
            let name = "mtimedb-ü-漢"
            let text = """
                {"resume": {"mergelist": [["ebuild", "\(machine.prefix)/", "app-demo/hello-1.0", "merge"]]}}
                """
            try machine.write(name, text)
            let output = try await call(
                machine, "merge_list", "{\"mtimedb\": \"\(machine.prefix)/\(name)\"}",
                environment: ["LANG": "C", "LC_ALL": "C"])
            #expect(output.exitCode == 0, "\(output.text)")
            #expect(output.stdout.contains("app-demo/hello-1.0"))
        }
    }

    @Test func interruptEndsALongCall() async throws {
        try await withMachine("interrupt") { machine in
            // Python waits for ever for somebody to write into the FIFO.
            #expect(mkfifo(machine.path("fifo"), 0o600) == 0)
            let program = machine.prefix + "/usr/libexec/portmanteau/portmanteau"
            let json = "{\"mtimedb\": \"\(machine.prefix)/fifo\"}"
            let process = try await machine.start([
                "bash", "-c", "echo $$ > $TMPDIR/pid; exec \"$0\" portage-call merge_list \"$1\"", program, json,
            ])
            while !isReading(machine.path("fifo")), process.isRunning { try await Task.sleep(for: .milliseconds(20)) }
            #expect(process.isRunning, "\(process.log)")
            let pid = try #require(Int32(try machine.read("tmp/pid").dropLast()))
            kill(pid, SIGINT)
            #expect(try await process.stop(grace: .seconds(60)) == 128 + Int(SIGINT), "\(process.log)")
        }
    }

    /// Whether somebody has a FIFO open for reading, or waits to.
    private func isReading(_ path: String) -> Bool {
        let fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
        guard fd >= 0 else { return false }
        // It stays open: when it closed, the reader would come to the end of the file.
        return true
    }
}
