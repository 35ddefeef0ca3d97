public import Posix

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
    /// What was staged and when.
    public var staged: String { prefix + "/var/cache/portmanteau/staged" }

    /// The token, if there is one.
    public func readToken() throws(PosixError) -> String? {
        guard Files.status(token) != nil else { return nil }
        let text = try Files.readText(token, limit: 4096)
        let word = String(text.unicodeScalars.filter { $0.value > 32 && $0.value < 127 })
        return word.isEmpty ? nil : word
    }
}
