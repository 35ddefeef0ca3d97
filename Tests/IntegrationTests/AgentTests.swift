import BinpkgModel
import Glibc
import Posix
import Testbed
import Testing

/// Real emerges with the agent beside them.
@Suite struct AgentTests {
    private static let hello = "app-demo/hello-1.0"

    /// A machine with hooks and agent, and a service that has some packages.
    private func withAgent(
        _ name: String, _ plan: FakeService.Plan, settings: String = "BINPKG_POLICY=wait:5m",
        isActivated: Bool = false, prepare: (Machine) throws -> Void = { _ in },
        _ body: (Machine, FakeService, BackgroundProcess) async throws -> Void
    ) async throws {
        try await Testbed.shared().withMachine("agent-" + name) { machine in
            try prepare(machine)
            try await machine.installPortmanteau()
            let service = FakeService(plan)
            try await LoopbackServer.with {
                service.answer($0)
            } _: { server in
                try machine.useService(server.url, settings: settings)
                let agent = try await machine.startAgent(isActivated: isActivated)
                try await body(machine, service, agent)
                try await agent.stop()
            }
        }
    }

    /// app-demo/hello, as another machine built it.
    private func hello() async throws -> [UInt8] {
        try await BuiltPackages.shared.package("app-demo/hello", Self.hello, bashrc: "").file
    }

    /// Looks again until it is so, or the program has ended.
    private func wait(while process: BackgroundProcess, until isSo: () throws -> Bool) async throws {
        let isOver = try await eventually(within: .seconds(300)) { try isSo() || !process.isRunning }
        let isSoNow = try isSo()
        try #require(isOver && isSoNow, "\(process.log)")
    }

    @Test func packagesComeThroughTheAgent() async throws {
        try await withAgent("hit", .init(packages: [Self.hello: try await hello()])) { machine, service, agent in
            try machine.write("etc/portage/package.env", "app-demo/memory never.conf\n")
            try machine.write("etc/portage/env/never.conf", "BINPKG_POLICY=off\n")
            let output = try await machine.emerge(["-1", "app-demo/hello", "app-demo/hallo", "app-demo/memory"])
            #expect(output.succeeded, "\(output.text)")
            #expect(output.text.contains("hello-1.0: binary package from http://127.0.0.1:"), "\(agent.log)")
            #expect(output.text.contains("hallo-1.0: the service does not build it: building here"))
            #expect(!output.text.contains("memory-1.0: "))
            let lines = agent.log.split(separator: "\n").filter { $0.contains("app-demo/") }
            #expect(lines.count == 2, "\(agent.log)")
            #expect(service.log.filter { $0.hasPrefix("POST") }.count == 2)
            #expect(!Files.exists(machine.path("var/tmp/portmanteau/\(Self.hello)")))
            let policy = try await machine.run(["binpkg", "policy", "app-demo/memory"])
            #expect(policy.stdout.contains("policy    off\n"), "\(policy.text)")
            #expect(policy.stdout.contains("@bindist  may not be passed on"))
            #expect(try await machine.run(["binpkg", "policy"]).stdout.contains("agent     runs\n"))
            try await othersAreNotAsked(machine, service)
        }
    }

    /// A file below env/ may replace a hook: still asked. What a person builds by hand, what is only packed, and what is
    /// a package already: not asked.
    private func othersAreNotAsked(_ machine: Machine, _ service: FakeService) async throws {
        func asked() -> Int { service.log.count { $0.hasPrefix("POST") } }
        let before = asked()
        try machine.write("etc/portage/env/app-demo/hello", "pre_pkg_setup() { echo \"setup of env\"; }\n")
        let replaced = try await machine.emerge(["-1", "--quiet-build=n", "app-demo/hello"])
        #expect(replaced.text.contains("setup of env"), "\(replaced.text)")
        #expect(replaced.text.contains("hello-1.0: binary package from http://127.0.0.1:"), "\(replaced.text)")
        #expect(asked() == before + 1)
        try Files.removeTree(machine.path("etc/portage/env/app-demo"))

        let ebuild = machine.testbed.repository + "/app-demo/hello/hello-1.0.ebuild"
        let byHand = try await machine.run(["ebuild", ebuild, "clean", "install"])
        #expect(byHand.succeeded && byHand.text.contains("\n>>> Compiling source"), "\(byHand.text)")
        #expect(try await machine.run(["ebuild", ebuild, "clean"]).succeeded)
        let packed = try await machine.emerge(["-1", "-B", "app-demo/hello"])
        #expect(packed.succeeded && packed.text.contains("\n>>> Compiling source"), "\(packed.text)")
        let merged = try await machine.emerge(["-1", "-K", "app-demo/hello"])
        #expect(merged.succeeded && merged.text.contains(">>> Emerging binary"), "\(merged.text)")
        #expect(asked() == before + 1, "\(service.log)")
    }

