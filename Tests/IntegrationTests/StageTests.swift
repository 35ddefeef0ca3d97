import BinpkgModel
import Glibc
import Posix
import Testbed
import Testing

/// A real emerge whose service answers with what it should not: every time one line, and the package is built.
@Suite struct StageTests {
    /// What the service does with the good package file.
    enum Spoil: Sendable {
        case nothing, oneByte, cut, wrongHash, silent, status, otherKey
    }

    private struct Outcome: Sendable {
        var output: Output
        var installed: [String]
        var cache: [String]

        var compiled: Bool { output.text.contains("\n>>> Compiling source") }
    }

    /// A machine with the hooks, and app-demo/hello as a package file that emerge built on another.
    private func withMachine<Result: Sendable>(
        _ name: String, _ body: (Machine, [UInt8]) async throws -> Result
    ) async throws -> Result {
        let package = try await BuiltPackages.shared.package("app-demo/hello", "app-demo/hello-1.0", bashrc: "").file
        return try await Testbed.shared().withMachine("stage-" + name) { machine in
            try await machine.installPortmanteau()
            return try await body(machine, package)
        }
    }

    /// Emerges app-demo/hello while the service does this with the package.
    private func emerge(
        on machine: Machine, _ package: [UInt8], _ spoil: Spoil, before command: String = "true"
    ) async throws -> Outcome {
        let service = FakeService(Self.plan(spoil, package))
        return try await LoopbackServer.with {
            service.answer($0)
        } _: { server in
            try machine.useService(server.url, settings: "BINPKG_POLICY=wait:1m")
            let output = try await machine.run(
                ["bash", "-c", "\(command) && exec emerge --oneshot app-demo/hello"])
            return Outcome(
                output: output, installed: try machine.installedPackages().filter { $0.hasPrefix("app-demo/") },
                cache: (try? Files.list(machine.path("var/cache/portmanteau/packages"))) ?? [])
        }
    }

    private static func plan(_ spoil: Spoil, _ package: [UInt8]) -> FakeService.Plan {
        var plan = FakeService.Plan(artifact: package)
        switch spoil {
        case .nothing: break
        case .oneByte: plan.artifact = DamagedPackage.image(package) ?? []
        case .cut:
            plan.instead["GET /v1/artifacts"] = .response(
                200, body: Array(package.prefix(5000)),
                headers: [
                    "Digest: sha-256=\(ContentHash.sha256(package))"
                ], promising: package.count)
        case .wrongHash:
            let other = String(repeating: "0", count: 64)
            plan.instead["GET /v1/artifacts"] = .response(
                200, body: package, headers: ["Digest: sha-256=\(other)"])
        case .silent: plan.instead["GET /v1/status"] = .silence
        case .status: plan.instead["POST /v1/requests"] = .response(500)
        case .otherKey: plan.id = String(repeating: "a", count: 64)
        }
        return plan
    }

    @Test func aGoodPackageIsInjectedAndOthersAreNot() async throws {
        try await withMachine("answers") { machine, package in
            let good = try await emerge(on: machine, package, .nothing)
            #expect(good.output.succeeded, "\(good.output.text)")
            #expect(good.installed == ["app-demo/hello-1.0"])
            #expect(good.output.text.contains(": hit, exact, saves 12 s of building"))
            #expect(!good.compiled)
            #expect(good.cache.isEmpty)
            let cases: [(Spoil, String)] = [
                (.oneByte, "the package cannot be used"), (.cut, "bad answer"), (.wrongHash, "SHA-256 is"),
                (.silent, "no answer within"), (.status, "answered with status 500"), (.otherKey, "another key"),
            ]
            for (spoil, text) in cases {
                let bad = try await emerge(on: machine, package, spoil)
                #expect(bad.output.succeeded, "\(bad.output.text)")
                #expect(bad.compiled, "\(bad.output.text)")
                let lines = bad.output.text.split(separator: "\n").filter { $0.contains("building here") }
                #expect(lines.count == 1, "\(bad.output.text)")
                #expect(lines.first?.contains(text) == true, "\(lines)")
                #expect(bad.cache.isEmpty)
            }
        }
    }

    /// Starts an agent that sees the same mounts as the emerge after it.
    private static let agent = """
        { binpkg agent --eprefix "${HOME%/root}" < /dev/null &> "$HOME/agent.log" & } &&
        for ((i = 0; i < 1200; i++)); do [[ -S ${HOME%/root}/run/portmanteau/agent.sock ]] && break; sleep 0.1; done
        """

    /// The disk of the client's cache is full, that of the staging directory, and that of the run directory: at once, and
    /// when the package is unpacked.
    @Test(arguments: ["var/cache/portmanteau", "var/tmp/portmanteau", "run/portmanteau"], [false, true])
    func aFullDiskMeansALocalBuild(_ place: String, _ hasAgent: Bool) async throws {
        let name = "full-\(place.split(separator: "/")[0])-\(place.utf8.count)-\(hasAgent)"
        try await withMachine(name) { machine, package in
            let path = machine.prefix + "/" + place
            for size in place == "var/tmp/portmanteau" ? [4, 28] : [4] {
                let outcome = try await emerge(
                    on: machine, package, .nothing,
                    before: "mkdir -p \(path) && mount -t tmpfs -o size=\(size)k,mode=755 full \(path)"
                        + (hasAgent ? " && " + Self.agent : ""))
                #expect(outcome.output.succeeded, "\(outcome.output.text)")
                #expect(outcome.installed == ["app-demo/hello-1.0"])
                let lines = outcome.output.text.split(separator: "\n").filter { $0.contains(": building here") }
                // Nothing that matters is in the run directory.
                guard place != "run/portmanteau" else {
                    #expect(lines.count == (outcome.compiled ? 1 : 0), "\(outcome.output.text)")
                    continue
                }
                #expect(outcome.compiled)
                #expect(lines.count == 1, "\(outcome.output.text)")
                #expect(lines.first?.lowercased().contains("no space left on") == true, "\(outcome.output.text)")
                #expect(lines.first?.contains(path) == true, "\(lines)")
            }
        }
    }

