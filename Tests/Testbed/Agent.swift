extension Machine {
    /// Starts `binpkg agent` on this machine, which has Portmanteau installed, and waits until it listens.
    ///
    /// - Parameter isActivated: whether it gets its socket as an init system passes it on.
    public func startAgent(isActivated: Bool = false) async throws -> BackgroundProcess {
        let program = [prefix + "/usr/bin/binpkg", "agent"] + (prefix.isEmpty ? [] : ["--eprefix", prefix])
        let process = try await start(isActivated ? ["python", "-c", Self.activation, prefix] + program : program)
        guard await process.waitForLog("listening", timeout: .seconds(30)) else {
            let log = process.log
            try await process.stop()
            throw TestbedError.command("binpkg agent", reason: log)
        }
        return process
    }

    /// Listens on the agent's socket, and becomes the agent.
    private static let activation = """
        import os, socket, sys
        directory = sys.argv[1] + "/run/portmanteau"
        os.makedirs(directory, exist_ok=True)
        os.umask(0o177)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(directory + "/agent.sock")
        listener.listen()
        os.dup2(listener.fileno(), 3, inheritable=True)
        os.execve(sys.argv[2], sys.argv[2:], {**os.environ, "LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())})
        """
}
