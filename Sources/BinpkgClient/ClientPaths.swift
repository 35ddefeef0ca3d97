import Fetching
import Glibc
import Posix

/// The client's files below EPREFIX.
public struct ClientPaths: Equatable, Sendable {
    /// EPREFIX without a slash at its end; empty on an ordinary system.
    public let prefix: String

    /// The paths below a prefix.
    public init(prefix: String) {
        var prefix = prefix[...]
        while prefix.last == "/" { prefix.removeLast() }
        self.prefix = String(prefix)
    }

    /// Proves to the service who asks.
    public var token: String { prefix + "/etc/portmanteau/token" }
    /// Settings of the hooks.
    public var configuration: String { prefix + "/etc/portmanteau/hooks.conf" }
    /// Packages on their way, and those that a person asked for.
    public var packages: String { prefix + "/var/cache/portmanteau/packages" }
    /// The run directory: the agent's socket, and what is known of services that are away.
    public var run: String { prefix + "/run/portmanteau" }
    /// Where the agent listens.
    public var agentSocket: String { run + "/agent.sock" }
    /// Plans that were sent to a service, and their packages.
    public var plans: String { prefix + "/var/cache/portmanteau/plans" }
    /// The certificates, in PEM, of the authorities that a service is trusted by, if they are not the system's.
    public var authorities: String { prefix + "/etc/portmanteau/ca.pem" }

    /// The token, if there is one. What others can read, or put there, is none.
    public func readToken() throws(ServiceError) -> String? {
        guard let status = Files.status(token) else { return nil }
        guard status.isRegular, status.mode & 0o077 == 0, status.owner == 0 || status.owner == geteuid() else {
            throw .configuration("\(token) is not used: it must be root's and closed to others (mode 0600)")
        }
        let text: String
        do {
            text = try Files.readText(token, limit: 4096)
        } catch {
            throw .configuration(error.description)
        }
        let word = String(text.unicodeScalars.filter { $0.value > 32 && $0.value < 127 })
        return word.isEmpty ? nil : word
    }

    /// How a service is reached: with the authorities of ``authorities`` if that is there.
    func fetcher() throws(ServiceError) -> Fetcher {
        guard Files.exists(authorities) else { return Fetcher() }
        let bytes: [UInt8]
        do {
            bytes = try Files.read(authorities, limit: 1 << 20)
        } catch {
            throw .configuration(error.description)
        }
        do {
            return try Fetcher(authorities: bytes, path: authorities)
        } catch {
            throw .configuration(error.description)
        }
    }
}
