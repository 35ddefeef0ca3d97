public import BuildEnvironments
internal import Posix
internal import TOMLKit

/// The settings of the service, as `binpkgd.toml` has them. Every key may be left out.
public struct ServiceConfiguration: Equatable, Sendable {
    /// `listen`: address and port, `127.0.0.1:7700`.
    public var host = "127.0.0.1"
    /// The port of `listen`; 0 lets the system choose one.
    public var port = 7700
    /// `eprefix`: the Prefix whose Portage builds; empty for a system that is none.
    public var eprefix = ""
    /// `state`: where everything is kept.
    public var stateDirectory = "/var/lib/portmanteau/binpkgd"
    /// `distdir`: where distfiles are kept; nil for Portage's DISTDIR.
    public var distdir: String?
    /// `private_hosts`: hosts of local networks that distfiles of ebuilds which a client sent may be fetched from.
    public var privateHosts: [String] = []
    /// `python`: the interpreter for Portage; nil for the one beside `emerge`.
    public var python: String?
    /// `path`: directories for the PATH of builds, between those of the Prefix and those of the system;
    /// when left out, `binpkgd serve` takes the PATH that it was started with.
    public var path: [String] = []
    /// `workers`: how many builds run side by side.
    public var workers = 1
    /// `max_environments`: how many build environments may be there at once.
    public var maximumEnvironments = 2
    /// `limits.request_bytes`: the largest request.
    public var requestBytes = 4 << 20
    /// `limits.plan_bytes`: the most bytes of many requests that are made at once; they name many eclasses each.
    public var planBytes = 64 << 20
    /// `limits.content_bytes`: the largest file that can be sent.
    public var contentBytes = 16 << 20
    /// `limits.log_bytes`: how much of a build's log is kept.
    public var logBytes = 32 << 20
    /// `limits.step_seconds`: the longest that one step of a build may take.
    public var stepSeconds = 24 * 3600
    /// `limits.queue`: how many builds may wait.
    public var queueLength = 1000
    /// `limits.retry_seconds`: after this time a failed or declined request is tried again when it is made again.
    public var retrySeconds = 600

    /// `max_environments`, `environment_bytes`, `tolerance`: how many environments are kept beside the roots.
    public var pool: PoolLimits {
        PoolLimits(environments: maximumEnvironments, bytes: poolBytes, tolerance: tolerance)
    }
    /// `environment_bytes`: what they may take on disk.
    public var poolBytes = 64 << 30
    /// `tolerance`: up to this distance an environment is used as it is.
    public var tolerance = 0
    /// `target_seconds`: how long a target's root stays mounted without a build.
    public var targetSeconds = 900
    /// `limits.build_seconds` and others: what one build may take.
    public var buildLimits = BuildLimits()

    /// `limits.requests_per_second` and others: what callers may take.
    public var limits = ServiceLimits()
    /// `tls.certificate` and `tls.key`: files in PEM; nil: the service speaks plain HTTP.
    public var tls: TLSFiles?
    /// `[[binhost]]`: public binary package hosts.
    public var binhosts: [BinhostSettings] = []
    /// `[store]`: which packages are kept.
    public var keeping = KeepingSettings()
    /// `[signing]`: what packages are signed with; nil for not signed.
    public var signing: SigningSettings?

    /// `[[environment]]`: where packages are built, in the order in which they are tried; without any, over this
    /// machine's own root.
    public var environments: [BuildEnvironment]

    /// The defaults, for a system or a Prefix.
    public init(eprefix: String = "") {
        self.eprefix = eprefix
        stateDirectory = eprefix + "/var/lib/portmanteau/binpkgd"
        environments = [BuildEnvironment(name: "host", root: .host, eprefix: eprefix)]
    }

    /// Reads a configuration file.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - eprefix: the Prefix if the file names none.
    public init(file path: String, eprefix: String = "") throws(ServiceError) {
        do {
            try self.init(text: try Files.readText(path, limit: 1 << 20), file: path, eprefix: eprefix)
        } catch let error as ServiceError {
            throw error
        } catch {
            throw .configuration(file: path, reason: "\(error)")
        }
    }

