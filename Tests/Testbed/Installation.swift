import Posix

extension Machine {
    /// Installs Portmanteau on the machine as links to the programs just built, and switches its hooks on.
    ///
    /// - Parameters:
    ///   - programs: the folder of the debug programs; by default that of the running program.
    ///   - hotPrograms: the folder of the release build of the hooks' programs; by default what
    ///     `PORTMANTEAU_HOTDIR` names, else `programs`.
    ///   - enable: whether the hooks are switched on.
    public func installPortmanteau(
        programs: String? = nil, hotPrograms: String? = nil, enable: Bool = true
    ) async throws {
        let here = realPath("/proc/self/exe").map { $0.split(separator: "/").dropLast().joined(separator: "/") } ?? ""
        let programs = programs ?? ("/" + here)
        let hot = hotPrograms ?? HostEnvironment.value("PORTMANTEAU_HOTDIR") ?? programs
        try await must([
            "make", "-s", "-C", Testbed.checkout, "install-files", "DESTDIR=", "EPREFIX=\(prefix)",
            "INSTALL_PROGRAM=ln -sf", "BINDIR=\(programs)", "HOTDIR=\(hot)",
        ])
        if enable {
            try await must([prefix + "/usr/libexec/portmanteau/portage-hook", "enable", "--eprefix", prefix])
        }
    }

    private func must(_ command: [String]) async throws {
        let output = try await run(command)
        guard output.succeeded else {
            throw TestbedError.command(command.joined(separator: " "), reason: output.text)
        }
    }
}
