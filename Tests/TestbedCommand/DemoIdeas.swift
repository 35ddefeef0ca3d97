import Posix
import Testbed

/// The acts of the demo after the main job.
extension DemoStory {
    /// A machine that has no compiler installs the application.
    func withoutCompiler(_ service: Service) async throws {
        title(
            """
            Beside it: a machine with no compiler, no linker, no make and no headers.
            binpkg plan shows what the service has of an emerge; binpkg emerge gets and merges it.
            """)
        let bare = try await machine("demo-bare", enable: false)
        try bare.useService(service.url, settings: "")
        try await command(bare, ["binpkg", "plan", "app-demo/orchestra", "app-demo/delta"])
        let arguments = ["binpkg", "emerge", "--require", "app-demo/orchestra", "app-demo/delta"]
        try await command(bare, arguments, isBare: true) { line in
            line.hasPrefix("binpkg:") || line.contains("-1.0: ") || line.hasPrefix(">>> Emerging binary")
        }
        try await bare.remove()
    }

    /// A package of an overlay comes with `emerge --sync`, and is emerged.
    func overlayman(_ machine: Machine) async throws {
        title(
            """
            4. overlayman. /etc/overlayman/packages wants app-wood/cabinet of the overlay `bundle`.
            emerge --sync brings it, with just what it needs, and it is emerged like any package.
            """)
        try await machine.makeOverlay("bundle")
        try machine.useOverlays(["bundle"])
        try machine.write("etc/overlayman/packages", "app-wood/cabinet::bundle\n")
        try await machine.useTreeFromGit()
        try await command(machine, ["emerge", "--sync", "-q"]) { $0.hasPrefix("olm:") }
        try await command(machine, ["olm", "list"])
        _ = try await emerge(machine, "app-wood/cabinet", log: "demo-4.log")
    }

    /// An ebuild is made out of a release on the index, and emerged.
    func fastReleases(_ machine: Machine) async throws {
        title(
            """
            5. Fast releases. A project of the Python index, which no repository has: fastrel makes
            its ebuild, and those of what it needs.
            """)
        let server = try await machine.startReleaseServer()
        let repository = machine.prefix + "/var/db/repos/made"
        try await command(
            machine, ["fastrel", "pypi", "tally", "--closure", "--index-url", server.index, "--into", repository])
        try machine.write("etc/portage/repos.conf/made.conf", "[made]\nlocation = \(repository)\nauto-sync = no\n")
        _ = try await emerge(machine, "dev-python/tally", log: "demo-5.log")
        try await command(machine, ["tally"])
        try await server.stop()
    }

    /// A package is built on the root of the machine that asks, mounted through sshfs.
    func buildOnTheAskingRoot(_ builder: Machine) async throws {
        title(
            """
            6. Another machine, `desk`, lets the service read its root over sftp. The service puts an
            overlay on it and builds there: with exactly the dependencies that desk has.
            """)
        let desk = try await machine("demo-desk")
        let ssh = try await desk.startSSHServer()
        let service = try await builder.startService(settings: try builder.targetEnvironment("desk", ssh))
        try desk.useService(service.url, settings: "BINPKG_POLICY=wait:5m\nBINPKG_ACCURACY=exact\nDEPGRAPH_SIZE=80x14")
        _ = try await emerge(desk, "app-demo/hello", log: "demo-6.log")
        try await service.stop()
        try await ssh.stop()
    }

    /// Runs a command and prints its output, or the lines of it that `isShown` lets through.
    private func command(
        _ machine: Machine, _ words: [String], isBare: Bool = false, isShown: (String) -> Bool = { _ in true }
    ) async throws {
        let shown = words.map { $0.replacing(machine.prefix, with: "") }.joined(separator: " ")
        say("# \(shown)")
        let output =
            isBare
            ? try await machine.runWithoutCompiler(words, timeout: .seconds(900))
            : try await machine.run(words, timeout: .seconds(900))
        guard output.succeeded else { throw DemoError(description: "\(shown) failed:\n\(output.text)") }
        for line in output.text.split(separator: "\n") where isShown(String(line)) { print(line) }
    }
}