    /// Reads the text of a configuration file; `file` is its name in errors.
    public init(text: String, file: String, eprefix: String = "") throws(ServiceError) {
        let values: Keys
        do {
            values = try TOMLDecoder(strictDecoding: true).decode(Keys.self, from: text)
        } catch let error as TOMLParseError {
            throw .configuration(file: file, reason: "line \(error.source.begin.line): \(error.description)")
        } catch let error as UnexpectedKeysError {
            throw .configuration(file: file, reason: Self.sentence(error))
        } catch let error as DecodingError {
            throw .configuration(file: file, reason: Self.sentence(error))
        } catch {
            throw .configuration(file: file, reason: "\(error)")
        }
        self.init(eprefix: values.eprefix ?? eprefix)
        if let listen = values.listen {
            guard let (host, port) = Self.address(listen) else {
                throw .configuration(file: file, reason: "'listen' must be ADDRESS:PORT, not '\(listen.printable)'")
            }
            self.host = host
            self.port = port
        }
        stateDirectory = values.state ?? stateDirectory
        distdir = values.distdir
        privateHosts = values.private_hosts ?? privateHosts
        python = values.python
        path = values.path ?? path
        workers = values.workers ?? workers
        maximumEnvironments = values.max_environments ?? maximumEnvironments
        requestBytes = values.limits?.request_bytes ?? requestBytes
        planBytes = values.limits?.plan_bytes ?? planBytes
        contentBytes = values.limits?.content_bytes ?? contentBytes
        logBytes = values.limits?.log_bytes ?? logBytes
        stepSeconds = values.limits?.step_seconds ?? stepSeconds
        queueLength = values.limits?.queue ?? queueLength
        retrySeconds = values.limits?.retry_seconds ?? retrySeconds
        poolBytes = values.environment_bytes ?? poolBytes
        tolerance = values.tolerance ?? tolerance
        targetSeconds = values.target_seconds ?? targetSeconds
        buildLimits = values.limits?.build(buildLimits) ?? buildLimits
        limits = values.limits?.service(limits) ?? limits
        tls = values.tls.map { TLSFiles(certificate: $0.certificate, key: $0.key) }
        keeping = values.store?.settings() ?? keeping
        do {
            if let tables = values.environment {
                environments = try tables.map { table throws(EnvironmentSettings.Mistake) in
                    try table.environment(eprefix: self.eprefix)
                }
            }
            let environments = environments
            binhosts = try (values.binhost ?? []).map { table throws(EnvironmentSettings.Mistake) in
                try table.settings(environments: environments)
            }
            signing = try values.signing?.settings()
        } catch {
            throw .configuration(file: file, reason: error.reason)
        }
        try check(file: file)
    }

    private func check(file: String) throws(ServiceError) {
        for (key, value) in [
            ("workers", workers), ("max_environments", maximumEnvironments), ("limits.request_bytes", requestBytes),
            ("limits.plan_bytes", planBytes), ("limits.content_bytes", contentBytes), ("limits.log_bytes", logBytes),
            ("limits.step_seconds", stepSeconds), ("limits.queue", queueLength), ("environment_bytes", poolBytes),
            ("limits.build_seconds", buildLimits.seconds), ("limits.memory_bytes", buildLimits.memory ?? 1),
            ("limits.processes", buildLimits.processes), ("limits.disk_bytes", buildLimits.disk),
            ("limits.memory_files_bytes", buildLimits.memoryFiles),
        ] + limits.values.map({ ("limits.\($0.key)", $0.value) }) where value < 1 {
            throw .configuration(file: file, reason: "'\(key)' must be at least 1, not \(value)")
        }
        for (key, value) in [
            ("limits.retry_seconds", retrySeconds), ("tolerance", tolerance), ("target_seconds", targetSeconds),
            ("limits.reserve_bytes", buildLimits.reserve), ("store.max_bytes", keeping.maximumBytes ?? 0),
            ("store.max_age_days", keeping.maximumDays ?? 0), ("store.keep_days", keeping.keepDays),
            ("store.gc_hours", keeping.hours),
        ] where value < 0 {
            throw .configuration(file: file, reason: "'\(key)' must not be negative")
        }
        guard !environments.isEmpty, Set(environments.map(\.name)).count == environments.count else {
            throw .configuration(file: file, reason: "each environment must have a name of its own")
        }
        guard Set(binhosts.map(\.name)).count == binhosts.count else {
            throw .configuration(file: file, reason: "each binhost must have a name of its own")
        }
        for host in privateHosts where host.isEmpty || !host.utf8.allSatisfy({ $0 > 32 && $0 < 127 && $0 != 47 }) {
            throw .configuration(
                file: file, reason: "'private_hosts' must be names and addresses of hosts, not '\(host.printable)'")
        }
        let paths = [
            ("state", stateDirectory), ("distdir", distdir), ("python", python),
            ("tls.certificate", tls?.certificate), ("tls.key", tls?.key),
        ]
        for (key, value) in paths + [("eprefix", eprefix.isEmpty ? nil : eprefix)] + path.map({ ("path", $0) }) {
            guard let value else { continue }
            guard value.hasPrefix("/"), !value.utf8.contains(where: { ",:\\\n".utf8.contains($0) }) else {
                throw .configuration(
                    file: file,
                    reason:
                        "'\(key)' must be an absolute path without comma, colon and backslash, not '\(value.printable)'"
                )
            }
        }
    }

