extension Machine {
    /// Makes an image of podman out of an archive of a root below EPREFIX, in a storage of the machine's own.
    ///
    /// - Returns: podman with the options for this storage, as an array of TOML.
    public func importImage(_ archive: String, name: String) async throws -> String {
        let engine = [
            "podman", "--root", prefix + "/podman", "--runroot", prefix + "/podman-run", "--tmpdir",
            prefix + "/podman-tmp", "--storage-driver", "overlay", "--cgroup-manager", "cgroupfs", "--runtime", "runc",
        ]
        let output = try await run(engine + ["import", "\(prefix)/\(archive)", name])
        guard output.succeeded else { throw TestbedError.command("podman import", reason: output.text) }
        return "[" + engine.map { "\"\($0)\"" }.joined(separator: ", ") + "]"
    }
}
