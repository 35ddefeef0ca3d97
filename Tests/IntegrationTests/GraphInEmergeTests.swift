import PortageAPI
import Posix
import Testbed
import Testing

/// The graph that the hook draws, in emerges that are not alone, fail, are resumed, or lose their merge list.
@Suite struct GraphInEmergeTests {
    /// The packages whose graph an emerge printed, by the picture's first line: `2 of 4  lib-demo/beta-1.0  needs 1`.
    private func drawn(in text: String) -> [String] {
        text.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard words.count > 3, Int(words[0]) != nil, words[1] == "of", Int(words[2]) != nil else { return nil }
            return String(words[3])
        }
    }

    @Test func `two emerges at once draw their own graphs`() async throws {
        try await Testbed.shared().withMachine("graph-two") { machine in
            try machine.useHardPackages()
            try await machine.installPortmanteau()
            let first = try await machine.start(["emerge", "-1", "app-demo/delta"])
            #expect(await first.waitForLog("1 of 4  lib-demo/alpha-1.0", timeout: .seconds(60)), "\(first.log)")
            let second = try await machine.emerge(["-1", "hard/cross"])
            while first.isRunning { try await Task.sleep(for: .milliseconds(50)) }
            #expect(try await first.stop() == 0, "\(first.log)")
            #expect(second.succeeded, "\(second.text)")
            #expect(
                drawn(in: first.log) == [
                    "lib-demo/alpha-1.0", "lib-demo/beta-1.0", "lib-demo/gamma-1.0", "app-demo/delta-1.0",
                ])
            // The other emerge may have overwritten its list when its first package began.
            let others = drawn(in: second.text)
            #expect(others.last == "hard/cross-1" && others.count >= 5, "\(second.text)")
            #expect(others.allSatisfy { $0.hasPrefix("hard/") })
        }
    }

    @Test func `a failed package keeps its place, and the rest of the list and its resumption are drawn`() async throws
    {
        try await Testbed.shared().withMachine("graph-failed") { machine in
            try machine.useHardPackages()
            try await machine.installPortmanteau()
            let output = try await machine.emerge([
                "-1", "--keep-going", "hard/fails", "hard/wants-failure", "hard/any", "hard/slot-one",
            ])
            #expect(output.exitCode == 1, "\(output.text)")
            let drawn = drawn(in: output.text)
            #expect(Set(drawn).isSuperset(of: ["hard/fails-1", "hard/any-1", "hard/slot-one-1"]), "\(output.text)")
            #expect(!drawn.contains("hard/wants-failure-1"))
            // One graph for the whole emerge: the list has shrunk, the numbers have not.
            #expect(output.text.contains(" of 6  hard/any-1"), "\(output.text)")

            let stopped = try await machine.emerge(["-1", "hard/fails", "hard/kinds"])
            #expect(stopped.exitCode == 1)
            let list = try machine.read("var/cache/edb/mtimedb")
            let none = try await machine.run(["depgraph", "show"])
            #expect(
                none.exitCode == 1 && none.stderr.contains("mtimedb shows the 2 packages that the last one has left"))
            let shown = try await machine.graph(["--mtimedb", machine.prefix + "/var/cache/edb/mtimedb"])
            #expect(shown.nodes.contains { $0.cpv == "hard/kinds-1" && $0.state == .waiting })
            #expect(try machine.read("var/cache/edb/mtimedb") == list)
            let resumed = try await machine.emerge(["--resume", "--skipfirst"])
            #expect(resumed.succeeded, "\(resumed.text)")
            #expect(self.drawn(in: resumed.text).contains("hard/kinds-1"), "\(resumed.text)")
        }
    }

    @Test func `packages of two roots, and USE of the environment, are in one graph`() async throws {
        try await Testbed.shared().withMachine("graph-roots") { machine in
            try machine.useHardPackages()
            try await machine.installPortmanteau()
            // emerge keeps its list in the root that it merges into; the first package is for the other.
            let edb = "mnt\(machine.prefix)/var/cache/edb"
            try Files.makeDirectories(machine.path(edb))
            let output = try await machine.emerge(
                ["-1", "--root=\(machine.prefix)/mnt", "hard/cross"], environment: ["USE": "off"])
            #expect(output.succeeded, "\(output.text)")
            let drawn = drawn(in: output.text)
            #expect(drawn.count == 7 && drawn.contains { $0.hasPrefix("hard/cross-1") }, "\(output.text)")

            let flags = try await machine.emerge(["-1", "hard/flags"], environment: ["USE": "-on off"])
            let parts = flags.text.split(separator: " of 4  hard/flags-1")
            let picture = try #require(parts.dropFirst().first, "\(flags.text)").prefix(900)
            #expect(picture.contains("hard/b-1") && picture.contains("hard/c-1") && !picture.contains("hard/a-1"))
        }
    }

    /// What a user's bashrc does to mtimedb while the first package is set up.
    @Test(arguments: [
        "printf '{\"resume\": {\"mergel' > $file", "truncate -s 100M $file", "rm -f $file", "printf '[]' > $file",
        "printf '{\"resume\": {\"mergelist\": [[\"ebuild\", \"/\", \"a/\\\\u001b[31m-1\", \"merge\"]]}}' > $file",
    ])
    func `a damaged merge list draws nothing, says nothing, and emerge goes on`(damage: String) async throws {
        let name = "graph-damaged-\(damage.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xffff })"
        try await Testbed.shared().withMachine(name) { machine in
            try machine.write(
                "etc/portage/bashrc", "pre_pkg_setup() { local file=${EROOT}/var/cache/edb/mtimedb; \(damage); }\n")
            try await machine.installPortmanteau()
            let output = try await machine.emerge(["-1", "app-demo/hello"])
            #expect(output.succeeded, "\(output.text)")
            #expect(drawn(in: output.text).isEmpty)
            #expect(!output.text.contains("portmanteau: ") && !output.text.contains("\u{1b}[31m-1"), "\(output.text)")
        }
    }
}
