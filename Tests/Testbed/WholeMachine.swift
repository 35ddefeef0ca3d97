import Glibc
import Posix

/// Machines of the second kind: an overlay of this host's `/` with an unprefixed Portage, as on an ordinary Gentoo system.
///
/// They are used as the others are. One process holds the overlay, so that all commands on a machine share its sockets
/// and locks; the machine ends with it.
extension Testbed {
    /// Where such a machine keeps what differs from the host.
    func wholeFolder(_ name: String) -> String { "\(root)/whole/\(name)" }

    /// Makes such a machine, passes it on, and removes it at the end, also after an error.
    public func withWholeMachine<R: Sendable>(
        _ name: String, _ body: (Machine) async throws -> R
    ) async throws -> R {
        try await Limiter.withMachine(in: wholeFolder(name)) {
            try await Self.using(try await wholeMachine(name), body)
        }
    }

    private func wholeMachine(_ name: String) async throws -> Machine {
        let template = try await template()
        let folder = wholeFolder(name)
        try Files.removeTree(folder)
        try Files.makeDirectories(folder)
        for path in [root + "/whole", folder] { chmod(path, 0o755) }
        let run = Command.newRun()
        let arguments = [
            "-m", "--propagation", "private", Self.scripts + "/keep-whole", root, folder, templateFolder(template), run,
        ]
        let keeper = try await BackgroundProcess.start(
            arguments, environment: ["PATH": Machine.hostPath, "LANG": "C.UTF-8"], run: run,
            logPath: folder + "/keeper.log")
        guard await keeper.waitForLog("ready", timeout: .seconds(120)) else {
            let log = keeper.log
            try await keeper.stop(grace: .zero)
            throw TestbedError.command("keep-whole", reason: log)
        }
        return try Machine(testbed: self, name: name, template: template, keeper: keeper)
    }
}
