import Posix

/// distcc's own settings, as its environment and files give them.
struct DistccSettings {
    /// DISTCC_DIR.
    let directory: String
    /// For how long a mark counts, in seconds.
    let period: Int
    /// The servers and the slots of this machine.
    let hosts: HostList
    /// Where the list came from; nil when there is none.
    let source: String?

    init(_ variables: [String: String], directory: String? = nil) {
        let directory = directory ?? variables["DISTCC_DIR"] ?? (variables["HOME"] ?? "") + "/.distcc"
        self.directory = directory
        period = BackoffMarks.period(variables["DISTCC_BACKOFF_PERIOD"])
        if let text = variables["DISTCC_HOSTS"] {
            hosts = HostList(text)
            source = "DISTCC_HOSTS"
            return
        }
        for path in [directory + "/hosts", "/etc/distcc/hosts"] {
            if let text = try? Files.readText(path, limit: 1 << 20) {
                hosts = HostList(text)
                source = path
                return
            }
        }
        hosts = HostList("")
        source = nil
    }

    var marks: BackoffMarks { BackoffMarks(distccDirectory: directory, period: period) }
}