    /// The disk of the builds is full, when the image is unpacked, when the environment is converted, and when the image is
    /// moved: emerge fails, as it does without hooks, and installs nothing by halves; when there is room again, nothing is
    /// in the way of the next one.
    @Test func aFullBuildDirectoryHarmsNothing() async throws {
        try await withMachine("full-build") { machine, package in
            for (place, size) in [("var/tmp", 48), ("var/tmp", 160), ("var/tmp/portage", 96)] {
                let path = machine.prefix + "/" + place
                let first = """
                    mkdir -p \(path) && mount -t tmpfs -o size=\(size)k,mode=1777 full \(path) &&
                    { ! emerge --oneshot app-demo/hello || exit 9; } &&
                    [[ ! -e \(machine.prefix)/usr/bin/hello && ! -e \(machine.prefix)/var/db/pkg/app-demo/hello-1.0 ]] &&
                    echo "-- there is room again" && mount -o remount,size=64m \(path)
                    """
                let outcome = try await emerge(on: machine, package, .nothing, before: first)
                #expect(outcome.output.succeeded, "\(size)k: \(outcome.output.text)")
                let parts = outcome.output.text.split(separator: "-- there is room again")
                try #require(parts.count == 2, "\(size)k: \(outcome.output.text)")
                #expect(parts[0].contains("No space left on device"), "\(size)k: \(parts[0])")
                #expect(parts[1].contains(": hit, exact") && !parts[1].contains(">>> Compiling source"), "\(parts[1])")
                #expect(outcome.installed == ["app-demo/hello-1.0"])
                #expect(try await machine.run(["hello"]).succeeded)
                #expect(!Files.exists(machine.path("var/tmp/portage/app-demo/hello-1.0")))
                #expect(try await machine.emerge(["-qC", "app-demo/hello"]).succeeded)
            }
        }
    }

    /// Who has the wrong clock.
    enum Wrong: CaseIterable { case emerge, agent, both }

    /// An hour ahead, and an hour behind.
    @Test(arguments: [3600, -3600], Wrong.allCases)
    func aWrongClockChangesNothing(_ seconds: Int, _ wrong: Wrong) async throws {
        try await withMachine("clock-\(seconds > 0)-\(wrong)") { machine, package in
            let clock = try await machine.withClockOff(by: seconds).map { "\($0.key)=\($0.value)" }
            let shown = try await machine.run(["env"] + clock + ["date", "+%s"])
            let now = try #require(Int(shown.stdout.dropLast()))
            #expect(abs(now - time(nil) - seconds) < 1000)
            let words = clock.joined(separator: " ")
            let before =
                switch wrong {
                case .emerge: "export \(words)"
                case .agent: "export \(words) && \(Self.agent) && unset LD_PRELOAD CLOCK_OFF_BY"
                case .both: "export \(words) && \(Self.agent)"
                }
            let outcome = try await emerge(on: machine, package, .nothing, before: before)
            #expect(outcome.output.succeeded, "\(outcome.output.text)")
            #expect(outcome.output.text.contains(": hit, exact"), "\(outcome.output.text)")
            #expect(!outcome.compiled)
            #expect(Files.exists(machine.path("root/agent.log")) == (wrong != .emerge))
        }
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func aSignalEndsTheWaitAndFreesTheLock(_ signal: Int32) async throws {
        try await Testbed.shared().withMachine("stage-signal-\(signal)") { machine in
            try await machine.installPortmanteau(enable: false)
            let service = FakeService(FakeService.Plan(states: [.building]))
            try await LoopbackServer.with {
                service.answer($0)
            } _: { server in
                let prefix = machine.prefix
                let fields = [
                    "EPREFIX=\(prefix)", "CATEGORY=app-demo", "PF=hello-1.0", "PORTAGE_TMPDIR=\(prefix)/var/tmp",
                    "BINPKG_SERVICE=\(server.url)", "BINPKG_POLICY=wait:5m",
                ]
                try machine.write("tmp/input", fields.map { $0 + "\0" }.joined())
                let process = try await machine.start([
                    "bash", "-c", "echo $$ > $TMPDIR/pid; exec \"$0\" stage < $TMPDIR/input", "binpkg",
                ])
                let lock = machine.path("var/tmp/portmanteau/app-demo/hello-1.0/lock")
                let isWaiting = try await eventually {
                    service.log.contains { $0.hasPrefix("GET /v1/requests/") } || !process.isRunning
                }
                #expect(isWaiting, "\(process.log)")
                #expect(FileLock.isHeld(lock), "\(process.log)")
                let text = try machine.read("tmp/pid")
                kill(try #require(Int32(text.dropLast())), signal)
                #expect(try await eventually { !process.isRunning }, "\(process.log)")
                // The kernel closes the files when the last thread is gone, a moment after the first.
                #expect(try await eventually { !FileLock.isHeld(lock) })
                _ = try await process.stop()
            }
        }
    }
}