    /// Ctrl-C, and a kill, while a package is waited for: nothing is left in the way, the service's build goes on, and
    /// whoever goes on with the emerge gets the package.
    @Test(arguments: [(SIGINT, true), (SIGINT, false), (SIGKILL, true), (SIGKILL, false)])
    func anEmergeThatIsEndedGoesOnLater(_ signal: Int32, _ hasAgent: Bool) async throws {
        let plan = FakeService.Plan(packages: [Self.hello: try await hello()], held: [Self.hello])
        try await withAgent("ended-\(signal)-\(hasAgent)", plan, settings: "BINPKG_POLICY=wait:1h") {
            machine, service, agent in
            if !hasAgent { try await agent.stop() }
            let first = try await machine.start(["emerge", "-1", "--quiet-build=n", "app-demo/hello", "app-demo/hallo"])
            #expect(await first.waitForLog("waiting, at most 60 min", timeout: .seconds(120)), "\(first.log)")
            // A terminal sends Ctrl-C to all of its programs.
            #expect(kill(signal == SIGINT ? -first.pid : first.pid, signal) == 0)
            #expect(try await eventually { !first.isRunning })
            let staging = machine.path("var/tmp/portmanteau/\(Self.hello)")
            if hasAgent {
                #expect(await agent.waitForLog("hello-1.0: its emerge is gone", timeout: .seconds(60)), "\(agent.log)")
                #expect(try await eventually { !Files.exists(staging) })
            } else {
                #expect(try await eventually { !FileLock.isHeld(staging + "/lock") }, "\(first.log)")
            }
            #expect(service.log.allSatisfy { $0.hasPrefix("GET ") || $0.hasPrefix("POST ") || $0.hasPrefix("PUT ") })
            #expect(!(try machine.installedPackages().contains(Self.hello)))

            service.release()
            let second = try await machine.emerge(["--resume", "--quiet-build=n"])
            #expect(second.succeeded, "\(second.text)\n\(first.log)")
            #expect(second.text.contains("hello-1.0: binary package from http://127.0.0.1:"), "\(second.text)")
            #expect(second.text.ranges(of: ">>> Compiling source").count == 1, "\(second.text)")
            #expect(Set(try machine.installedPackages()).isSuperset(of: [Self.hello, "app-demo/hallo-1.0"]))
            #expect(!Files.exists(staging))
            #expect(!Files.exists(machine.path("var/tmp/portage/\(Self.hello)")))
        }
    }

    @Test func anUnsignedPackageIsRefusedWhereTheUserWantsSignatures() async throws {
        try await withAgent(
            "signature", .init(packages: [Self.hello: try await hello()]), isActivated: true,
            prepare: { machine in
                try machine.append("etc/portage/make.conf", "FEATURES=\"${FEATURES} binpkg-request-signature\"\n")
            }
        ) { machine, _, _ in
            let output = try await machine.emerge(["-1", "app-demo/hello"])
            #expect(output.succeeded, "\(output.text)")
            #expect(output.text.contains("the package cannot be used"), "\(output.text)")
            #expect(output.text.contains("Compiling source"))
        }
    }

