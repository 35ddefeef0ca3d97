import Subprocess
import SystemPackage

/// A machine whose root is read over sftp, and how it is reached.
public struct SSHTarget: Equatable, Hashable, Sendable, CustomStringConvertible {
    /// Name or address; an IPv6 address without brackets.
    public var host: String
    /// The port of its sshd.
    public var port: Int
    /// The account there. It should be able to read what everybody may read, and to do nothing else.
    public var user: String
    /// The file with the private key of this service.
    public var identity: String
    /// The file with the machine's host key.
    public var knownHosts: String

    /// A machine that is reached this way.
    public init(host: String, port: Int = 22, user: String, identity: String, knownHosts: String) {
        self.host = host
        self.port = port
        self.user = user
        self.identity = identity
        self.knownHosts = knownHosts
    }

    /// `USER@HOST:PORT`.
    public var description: String { "\(user)@\(host):\(port)" }

    /// The command that mounts the root of the machine at a place and serves it in the foreground.
    ///
    /// Kernel caches are kept for a day: the root must not change under a build anyway, which ``RootStamp`` notices, and a
    /// root that did change is mounted anew. A peer that does not answer for 15 s is taken for gone.
    ///
    /// - Parameter isDirect: without caches, and so that files of /proc can be read.
    func mountCommand(at place: String, isDirect: Bool = false) async throws(BuildError) -> [String] {
        let help: String
        do {
            // Its exit code is not the same in every version.
            help = try await run(
                .name("sshfs"), arguments: ["--help"], output: .string(limit: 1 << 20), error: .combinedWithOutput
            ).standardOutput
        } catch {
            throw .unusableHost(reason: "cannot run sshfs, which the source 'target' needs: \(error)")
        }
        var options = [
            "ro", "allow_other", "dev", "suid", "max_conns=\(isDirect ? 1 : 4)", "port=\(port)",
            "IdentityFile=\(identity)",
            "IdentitiesOnly=yes", "UserKnownHostsFile=\(knownHosts)", "GlobalKnownHostsFile=/dev/null",
            "StrictHostKeyChecking=yes", "BatchMode=yes", "ConnectTimeout=10", "ServerAliveInterval=5",
            "ServerAliveCountMax=3",
        ]
        options +=
            isDirect
            ? ["direct_io"]
            : [
                "kernel_cache", "dcache_timeout=86400", "dcache_max_size=1000000", "entry_timeout=86400",
                "attr_timeout=86400", "negative_timeout=86400",
            ]
        // Where links are contained by default, no program of the root could start. They are only followed inside it.
        if help.contains("contain_symlinks") { options.append("no_contain_symlinks") }
        let address = host.contains(":") ? "[\(host)]" : host
        return ["sshfs", "-f", "-F", "/dev/null", "-o", options.joined(separator: ","), "\(user)@\(address):/", place]
    }
}
