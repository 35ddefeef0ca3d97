/// Where things are below the prefix in which Portmanteau is installed (empty on an ordinary system).
struct InstallLayout: Equatable, Sendable {
    let prefix: String

    var hook: String { prefix + "/usr/libexec/portmanteau/portage-hook" }
    var program: String { prefix + "/usr/libexec/portmanteau/portmanteau" }
    var distccGuard: String { prefix + "/usr/bin/distcc-guard" }
    var masquerade: String { prefix + "/usr/libexec/portmanteau/masquerade" }
    var overlays: String { prefix + "/usr/bin/olm" }
    var bashrc: String { prefix + "/usr/share/portmanteau/hooks/bashrc" }
    var configuration: String { prefix + "/etc/portmanteau/hooks.conf" }
    var userBashrc: String { prefix + "/etc/portage/bashrc" }
    var environmentFiles: String { prefix + "/etc/portage/env" }
    var postsync: String { prefix + "/etc/portage/postsync.d/50-portmanteau" }
    var graphs: String { prefix + "/var/cache/portmanteau/graphs" }
    var mtimedb: String { prefix + "/var/cache/edb/mtimedb" }
    var agentSocket: String { run + "/agent.sock" }
    var run: String { prefix + "/run/portmanteau" }

    /// A layout below a prefix, which must be absolute or empty.
    init?(prefix: String) {
        guard prefix.isEmpty || prefix.hasPrefix("/") else { return nil }
        var prefix = prefix[...]
        while prefix.last == "/" { prefix.removeLast() }
        self.prefix = String(prefix)
    }
}
