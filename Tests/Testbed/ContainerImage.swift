extension Machine {
    /// Makes an image of podman out of a directory with a root below EPREFIX, in a storage of the machine's own.
    ///
    /// - Returns: podman with the options for this storage, as an array of TOML.
    public func importImage(_ directory: String, name: String) async throws -> String {
        let engine = [
            "podman", "--root", prefix + "/podman", "--runroot", prefix + "/podman-run", "--tmpdir",
            prefix + "/podman-tmp", "--storage-driver", "overlay", "--cgroup-manager", "cgroupfs", "--runtime", "runc",
        ]
        let script = "set -o pipefail; tar -C \"$1\" -c . | \"${@:3}\" import - \"$2\""
        let output = try await run(["bash", "-c", script, "import", "\(prefix)/\(directory)", name] + engine)
        guard output.succeeded else { throw TestbedError.command("podman import", reason: output.text) }
        return "[" + engine.map { "\"\($0)\"" }.joined(separator: ", ") + "]"
    }
}