    /// What no build may see beside the service's own directories: what it signs with, and the keys by which it proves who
    /// it is.
    private var secrets: [String] {
        let identities = environments.compactMap { environment -> String? in
            if case .target(let target) = environment.root { target.identity } else { nil }
        }
        let all = [signing?.home, tls?.key].compactMap { $0 } + identities
        return all.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    /// The machine that builds.
    public var buildHost: BuildHost {
        var host = BuildHost(
            eprefix: eprefix, stateDirectory: stateDirectory, distdir: distdir, python: python, path: path,
            stepSeconds: stepSeconds, pool: pool, warmSeconds: targetSeconds, limits: buildLimits)
        host.secrets = secrets
        host.privateHosts = Set(privateHosts.map { $0.lowercased() })
        return host
    }

    /// `listen`, as it is written.
    public var address: String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }

    /// Whether only this machine can reach the address.
    public var isLoopback: Bool {
        if host == "localhost" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return parts.count == 4 && parts[0] == 127 && !parts.contains(nil)
    }

    /// Takes `HOST:PORT` or `[HOST]:PORT` apart.
    static func address(_ text: String) -> (String, Int)? {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65535).contains(port)
        else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        return host.isEmpty ? nil : (String(host), port)
    }

    private static func sentence(_ error: UnexpectedKeysError) -> String {
        let names = error.keys.map { _, path in path.map(\.stringValue).joined(separator: ".") }.sorted()
        return "unknown key \(names.map { "'\($0)'" }.joined(separator: ", "))"
    }

    private static func sentence(_ error: DecodingError) -> String {
        func name(_ path: [any CodingKey]) -> String { "'\(path.map(\.stringValue).joined(separator: "."))'" }
        switch error {
        case .keyNotFound(let key, let context):
            // Also what this reader says of a value of the wrong kind; then the path ends with the key already.
            let isThere = context.codingPath.last?.stringValue == key.stringValue
            guard isThere else { return "missing key \(name(context.codingPath + [key]))" }
            return
                "\(name(context.codingPath)) must be \(context.debugDescription.contains("Int") ? "a number" : "a text")"
        case .typeMismatch(_, let context): return "\(name(context.codingPath)) has the wrong kind of value"
        case .valueNotFound(_, let context): return "missing key \(name(context.codingPath))"
        case .dataCorrupted(let context): return "\(name(context.codingPath)): \(context.debugDescription)"
        @unknown default: return "\(error)"
        }
    }
}

/// The file's keys, by the names they have there.
private struct Keys: Decodable {
    struct Limits: Decodable {
        let request_bytes: Int?
        let plan_bytes: Int?
        let content_bytes: Int?
        let log_bytes: Int?
        let step_seconds: Int?
        let queue: Int?
        let retry_seconds: Int?
        let build_seconds: Int?
        let memory_bytes: Int?
        let processes: Int?
        let disk_bytes: Int?
        let memory_files_bytes: Int?
        let reserve_bytes: Int?
        let package: [String: OwnLimits]?
        let requests_per_second: Int?
        let burst: Int?
        let caller_requests: Int?
        let parallel_requests: Int?
        let connections: Int?
        let header_bytes: Int?
        let idle_seconds: Int?
        let stall_seconds: Int?
    }

    struct TLS: Decodable {
        let certificate: String
        let key: String
    }

    let listen: String?
    let eprefix: String?
    let state: String?
    let distdir: String?
    let private_hosts: [String]?
    let python: String?
    let path: [String]?
    let workers: Int?
    let max_environments: Int?
    let environment_bytes: Int?
    let tolerance: Int?
    let target_seconds: Int?
    let environment: [EnvironmentSettings]?
    let limits: Limits?
    let tls: TLS?
    let binhost: [BinhostTable]?
    let store: StoreTable?
    let signing: SigningTable?
}

/// A table `limits.package."CATEGORY/NAME"`.
private struct OwnLimits: Decodable {
    let build_seconds: Int?
    let memory_bytes: Int?
    let disk_bytes: Int?
}

extension Keys.Limits {
    /// The limits of builds, with what the file leaves out taken from others.
    fileprivate func build(_ others: BuildLimits) -> BuildLimits {
        BuildLimits(
            seconds: build_seconds ?? others.seconds, memory: memory_bytes ?? others.memory,
            processes: processes ?? others.processes, disk: disk_bytes ?? others.disk,
            memoryFiles: memory_files_bytes ?? others.memoryFiles, reserve: reserve_bytes ?? others.reserve,
            packages: (package ?? [:]).mapValues {
                .init(seconds: $0.build_seconds, memory: $0.memory_bytes, disk: $0.disk_bytes)
            })
    }

    /// What callers may take, with what the file leaves out taken from others.
    fileprivate func service(_ others: ServiceLimits) -> ServiceLimits {
        var limits = others
        limits.requestsPerSecond = requests_per_second ?? others.requestsPerSecond
        limits.burst = burst ?? others.burst
        limits.callerRequests = caller_requests ?? others.callerRequests
        limits.parallelRequests = parallel_requests ?? others.parallelRequests
        limits.connections = connections ?? others.connections
        limits.headerBytes = header_bytes ?? others.headerBytes
        limits.idleSeconds = idle_seconds ?? others.idleSeconds
        limits.stallSeconds = stall_seconds ?? others.stallSeconds
        return limits
    }
}