    @Test func withADeadAgentThePhaseBuilds() async throws {
        let plan = FakeService.Plan(packages: [Self.hello: []], held: [Self.hello])
        try await withAgent("killed", plan, settings: "BINPKG_POLICY=wait:1h") { machine, service, agent in
            let emerge = try await machine.start(["emerge", "-1", "--quiet-build=n", "app-demo/hello"])
            #expect(await emerge.waitForLog("waiting, at most 60 min", timeout: .seconds(120)), "\(emerge.log)")
            kill(agent.pid, SIGKILL)
            #expect(await emerge.waitForLog("the agent is gone: building here", timeout: .seconds(60)), "\(emerge.log)")
            #expect(try await eventually(within: .seconds(120)) { !emerge.isRunning }, "\(emerge.log)")
            #expect(try machine.installedPackages().contains(Self.hello), "\(emerge.log)")
            #expect(emerge.log.contains("Compiling source"))
            // Nothing tells the service to stop: the build goes on for others.
            #expect(service.log.allSatisfy { $0.hasPrefix("GET ") || $0.hasPrefix("POST ") || $0.hasPrefix("PUT ") })
        }
    }

    /// While one package waits, the others are set up and built, and merged as when that one is built here for as long.
    @Test(arguments: ["merge-wait", "-merge-wait"])
    func aPackageThatWaitsHoldsUpNoOther(_ feature: String) async throws {
        let names = ["app-demo/hello-1.0", "app-demo/hallo-1.0", "app-demo/memory-1.0", "lib-demo/sun-1.0"]
        let plan = FakeService.Plan(packages: [Self.hello: try await hello()], held: [Self.hello])
        let arguments = ["emerge", "-1", "--jobs=4"] + names.map { "=" + $0 }
        let isMerging = feature == "-merge-wait"
        try await withAgent(
            "jobs-\(isMerging)", plan,
            prepare: { machine in
                try machine.append("etc/portage/make.conf", "FEATURES=\"${FEATURES} \(feature)\"\n")
                // A local build that takes as long as the test wants.
                let long = "[[ ${PN} != hello ]] || while [[ ! -e ${EPREFIX}/go-on ]]; do sleep 0.1; done"
                try machine.write("etc/portage/bashrc", "pre_src_configure() { \(long); }\n")
            }
        ) { machine, service, _ in
            /// Runs the merge; returns what was merged when all but the slow package were built.
            func merged(policy: String, goOn: () throws -> Void) async throws -> [String] {
                let emerge = try await machine.start(arguments, environment: ["BINPKG_POLICY": policy])
                try await wait(while: emerge) {
                    let installed = try machine.installedPackages()
                    return names.dropFirst().allSatisfy { name in
                        installed.contains(name)
                            || !isMerging && Files.exists(machine.path("var/tmp/portage/\(name)/.installed"))
                    }
                }
                let state = "var/tmp/portmanteau/\(Self.hello)/state"
                #expect(!Files.exists(machine.path(state)))
                #expect(!Files.exists(machine.path("var/tmp/portage/\(Self.hello)/.compiled")))
                let before = try machine.installedPackages()
                try goOn()
                #expect(try await eventually(within: .seconds(120)) { !emerge.isRunning }, "\(emerge.log)")
                #expect(Set(try machine.installedPackages()).isSuperset(of: names), "\(emerge.log)")
                return before.filter(names.contains)
            }
            let waiting = try await merged(policy: "wait:1h") { service.release() }
            #expect(!Files.exists(machine.path("go-on")), "hello was not built here")
            let removed = try await machine.emerge(["-q", "-C"] + names.map { "=" + $0 })
            #expect(removed.succeeded, "\(removed.text)")
            let building = try await merged(policy: "off") { try machine.write("go-on", "") }
            // With merge-wait nothing is merged while a job runs, whatever it does.
            #expect(waiting.count == (isMerging ? 3 : 0), "\(waiting)")
            #expect(waiting == building, "merged while one waits, and while it is built here")
        }
    }

