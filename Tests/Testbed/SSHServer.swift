import Posix

/// An sshd on a machine of the testbed, on loopback, that serves the machine's whole root read-only to one account.
public struct SSHServer: Sendable {
    /// The running program.
    public let process: BackgroundProcess
    /// Its port on 127.0.0.1.
    public let port: Int
    /// The private key that it lets in.
    let identity: String
    /// Its line in a file of known hosts.
    let knownHost: String

    /// The account. It exists everywhere, owns nothing, and has no password; so it reads what everybody may read.
    public static let user = "nobody"

    /// The same, as it is reached through another port that leads to it.
    public func reached(through port: Int) -> SSHServer {
        SSHServer(
            process: process, port: port, identity: identity,
            knownHost: knownHost.replacing("]:\(self.port) ", with: "]:\(port) "))
    }

    /// Ends it and all its connections.
    public func stop() async throws { try await process.stop(grace: .zero) }
}

extension Machine {
    /// Starts sshd on this machine. Everything of it is below the machine's folder.
    public func startSSHServer() async throws -> SSHServer {
        let port = try FreePort.find()
        let base = prefix + "/etc/ssh"
        let keys = """
            set -e
            mkdir -p "$1"
            cd "$1"
            ssh-keygen -q -t ed25519 -N '' -C host -f host_key <<< y > /dev/null
            ssh-keygen -q -t ed25519 -N '' -C service -f service_key <<< y > /dev/null
            printf 'restrict %s\\n' "$(< service_key.pub)" > authorized_keys
            """
        let made = try await run(["bash", "-c", keys, "keys", base])
        guard made.succeeded else { throw TestbedError.command("ssh-keygen", reason: made.text) }
        try write(
            "etc/ssh/sshd_config",
            """
            ListenAddress 127.0.0.1
            Port \(port)
            HostKey \(base)/host_key
            PidFile none
            AuthorizedKeysFile \(base)/authorized_keys
            AuthenticationMethods publickey
            AllowUsers \(SSHServer.user)
            # The checkout may be anywhere, also in a directory that others can write to.
            StrictModes no
            UsePAM no
            Subsystem sftp internal-sftp
            ForceCommand internal-sftp -R
            DisableForwarding yes
            PermitTTY no

            """)
        // sshd wants its directory in /run; this one is in the mount namespace of the command.
        let start = "mount -t tmpfs -o mode=755 run /run && mkdir /run/sshd && exec /usr/sbin/sshd -D -e -f \"$1\""
        let process = try await self.start(["bash", "-c", start, "sshd", base + "/sshd_config"])
        guard await process.waitForLog("Server listening on") else {
            let log = process.log
            try await process.stop()
            throw TestbedError.command("sshd", reason: log)
        }
        let key = try read("etc/ssh/host_key.pub").split(separator: " ").prefix(2).joined(separator: " ")
        return SSHServer(
            process: process, port: port, identity: try read("etc/ssh/service_key"),
            knownHost: "[127.0.0.1]:\(port) \(key)\n")
    }

    /// Lets this machine reach such an sshd, and returns the table of `binpkgd.toml` for an environment with the root of
    /// its machine.
    public func targetEnvironment(_ name: String, _ server: SSHServer) throws -> String {
        let folder = "etc/portmanteau"
        try write("\(folder)/\(name).key", server.identity, mode: 0o600)
        try write("\(folder)/\(name).known_hosts", server.knownHost)
        return """
            [[environment]]
            name = "\(name)"
            source = "target"
            prefix = "\(prefix)"
            [environment.ssh]
            host = "127.0.0.1"
            port = \(server.port)
            user = "\(SSHServer.user)"
            identity = "\(prefix)/\(folder)/\(name).key"
            known_hosts = "\(prefix)/\(folder)/\(name).known_hosts"

            """
    }
}
