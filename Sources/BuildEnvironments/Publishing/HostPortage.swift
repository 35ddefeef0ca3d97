public import BinpkgModel
import PortageAPI
import Posix
import PythonBridge

/// A configuration that packages must have been asked for with: this machine's own, with some changes.
public struct OwnConfiguration: Equatable, Sendable {
    /// Variables with other values than this machine's; empty for unset.
    public var variables: [String: String]
    /// USE flags that are set where a package has them, or, with `-` before them, not set.
    public var use: [String]

    /// A configuration of these changes.
    public init(variables: [String: String] = [:], use: [String] = []) {
        self.variables = variables
        self.use = use
    }
}

/// What is asked of Portage for finished packages, outside of all builds.
public protocol PackagePublisher: Sendable {
    /// Where a request is not what this machine's own Portage would ask for: a line for each difference.
    func differences(_ request: BuildRequest, from own: OwnConfiguration) async throws(BuildError) -> [String]
    /// The header of an index: a line for each key.
    func header() async throws(BuildError) -> [String]
    /// A package's stanza of an index.
    func entry(_ file: String, cpv: String, place: String, buildID: Int) async throws(BuildError) -> String
    /// A text as a member of a gzip file.
    func compressed(_ text: String) async throws(BuildError) -> [UInt8]
    /// Signs a package file in its place.
    func sign(_ file: String, home: String, key: String) async throws(BuildError)
    /// Ends what is kept between calls.
    func close() async
}

/// The same by this machine's own Portage, in a child that is kept for a while.
public actor HostPortage: PackagePublisher {
    private let host: BuildHost
    private var child: (portage: PortageAPI, until: MonotonicTime)?
    private var signedIn: Set<String> = []

    /// How long a child is believed to have read the configuration as it is, in milliseconds.
    private static let life = 30_000

    /// The Portage of this host.
    public init(host: BuildHost) { self.host = host }

    /// Compares a request with this machine's own configuration.
    public func differences(
        _ request: BuildRequest, from own: OwnConfiguration
    ) async throws(BuildError) -> [String] {
        let selector = PackageSelector(cpv: request.cpv, repository: request.repository)
        // What RESTRICT is may depend on the flags.
        let asRequested = PackageSelector(
            cpv: request.cpv, repository: request.repository, useOverride: request.use)
        let (inputs, restrict) = try await ask { portage async throws(PortageError) in
            let inputs = try await portage.keyInputs(selector, variables: BuildRequest.allowedVariables.sorted())
            if Set(inputs.use) == Set(request.use) { return (inputs, inputs.restrict) }
            return (inputs, try await portage.keyInputs(asRequested, variables: []).restrict)
        }
        let closed =
            restrict.contains("bindist") ? ["it may not be passed on in binary form (RESTRICT=bindist)"] : []
        return closed + Self.differences(request, own, inputs, hashes: Self.hashes(of: inputs))
    }

    /// The files of the repositories that this machine's Portage would use, by path.
    private static func hashes(of inputs: KeyInputs) -> [String: String] {
        var result: [String: String] = [:]
        for path in [inputs.ebuild] + (inputs.manifest.map { [$0] } ?? [])
            + (inputs.eclasses + inputs.files + inputs.bashrcs).map(\.path)
        {
            result[path] = (try? Files.read(path, limit: BuildRequest.maximumItemSize)).map { ContentHash.sha256($0) }
        }
        return result
    }

    static func differences(
        _ request: BuildRequest, _ own: OwnConfiguration, _ inputs: KeyInputs, hashes: [String: String]
    ) -> [String] {
        var lines: [String] = []
        var rest = request
        for (name, value) in own.variables.sorted(by: { $0.key < $1.key }) {
            let found = request.variables[name] ?? ""
            if found != value { lines.append("\(name) '\(value)' instead of '\(found)'") }
            rest.variables[name] = inputs.variables[name]
        }
        var use = Set(inputs.use)
        for flag in own.use {
            let name = flag.hasPrefix("-") ? String(flag.dropFirst()) : flag
            guard inputs.iuse.contains(name) else { continue }
            if flag.hasPrefix("-") { use.remove(name) } else { use.insert(name) }
        }
        if use == Set(request.use) { rest.use = inputs.use }
        // What a user adds to a package belongs to a machine, not to a configuration for everybody.
        for item in request.content where [.patch, .env].contains(item.role) || item.isUserBashrc {
            lines.append("also the \(item.role.rawValue) \(item.name)")
        }
        rest.content.removeAll { [.patch, .env].contains($0.role) || $0.isUserBashrc }
        return lines + KeyDifferences(request: rest, inputs: inputs.withoutUserFiles, hashes: hashes).lines
    }

    /// The header of an index.
    public func header() async throws(BuildError) -> [String] {
        try await ask { portage async throws(PortageError) in try await portage.binhostHeader() }
    }

    /// A package's stanza of an index.
    public func entry(
        _ file: String, cpv: String, place: String, buildID: Int
    ) async throws(BuildError) -> String {
        try await ask { portage async throws(PortageError) in
            try await portage.binhostEntry(file, cpv: cpv, place: place, buildID: buildID)
        }
    }

    /// A text as a member of a gzip file.
    public func compressed(_ text: String) async throws(BuildError) -> [UInt8] {
        try await ask { portage async throws(PortageError) in try await portage.compressed(text) }
    }

    /// Signs a package file in its place.
    public func sign(_ file: String, home: String, key: String) async throws(BuildError) {
        signedIn.insert(home)
        try await ask { portage async throws(PortageError) in
            try await portage.signPackage(file, home: home, key: key)
        }
    }

    /// Ends the child, and the agents of the keys that were used.
    public func close() async {
        await child?.portage.close()
        child = nil
        for home in signedIn { await SigningAgent.end(home) }
        signedIn = []
    }

    /// Asks a child; one that failed is not asked again.
    private func ask<Value: Sendable>(
        _ body: @escaping @Sendable (PortageAPI) async throws(PortageError) -> Value
    ) async throws(BuildError) -> Value {
        let portage = await ready()
        do throws(PortageError) {
            return try await body(portage)
        } catch {
            if Task.isCancelled { throw .cancelled }
            child = nil
            await portage.close()
            throw .failed(reason: "\(error)")
        }
    }

    private func ready() async -> PortageAPI {
        if let child, child.until > .now { return child.portage }
        let old = child?.portage
        let portage = PortageAPI(
            transport: ChildPython(
                .init(
                    interpreter: interpreter,
                    environment: ["PATH": host.searchPath, "LANG": "C.UTF-8", "HOME": "/root"],
                    timeLimit: .seconds(600))))
        child = (portage, MonotonicTime.now.advanced(byMilliseconds: Self.life))
        await old?.close()
        return portage
    }

    private var interpreter: String {
        let own = ["/usr/bin/python3", "/bin/python3"].map { host.eprefix + $0 }
        return host.python ?? own.first(where: { Files.exists($0) }) ?? "/usr/bin/python3"
    }
}

extension ContentItem {
    /// Whether it is a bashrc, but not one of the profile.
    fileprivate var isUserBashrc: Bool { role == .bashrc && !name.hasPrefix("profile/") }
}
