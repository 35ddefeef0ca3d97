import PortageAPI
import Posix
import Testbed
import Testing

/// `depgraph show`: plans, formats, and merge lists that are none.
@Suite struct DepgraphShowTests {
    private func withMachine(_ name: String, _ body: (Machine) async throws -> Void) async throws {
        try await Testbed.shared().withMachine("show-" + name) { machine in
            try machine.useHardPackages()
            try await machine.installPortmanteau(enable: false)
            try await body(machine)
        }
    }

    private func show(
        _ machine: Machine, _ arguments: [String], environment: [String: String] = [:]
    ) async throws -> Output {
        try await machine.run(["depgraph", "show"] + arguments, environment: environment)
    }

    @Test func `a plan has the resolver's choices, and changes nothing`() async throws {
        try await withMachine("plan") { machine in
            try machine.write("var/cache/edb/mtimedb", mergeList(["app-demo/hello-1.0"], of: machine))
            let before = try await self.files(of: machine)
            let plan = try await machine.graph(["--pretend", "hard/a", "hard/b", "hard/group", "hard/any"])
            let edges = plan.edges.map { "\(plan.nodes[$0.from].cpv) > \(plan.nodes[$0.to].cpv)" }
            #expect(edges.sorted() == ["hard/any-1 > hard/a-1", "hard/group-1 > hard/b-1"])
            #expect(plan.edges.allSatisfy { !$0.maybe && $0.kinds == [.RDEPEND] })
            // Another root is that of the plan's packages, and USE of the environment counts.
            let other = try await machine.graph(
                ["--pretend", "--root=\(machine.prefix)/mnt", "hard/flags"], environment: ["USE": "off"])
            #expect(other.nodes.map(\.cpv).sorted() == ["hard/a-1", "hard/b-1", "hard/flags-1", "hard/useful-1"])
            #expect(Set(other.nodes.map(\.root)).count == 2)
            let picture = try await self.show(machine, ["--focus", "tool", "--pretend", "-v", "hard/cross"])
            #expect(picture.succeeded && picture.stdout.contains("┃ · hard/tool-1  unblocks 2 ┃"), "\(picture.text)")
            #expect(!picture.stdout.contains("\u{1b}"))
            #expect(try await self.files(of: machine) == before)
        }
    }

