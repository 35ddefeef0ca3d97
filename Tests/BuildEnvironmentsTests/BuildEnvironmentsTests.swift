import BinpkgModel
import Sandbox
import Testing

@testable import BuildEnvironments

@Suite struct SandboxTests {
    @Test func mountsAreRead() {
        let table = MountTable(
            mountinfo: """
                22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
                23 22 0:5 / /with\\040blank rw shared:2 master:1 - tmpfs tmpfs rw
                24 22 0:6 / /usr/bin rw - overlay overlay rw,lowerdir=/a:/b
                25 22 0:7 / /usr/bin rw - ext4 /dev/vdb rw
                broken line
                """)
        #expect(table.mounts.map(\.point) == ["/", "/with blank", "/usr/bin"])
        #expect(table.type(at: "/usr/bin/x") == "ext4")
        #expect(table.type(at: "/usr/bin2") == "ext4")
        #expect(table.type(at: "/with blank/y") == "tmpfs")
    }

    @Test func pathsAreComparedByComponents() {
        #expect(Paths.isWithin("/a/b", "/a") && Paths.isWithin("/a", "/a") && Paths.isWithin("/a", "/"))
        #expect(!Paths.isWithin("/ab", "/a") && !Paths.isWithin("/a", "/a/b"))
        #expect(Paths.parents(of: "/a/b/c") == ["/a", "/a/b"])
    }

    @Test func networkIsOffUnlessAsked() {
        var sandbox = SandboxCommand()
        #expect(sandbox.arguments.contains("--unshare-net"))
        sandbox.hasNetwork = true
        #expect(!sandbox.arguments.contains("--unshare-net"))
    }
}

@Suite struct MemoryTests {
    @Test func directoriesInMemoryAreBounded() {
        var sandbox = SandboxCommand()
        sandbox.steps = [.bind("/", at: "/"), .empty("/tmp", mode: "1777"), .empty("/root", mode: "0755")]
        #expect(!sandbox.arguments.contains("--size"))
        sandbox.memoryBytes = 1 << 20
        let line = sandbox.arguments.joined(separator: " ")
        for part in [
            "--perms 1777 --size 1048576 --tmpfs /dev/shm --remount-ro /dev", "--size 1048576 --tmpfs /tmp",
            "--size 65536 --tmpfs /root",
        ] { #expect(line.contains(part), "\(line)") }
    }

    @Test func noPlaceHoldsMoreThanTheBuildMayHave() {
        #expect(BuildLimits().inMemory == 1 << 30)
        #expect(BuildLimits(memory: 1 << 20).inMemory == 1 << 20)
        #expect(BuildLimits(disk: 1 << 21, memoryFiles: 1 << 22).inMemory == 1 << 21)
        #expect(BuildLimits(memoryFiles: 1).inMemory == 4096)
    }
}

@Suite struct PortageQuotingTests {
    @Test(arguments: [
        ("-O2 -pipe", #"X="-O2 -pipe""#), ("a\"b", #"X="a\"b""#), ("$(id)", #"X="\\$(id)""#), ("a\nb", #"X="a b""#),
        ("a\\b", #"X="a\\\\b""#), ("'$HOME'", #"X="'$HOME'""#),
    ]) func valuesAreQuoted(value: String, line: String) {
        #expect(PortageQuoting.assignment("X", value) == line + "\n")
    }
}

@Suite struct HostFactsTests {
    @Test func repositoriesAreRead() {
        let (main, repositories) = HostFacts.parse(
            repositories: """
                [DEFAULT]
                main-repo = gentoo

                [gentoo]
                location = /var/db/repos/gentoo
                masters =\u{20}

                [guru]
                location = /var/db/repos/guru
                masters = gentoo
                """)
        #expect(main == "gentoo")
        #expect(repositories["gentoo"] == .init(location: "/var/db/repos/gentoo", masters: []))
        #expect(repositories["guru"]?.masters == ["gentoo"])
        #expect(repositories.count == 2)
    }
}

@Suite struct ProcessRefusalTests {
    /// What is said at each look, for how often a process was refused until then.
    private func verdicts(_ counts: [Int]) -> [Bool] {
        var refusals = ProcessRefusals()
        return counts.map { refusals.goOn($0) }
    }

    @Test func whatRecoversGoesOn() {
        #expect(verdicts([0, 1, 1, 1]) == [false, false, false, false])
        // Many at once, seen at two looks; then a few, again and again.
        #expect(!verdicts([0, 300, 500, 500, 500]).contains(true))
        #expect(!verdicts([0, 5, 9, 9, 12, 14, 14, 20, 30, 30, 31, 32]).contains(true))
        #expect(!verdicts([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]).contains(true))
    }

    @Test func whatGoesOnIsNoticed() {
        #expect(verdicts([0, 4000, 9000, 15000]) == [false, false, false, true])
        // On a machine that is busy otherwise.
        #expect(verdicts([3, 3, 8, 13, 18, 23, 28]) == [false, false, false, false, false, false, true])
        #expect(verdicts([500, 500, 510, 520, 530]).last == true)
    }
}

@Suite struct LogTailTests {
    @Test func reasonIsTheLineThatSaysMost() async {
        let tail = LogTail()
        #expect(await tail.reason == nil)
        await tail.append(
            Array("x.c:1:2: \u{1b}[31merror: \u{1b}[0mno such thing\n * ERROR: a/b-1 failed (compile phase):\n".utf8))
        #expect(await tail.reason == "x.c:1:2: error: no such thing")
        await tail.append(Array(" *   a binary package cannot carry: pipe (p)\n".utf8))
        #expect(await tail.reason == "*   a binary package cannot carry: pipe (p)")
        let other = LogTail()
        await other.append(Array(" * ERROR: a/b-1 failed (install phase):\n *   no such file\n * \n".utf8))
        #expect(await other.reason == "* ERROR: a/b-1 failed (install phase): no such file")
    }

    @Test func illegalInstructionIsSeenAndOthersAreNot() async {
        for line in [
            "line 3:  77 Illegal instruction     (core dumped) newer",
            "make: *** [Makefile:2: all] Illegal instruction",
            "gcc: internal compiler error: Illegal instruction signal terminated program cc1",
            "process didn't exit successfully: `rustc` (signal: 4, SIGILL: illegal instruction)",
            "subprocess.CalledProcessError: Command 'newer' died with <Signals.SIGILL: 4>.",
        ] {
            let tail = LogTail()
            await tail.append(Array("\(line)\n * ERROR: a/b-1 failed (compile phase):\n".utf8))
            #expect(await tail.isInstructionIllegal, "\(line)")
        }
        let tail = LogTail()
        let others = "checking for SIGILL... yes\nx.s:1: Error: no such instruction\nSegmentation fault\n"
        await tail.append(Array(others.utf8))
        #expect(await !tail.isInstructionIllegal)
    }
}
