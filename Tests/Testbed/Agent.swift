extension Machine {
    /// Starts `binpkg agent` on this machine, which has Portmanteau installed, and waits until it listens.
    public func startAgent(environment: [String: String] = [:]) async throws -> BackgroundProcess {
        let process = try await start(
            [prefix + "/usr/bin/binpkg", "agent", "--eprefix", prefix], environment: environment)
        guard await process.waitForLog("listening", timeout: .seconds(30)) else {
            let log = process.log
            try await process.stop()
            throw TestbedError.command("binpkg agent", reason: log)
        }
        return process
    }
}