    /// Phases of a hostile ebuild, as the build user and as root.
    private static let attack = #"""
        ___attack() { python - "$1" "${EPREFIX}" "${PORTAGE_TMPDIR}" <<'EOF'
        import os, socket, sys, time
        who, prefix, temporary = sys.argv[1:]
        try:
            agent = socket.socket(socket.AF_UNIX)
            agent.connect(prefix + "/run/portmanteau/agent.sock")
            fields = dict(EPREFIX=prefix, CATEGORY="app-demo", PF="hello-1.0", PORTAGE_TMPDIR=temporary,
                BINPKG_SERVICE="http://127.0.0.1:1", BINPKG_POLICY="require")
            agent.sendall(b"".join(f"{key}={value}\0".encode() for key, value in fields.items()))
            agent.shutdown(socket.SHUT_WR)
            print(f"attack {who}: agent: {agent.recv(4096).decode().strip()}")
        except OSError as error:
            print(f"attack {who}: agent: {error.strerror}")
        def attempt(what, action):
            try:
                action()
                print(f"attack {who}: {what}: done")
            except OSError as error:
                print(f"attack {who}: {what}: {error.strerror}")
        if os.getuid():
            root = temporary + "/portmanteau"
            for path in ("", "/app-demo", "/app-demo/hello-1.0"):
                attempt("make " + path, lambda: os.mkdir(root + path))
            attempt("move", lambda: os.rename(root, root + "-old"))
            for name in ("hallo-1.0", "hello-1.0"):
                attempt("write " + name, lambda: open(f"{root}/app-demo/{name}/state", "w").close())
            # And while the other package is staged, as often as it can be tried.
            if who == "user" and os.fork() == 0:
                os.setsid()
                for descriptor in range(256):
                    try:
                        os.close(descriptor)
                    except OSError:
                        pass
                done, end = 0, time.monotonic() + 60
                while time.monotonic() < end:
                    for path in ("", "/app-demo", "/app-demo/hello-1.0", "/app-demo/hello-1.0/image"):
                        try:
                            os.symlink("/etc", root + path)
                            done += 1
                        except OSError:
                            pass
                    # Whoever reads it finds all of it.
                    with open(temporary + "/portage/links.new", "w") as file:
                        file.write(f"{done} links were made")
                    os.rename(temporary + "/portage/links.new", temporary + "/portage/links")
                    time.sleep(0.002)
                os._exit(0)
        EOF
        }
        if [[ ${PN} == hallo ]]; then
            pre_src_unpack() { ___attack unpack; }
            pre_src_prepare() { ___attack user; }
            pre_src_compile() { ___attack compile; }
            pre_src_install() { ___attack install; }
            pre_pkg_preinst() { ___attack root; }
        fi
        [[ ${PN} != memory ]] || pre_pkg_setup() { ___attack setup; }

        """#

    @Test func aHostileEbuildGetsNowhere() async throws {
        try await withAgent(
            "hostile", .init(packages: [Self.hello: try await hello()]),
            prepare: { machine in
                try machine.write("etc/portage/bashrc", Self.attack)
                // Open to all, as /var/tmp is; and processes of a phase may outlive it.
                chmod(machine.path("var/tmp"), 0o1777)
                try machine.append("etc/portage/make.conf", "FEATURES=\"${FEATURES} -pid-sandbox\"\n")
            }
        ) { machine, _, agent in
            let output = try await machine.emerge([
                "-1", "--quiet-build=n", "app-demo/hallo", "app-demo/memory", "app-demo/hello",
            ])
            #expect(output.succeeded, "\(output.text)")
            // Phases of the build user reach neither the agent nor anything of a package's staging.
            for phase in ["unpack", "user", "compile"] {
                #expect(output.text.contains("attack \(phase): agent: Permission denied"), "\(output.text)")
                #expect(output.text.contains("attack \(phase): make /app-demo/hello-1.0: Permission denied"))
                for attack in ["make ", "make /app-demo", "move", "write hallo-1.0", "write hello-1.0"] {
                    #expect(output.text.contains("attack \(phase): \(attack): "), "\(output.text)")
                    #expect(!output.text.contains("attack \(phase): \(attack): done"), "\(output.text)")
                }
            }
            let links = try machine.read("var/tmp/portage/links")
            #expect(links == "0 links were made")
            for phase in ["install", "root"] {
                #expect(output.text.contains("attack \(phase): agent: refused the caller is not the setup phase"))
            }
            // A setup phase is root's and may ask; what it asks for another package is gone when that one is set up.
            #expect(output.text.contains("attack setup: agent: accepted"), "\(output.text)")
            #expect(output.text.contains("hello-1.0: binary package from http://127.0.0.1:"))
            #expect(agent.log.contains("refused: the caller is not the setup phase"), "\(agent.log)")
        }
    }
}
