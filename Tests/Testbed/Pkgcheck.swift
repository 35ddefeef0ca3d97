import Posix
import Subprocess
import SystemPackage

extension Testbed {
    /// The versions of pkgcheck and what it stands on that work with the bash of Debian 12.
    private static let pkgcheck = ["pkgcheck==0.10.36", "pkgcore==0.12.30", "tree-sitter<0.25"]

    /// The path of pkgcheck, which is installed below the testbed when it is not there yet.
    func pkgcheckProgram() async throws -> String {
        let folder = root + "/pkgcheck"
        while !Files.exists(folder + "/done") {
            guard let lock = try FileLock(tryingPath: root + "/pkgcheck.lock") else {
                try await Task.sleep(for: .milliseconds(100))
                continue
            }
            if !Files.exists(folder + "/done") {
                try Files.removeTree(folder)
                try await install(into: folder)
                try Files.replace(folder + "/done", with: [])
            }
            _ = consume lock
        }
        return folder + "/bin/pkgcheck"
    }

    private func install(into folder: String) async throws {
        var environment = HostEnvironment.forPip
        environment["PATH"] = Machine.hostPath
        let commands = [
            ["/usr/bin/python3", "-m", "venv", folder],
            [folder + "/bin/pip", "install", "--quiet", "--no-cache-dir", "--only-binary", ":all:"] + Self.pkgcheck,
        ]
        for command in commands {
            let result = try await Subprocess.run(
                .path("/usr/bin/timeout"), arguments: Arguments(["300"] + command),
                environment: Command.custom(environment), output: .discarded, error: .string(limit: 1 << 16))
            guard result.terminationStatus.isSuccess else {
                throw TestbedError.command(command.joined(separator: " "), reason: result.standardError)
            }
        }
    }
}

extension Machine {
    /// Lets pkgcheck look at a repository that this machine's Portage knows. Everything it finds is in the output.
    public func pkgcheck(repository: String) async throws -> Output {
        let program = try await testbed.pkgcheckProgram()
        return try await run([
            program, "--config", prefix + "/etc/portage", "scan", "--repo", repository, "--reporter", "StrReporter",
        ])
    }
}
