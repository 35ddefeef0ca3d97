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
        try await make(
            ["install-files", "DESTDIR=", "EPREFIX=\(prefix)", "INSTALL_PROGRAM=ln -sf"], programs: programs,
            hotPrograms: hotPrograms)
        if enable {
            try await must(
                [prefix + "/usr/libexec/portmanteau/portage-hook", "enable"]
                    + (prefix.isEmpty ? [] : ["--eprefix", prefix]))
        }
    }

    /// Writes files of a release, of the programs just built and with little effort to make them small.
    ///
    /// - Parameters:
    ///   - parts: `source`, `deps`, `prebuilt` or `manifest`.
    ///   - folder: where; a path below EPREFIX.
    public func makeRelease(_ parts: [String], in folder: String) async throws {
        try await make(
            ["dist-files", "DIST=\(prefix)/\(folder)", "DIST_PARTS=\(parts.joined(separator: " "))"],
            environment: ["XZ_LEVEL": "-0"])
    }

    private func make(
        _ arguments: [String], programs: String? = nil, hotPrograms: String? = nil, environment: [String: String] = [:]
    ) async throws {
        let here = realPath("/proc/self/exe").map { $0.split(separator: "/").dropLast().joined(separator: "/") } ?? ""
        let programs = programs ?? ("/" + here)
        let hot = hotPrograms ?? HostEnvironment.value("PORTMANTEAU_HOTDIR") ?? programs
        let compilers = try Files.list(testbed.templateFolder(template) + "/tools").filter { $0.hasSuffix("-gcc") }
        let chost = compilers.first.map { ["CHOST=" + $0.dropLast("-gcc".count)] } ?? []
        try await must(
            ["make", "-s", "-C", Testbed.checkout] + arguments + ["BINDIR=\(programs)", "HOTDIR=\(hot)"] + chost,
            environment: environment, timeout: .seconds(900))
    }

    func must(
        _ command: [String], environment: [String: String] = [:], timeout: Duration = .seconds(120)
    ) async throws {
        let output = try await run(command, environment: environment, timeout: timeout)
        guard output.succeeded else {
            throw TestbedError.command(command.joined(separator: " "), reason: output.text)
        }
    }
}

extension Machine {
    /// Packs the machine's root, as far as its Portage needs it, into an archive below EPREFIX.
    public func packRoot(to relative: String) async throws {
        try await must([Testbed.scripts + "/pack-root", testbed.root, "\(prefix)/\(relative)"])
    }
}
