/// The machine that builds: where its Portage is, and where builds may write.
public struct BuildHost: Equatable, Sendable {
    /// EPREFIX without a slash at its end; empty for a system that is no Prefix.
    public var eprefix: String
    /// Where distfiles are kept, outside of all environments; nil for the DISTDIR that Portage is configured with.
    public var distdir: String?
    /// The interpreter that Portage runs with; nil for the `python3` beside `emerge`, else the system's.
    public var python: String?
    /// The service's own directory. Workspaces are below it, and no environment sees it.
    public var stateDirectory: String
    /// More directories for PATH, before the system's.
    public var path: [String]
    /// The longest that one step of a build may take, in seconds.
    public var stepSeconds: Int
    /// How many environments are kept.
    public var pool: PoolLimits
    /// How long a target's root stays mounted without a build, in seconds.
    public var warmSeconds: Int
    /// What one build may take.
    public var limits: BuildLimits
    /// Directories and files that no build may see, beside the service's own.
    public var secrets: [String] = []
    /// Hosts of local networks that distfiles of what a client sent may be fetched from.
    public var privateHosts: Set<String> = []

    /// A host of these values.
    public init(
        eprefix: String, stateDirectory: String, distdir: String? = nil, python: String? = nil,
        path: [String] = [], stepSeconds: Int = 24 * 3600, pool: PoolLimits = PoolLimits(environments: 2),
        warmSeconds: Int = 900, limits: BuildLimits = BuildLimits()
    ) {
        self.eprefix = eprefix
        self.stateDirectory = stateDirectory
        self.distdir = distdir
        self.python = python
        self.path = path
        self.stepSeconds = stepSeconds
        self.pool = pool
        self.warmSeconds = warmSeconds
        self.limits = limits
    }

    /// PATH of every program of Portage, outside and inside: the Prefix first.
    var searchPath: String {
        let own = eprefix.isEmpty ? [] : ["usr/sbin", "usr/bin", "sbin", "bin"].map { "\(eprefix)/\($0)" }
        var result: [String] = []
        for directory in own + path + ["/usr/sbin", "/usr/bin", "/sbin", "/bin"]
        where directory.hasPrefix("/") && !result.contains(directory) { result.append(directory) }
        return result.joined(separator: ":")
    }

    /// The directory of Portage's configuration.
    var configuration: String { eprefix + "/etc/portage" }
}
