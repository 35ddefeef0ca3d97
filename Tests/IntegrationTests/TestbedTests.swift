import Posix
import Testbed
import Testing

/// The testbed itself: what every other integration test stands on.
@Suite struct TestbedTests {
    @Test func `the diamond is built and runs, and another machine does not see it`() async throws {
        let testbed = try await Testbed.shared()
        try await testbed.withMachine("testbed-diamond") { machine in
            try await testbed.withMachine("testbed-other") { other in
                await #expect(throws: TestbedError.self, "each test has its machine alone") {
                    try await testbed.withMachine("testbed-other") { _ in }
                }
                let emerge = try await machine.emerge(["app-demo/delta"])
                #expect(emerge.succeeded, "\(emerge.text)")
                #expect(
                    try machine.installedPackages().filter { $0.contains("-demo/") } == [
                        "app-demo/delta-1.0", "lib-demo/alpha-1.0", "lib-demo/beta-1.0", "lib-demo/gamma-1.0",
                    ])
                #expect(try await machine.run(["delta"]).stdout == "delta: 4 packages on all ways down\n")
                #expect(try await other.run(["delta"]).exitCode == 127)
                #expect(try !other.installedPackages().contains("app-demo/delta-1.0"))
                // A dependency is recorded with the sub-slot that it was built against.
                #expect(try machine.read("var/db/pkg/lib-demo/beta-1.0/RDEPEND").contains("lib-demo/alpha:0/1="))
            }
        }
    }

    @Test func `a package that does not compile fails, and what needs it is not installed`() async throws {
        try await Testbed.shared().withMachine("testbed-broken") { machine in
            let emerge = try await machine.emerge(["app-demo/on-broken"])
            #expect(emerge.exitCode == 1)
            #expect(emerge.text.contains("never_declared"))
            #expect(try !machine.installedPackages().contains { $0.hasPrefix("app-demo/") })
        }
    }

    @Test func `phases run as the portage user, with Portage's own sandboxes`() async throws {
        try await Testbed.shared().withMachine("testbed-phases") { machine in
            try machine.write(
                "etc/portage/bashrc",
                """
                [[ ${EBUILD_PHASE} == compile ]] && { id -u; ls /sys/class/net; } > "${T}/seen" && cat "${T}/seen"
                """)
            let emerge = try await machine.emerge(["--quiet-build=n", "lib-demo/tempo"])
            #expect(emerge.succeeded, "\(emerge.text)")
            #expect(emerge.text.contains("\n250\n"))
            let features = try await machine.run(["portageq", "envvar", "FEATURES"]).stdout.split(separator: " ")
            for feature in ["userpriv", "pid-sandbox", "ipc-sandbox", "network-sandbox", "merge-wait"] {
                #expect(features.contains { $0 == feature || $0 == feature + "\n" }, "\(feature)")
            }
        }
    }

    @Test func `a machine from the template has Portage, the repository and nothing of the caller`() async throws {
        try await Testbed.shared().withMachine("testbed-clean") { machine in
            let version = try await machine.run(["emerge", "--version"])
            #expect(version.stdout.contains("Portage 3.0.83"))
            let environment = try await machine.run(["env"]).stdout.split(separator: "\n")
                .map { String($0.prefix { $0 != "=" }) }
            #expect(Set(environment).isSubset(of: ["PATH", "HOME", "TMPDIR", "LANG", "TERM", "PWD", "_"]))
            let tree = try await machine.run(["sh", "-c", "echo x > \(machine.testbed.repository)/x"])
            #expect(tree.exitCode != 0, "the repository is shared and must not be written")
            #expect(try machine.installedPackages() == ["sys-libs/glibc-2.36", "virtual/libc-1"])
        }
    }

    @Test func `a command that does not end is killed with all that it started`() async throws {
        try await Testbed.shared().withMachine("testbed-timeout") { machine in
            let script = "unshare -p -f --mount-proc setsid sleep 1000 & sleep 1000 & echo started; wait"
            let output = try await machine.run(["bash", "-c", script], timeout: .seconds(1))
            #expect(output.timedOut)
            #expect(!output.succeeded)
            #expect(output.stdout == "started\n")
        }
    }

    @Test func `the streams of a command arrive whole, and its input reaches it`() async throws {
        try await Testbed.shared().withMachine("testbed-streams") { machine in
            let output = try await machine.run(["sh", "-c", "cat; echo two >&2; exit 7"], input: "one\n")
            #expect(output.stdout == "one\n")
            #expect(output.stderr == "two\n")
            #expect(output.text == "one\ntwo\n" || output.text == "two\none\n")
            #expect(output.exitCode == 7)
            let large = try await machine.run(["head", "-c", "3000000", "/dev/zero"])
            #expect(large.stdout.utf8.count == 3_000_000)
        }
    }

    @Test func `a background program is stopped, and its log is kept until the machine goes`() async throws {
        try await Testbed.shared().withMachine("testbed-background") { machine in
            let program = try await machine.start([
                "bash", "-c", "trap 'echo bye; exit 3' TERM; echo ready; while :; do sleep 0.05; done",
            ])
            #expect(await program.waitForLog("ready"))
            #expect(program.isRunning)
            #expect(try await program.stop() == 3)
            #expect(!program.isRunning)
            #expect(program.log == "ready\nbye\n")
        }
    }

    @Test func `removing a machine ends what runs on it, and nothing of another`() async throws {
        let testbed = try await Testbed.shared()
        try await testbed.withMachine("testbed-stays") { other in
            let machine = try await testbed.machine("testbed-goes")
            let here = try await machine.start(["bash", "-c", "echo ready; exec sleep 1000"])
            let there = try await other.start(["bash", "-c", "echo ready; exec sleep 1000"])
            #expect(await here.waitForLog("ready"))
            #expect(await there.waitForLog("ready"))
            try await machine.remove()
            #expect(!here.isRunning)
            #expect(there.isRunning)
            try await there.stop()
        }
    }

    @Test func `a machine is kept or made anew as asked`() async throws {
        let testbed = try await Testbed.shared()
        let machine = try await testbed.machine("testbed-keep")
        try machine.write("etc/portage/package.use", "lib-demo/beta loud\n")
        _ = try await testbed.machine("testbed-keep", fresh: false)
        #expect(try machine.read("etc/portage/package.use") == "lib-demo/beta loud\n")
        _ = try await testbed.machine("testbed-keep")
        #expect(!Files.exists(machine.path("etc/portage/package.use")))
        try await machine.remove()
        #expect(!Files.exists(machine.folder))
        await #expect(throws: TestbedError.self) { try await machine.run(["true"]) }
    }

    @Test(arguments: ["", "..", ".hidden", "a/b", "a b", "$(id)", "a\n"])
    func `a name that is no folder's name is refused`(name: String) async throws {
        let testbed = try await Testbed.shared()
        await #expect(throws: TestbedError.self) { try await testbed.machine(name) }
    }

    @Test(arguments: ["relative", "/", "/ends/", "/with blank", "/quote'", "/colon:"])
    func `a folder that Portage could not use is refused`(path: String) {
        #expect(throws: TestbedError.self) { try Testbed(root: path) }
    }
}