    @Test func `what emerge refuses is said, and the exit codes tell`() async throws {
        try await withMachine("refused") { machine in
            let nothing = try await self.show(machine, [])
            #expect(nothing.exitCode == 1 && nothing.stdout.isEmpty)
            #expect(
                nothing.stderr == "depgraph: no emerge runs; depgraph show --pretend ATOM shows what one would merge\n")
            let unknown = try await self.show(machine, ["--pretend", "hard/unknown"])
            #expect(unknown.exitCode == 2 && unknown.stdout.isEmpty)
            #expect(unknown.stderr.contains("there are no ebuilds to satisfy \"hard/unknown\""), "\(unknown.text)")
            #expect(unknown.stderr.contains("depgraph: emerge cannot do this: exit code 1"))
            for (arguments, text) in [
                (["--pretend", "--depclean"], "emerge --depclean merges nothing"),
                (["--pretend", "--no-such-option"], "unrecognized arguments: --no-such-option"),
                (["--size", "80by24"], "--size takes two numbers"),
                (["--mtimedb", "/x", "--pretend", "hard/a"], "exclude each other"),
                (["--format", "png"], "png"),
            ] {
                let output = try await self.show(machine, arguments)
                #expect(output.exitCode == 2 && output.stderr.contains(text), "\(output.text)")
            }
            let none = try await self.show(machine, ["--pretend", "@world"])
            #expect(none.exitCode == 1 && none.stderr.contains("emerge would merge nothing"), "\(none.text)")
            let other = try await self.show(machine, ["--focus", "hard/b", "--pretend", "hard/a"])
            #expect(other.exitCode == 1 && other.stderr.contains("hard/b is not in the plan"), "\(other.text)")
        }
    }

    @Test func `a merge list is shown in every format, at every size`() async throws {
        try await withMachine("formats") { machine in
            let names = ["hard/tool-lib-1", "hard/tool-1", "hard/lib-1", "hard/run-1", "hard/inst-1", "hard/cross-1"]
            let list = mergeList(names, of: machine)
            try machine.write("list", list)
            let file = ["--mtimedb", machine.prefix + "/list", "--focus", "hard/cross"]
            let text = try await self.show(machine, file)
            #expect(text.stdout.hasPrefix("6 of 6  hard/cross-1  needs 4"), "\(text.text)")
            #expect(text.stdout.contains("┃ · hard/cross-1 ┃"))
            let plain = try await self.show(machine, file, environment: ["LANG": "C"])
            #expect(plain.stdout.utf8.allSatisfy { $0 < 0x80 })
            for size in ["1x1", "40x6", "40x24", "200x60"] {
                let small = try await self.show(machine, file + ["--size", size])
                let limits = size.split(separator: "x").compactMap { Int($0) }
                let lines = small.stdout.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
                #expect(
                    small.succeeded && lines.count <= limits[1] && lines.allSatisfy { $0.count <= limits[0] }, "\(size)"
                )
            }
            #expect(try await machine.graph(file).nodes.map(\.cpv) == names)
            #expect(try await self.show(machine, file + ["--json"]).stdout.hasPrefix("{"))
            // To the letter: programs of others read it.
            try machine.write("any", mergeList(["hard/any-1", "hard/a-1"], of: machine))
            let json = try await self.show(machine, ["--mtimedb", machine.prefix + "/any", "--json"])
            func node(_ cpv: String) -> String {
                #"{"cpv":"\#(cpv)","repo":"hard","root":"\#(machine.prefix)/","state":"waiting","type":"ebuild"}"#
            }
            let edge = #"{"from":0,"kinds":["RDEPEND"],"maybe":false,"to":1}"#
            #expect(
                json.stdout.filter { !$0.isWhitespace }
                    == #"{"edges":[\#(edge)],"nodes":[\#(node("hard/any-1")),\#(node("hard/a-1"))]}"#)
            let dot = try await self.show(machine, file + ["--format", "dot"])
            #expect(dot.succeeded && names.allSatisfy { dot.stdout.contains($0) }, "\(dot.text)")
            let svg = try await self.show(machine, file + ["--format", "svg"])
            #expect(svg.succeeded && svg.stdout.contains("<svg") && svg.stdout.contains("cross-1"), "\(svg.text)")
            #expect(try machine.read("list") == list)
        }
    }

    @Test func `a merge list that is none is a line`() async throws {
        try await withMachine("bad") { machine in
            let good = mergeList(["hard/a-1"], of: machine)
            for (text, code) in [
                ("", 1), ("{}", 1), ("null", 2), ("[]", 2), ("{\"resume\": []}", 1), (String(good.dropLast(20)), 2),
                ("{\"resume\": {\"mergelist\": [[1, 2]]}}", 2), (String(repeating: "[", count: 100_000), 2),
                ("{\"resume\": {\"mergelist\": {\"a\": 1}}}", 1), ("\u{0}\u{1}\u{1b}[31m", 2),
                (good.replacing("\"merge\"", with: "\"uninstall\""), 1),
                (good.replacing("\"hard/a-1\"", with: "{\"\\u001b[31m\": [\"\\u001b]0;x\\u0007\"]}"), 2),
            ] {
                try machine.write("list", text)
                let output = try await self.show(machine, ["--mtimedb", machine.prefix + "/list"])
                #expect(output.exitCode == code && output.stdout.isEmpty, "\(text.prefix(80)): \(output.text)")
                #expect(output.stderr.split(separator: "\n").count == 1, "\(output.stderr)")
                #expect(!output.stderr.unicodeScalars.contains { $0.value < 32 && $0 != "\n" }, "\(output.stderr)")
            }
            // A hundred megabytes, none of them on the disk.
            #expect(try await machine.run(["truncate", "-s", "100M", machine.prefix + "/list"]).succeeded)
            let large = try await self.show(machine, ["--mtimedb", machine.prefix + "/list"])
            #expect(large.exitCode == 2 && large.stderr.contains("is larger than 16 MB"), "\(large.text)")
        }
    }

    @Test func `names that no package has are shown without edges, and harmless`() async throws {
        try await withMachine("names") { machine in
            let names = [
                "hard/\u{1b}[31mred-1", "hard/a-1", "../../etc/passwd", "x", "", "hard/b", "hard/c-1/d", "hard/ü-1",
                "hard/tab\tnew\nline-1", "hard/gone-9", "hard/nul\u{0}-1", "-rf/x-1",
            ]
            try machine.write("list", mergeList(names, of: machine))
            let file = ["--mtimedb", machine.prefix + "/list"]
            let report = try await machine.graph(file)
            #expect(report.nodes.map(\.cpv) == names)
            #expect(report.edges.isEmpty)
            for format in ["text", "dot", "svg", "json"] {
                for focus in [[], ["--focus", names[8]]] {
                    let output = try await self.show(machine, file + ["--format", format] + focus)
                    #expect(output.succeeded && !output.stdout.isEmpty, "\(format): \(output.text)")
                    #expect(!output.stdout.unicodeScalars.contains { $0.value < 32 && $0 != "\n" }, "\(format)")
                }
            }
        }
    }

    @Test func `a list that is replaced while it is read is the one or the other`() async throws {
        try await withMachine("replaced") { machine in
            let first = ["hard/a-1", "hard/any-1"]
            let second = ["hard/b-1", "hard/any-b-1", "hard/kinds-1"]
            try machine.write("first", mergeList(first, of: machine))
            try machine.write("second", mergeList(second, of: machine))
            let writer = try await machine.start([
                "bash", "-c",
                """
                cd \(machine.prefix)
                cp first list
                echo ready
                while :; do for name in second first; do cp $name new && mv new list; done; done
                """,
            ])
            #expect(await writer.waitForLog("ready"))
            for _ in 0..<6 {
                let report = try await machine.graph(["--mtimedb", machine.prefix + "/list"])
                let names = report.nodes.filter { $0.state == .waiting }.map(\.cpv)
                #expect(names == first || names == second)
            }
            try await writer.stop()
        }
    }

    /// mtimedb with the packages as ebuilds to be merged into the machine's root.
    private func mergeList(_ names: [String], of machine: Machine) -> String {
        func json(_ text: String) -> String {
            text.unicodeScalars.map { scalar in
                guard scalar.value < 32 || scalar == "\"" || scalar == "\\" else { return String(scalar) }
                let digits = String(scalar.value, radix: 16)
                return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }.joined()
        }
        let lines = names.map { "[\"ebuild\", \"\(machine.prefix)/\", \"\(json($0))\", \"merge\"]" }
        return "{\"resume\": {\"favorites\": [], \"mergelist\": [\(lines.joined(separator: ", "))], \"myopts\": {}}}"
    }

    /// All files below EPREFIX but caches and Python's own, with their content.
    private func files(of machine: Machine) async throws -> String {
        let script = """
            find . \\( -path ./var/cache/edb/dep -o -path ./tmp -o -path ./mnt -o -name __pycache__ -o -path ./srv \\) -prune \
            -o -type f -exec sha256sum {} + | sort
            """
        let output = try await machine.run(["bash", "-c", "cd \(machine.prefix) && " + script])
        try #require(output.succeeded && output.stdout.contains("mtimedb"), "\(output.text)")
        return output.stdout
    }
}
