public import BinpkgModel
import Posix
import Sandbox

/// Builds on this machine, each package in an environment of its own over the root of one of the environments.
public actor LocalBuilder: PackageBuilder {
    let host: BuildHost
    let environments: [BuildEnvironment]
    let keeper: RootKeeper
    private let failures = LayerFailures()
    let store: LayerStore
    private var known: (facts: HostFacts?, until: MonotonicTime)?

    /// How long what Portage says of the host is believed, in milliseconds.
    private static let factsLife = 30_000

    /// A builder on this host with these environments; without any, with the host's own root.
    public init(host: BuildHost, environments: [BuildEnvironment] = []) {
        self.host = host
        keeper = RootKeeper(host: host)
        store = LayerStore(stateDirectory: host.stateDirectory)
        self.environments =
            environments.isEmpty
            ? [BuildEnvironment(name: "host", root: .host, eprefix: host.eprefix)] : environments
    }

    /// Looks at what can be looked at now, so that a machine that cannot build is noticed at once: its own Portage, if
    /// an environment needs it, and the files that the configuration names.
    public func check() async throws(BuildError) {
        for environment in environments {
            switch environment.root {
            case .host: _ = try await hostFacts()
            case .stage3(let tarball): try Self.check(tarball, of: environment)
            case .directory(let path):
                guard Files.status(path)?.isDirectory == true else {
                    throw .unusableHost(
                        reason: "the environment '\(environment.name)' needs \(path), which is no directory")
                }
            case .image: break
            case .target(let target):
                try Self.check(target.identity, of: environment)
                try Self.check(target.knownHosts, of: environment)
            }
        }
        do {
            // What an earlier service left half made, and where it mounted.
            try store.sweep()
            if !FileLock.isHeld(host.stateDirectory + "/lock") {
                try Files.removeTree(host.stateDirectory + "/mounts")
            }
        } catch {
            throw .unusableHost(reason: "\(error)")
        }
    }

    /// Whether memory and processes of builds can be bounded on this system.
    public nonisolated var boundsProcesses: Bool {
        let group = ControlGroup.make(
            "portmanteau-check-\(String(UInt64.random(in: 0 ... .max), radix: 36))", memory: nil, processes: 100)
        group?.remove()
        return group != nil
    }

    /// Ends what is held between builds.
    public func close() async { await keeper.close() }

    private static func check(_ file: String, of environment: BuildEnvironment) throws(BuildError) {
        guard Files.status(file)?.isRegular == true else {
            throw .unusableHost(reason: "the environment '\(environment.name)' needs \(file), which is no file")
        }
    }

    /// The items that this host's repositories do not have byte for byte.
    public func itemsFromOutside(_ request: BuildRequest) async throws(BuildError) -> [ContentItem] {
        let own = try await ownFacts()
        return PackageContent.ofHost(request, own).flatMap { $0.itemsFromOutside() }
    }

    /// Builds in the nearest environment, with all that is written below the workspace.
    public func build(_ order: BuildOrder) async throws(BuildError) -> BuildResult {
        let (request, workspace) = (order.request, order.workspace)
        let own = try await ownFacts()
        let contents = PackageContent.ofHost(request, own)
        let name = PackageNames.name(of: request.cpv) ?? request.cpv
        let limits = host.limits.limits(of: name)
        let group = ControlGroup.make(
            "portmanteau-\(String(UInt64.random(in: 0 ... .max), radix: 36))", memory: limits.memory,
            processes: limits.processes)
        defer { group?.remove() }
        var needs = EnvironmentNeeds(request, trustDomain: order.trustDomain ?? EnvironmentNeeds.nobody)
        needs.packages = Processor.runnable(needs.packages)
        let job = BuildJob(
            request: request, needs: needs,
            host: host, keeper: keeper, store: store,
            failures: failures, workspace: workspace,
            bytes: { item throws(BuildError) in
                if let found = order.bytes(item) { return found }
                guard let found = contents.lazy.compactMap({ $0.hostBytes(of: item) }).first else {
                    throw .failed(reason: "the \(item.role.rawValue) \(item.name) is gone; send it again")
                }
                return found
            },
            run: BuildRun(
                name: name,
                distfiles: Distfiles(
                    common: distdir(own), trustDomain: order.trustDomain, state: host.stateDirectory),
                limits: limits, group: group, log: order.log),
            stored: order.stored)
        let environments = environments
        job.run.places.add(workspace)
        let result = try await BuildWatch(directories: { job.run.places.all }, limits: limits, group: group).hold {
            () async throws(BuildError) in try await job.build(in: environments)
        }
        let all = Stopwatch()
        all.add(since: job.run.start)
        await order.log(Array("== built in \(all.seconds) s, of which emerge took \(job.run.emerge.seconds) s\n".utf8))
        return result
    }

    private func hostFacts() async throws(BuildError) -> HostFacts {
        if let facts = known?.facts, let known, known.until > .now { return facts }
        let facts = try await HostFacts.read(host)
        known = (facts, MonotonicTime.now.advanced(byMilliseconds: Self.factsLife))
        return facts
    }

    /// DISTDIR of this machine.
    func distdir(_ own: HostFacts?) -> String {
        host.distdir ?? own?.settings["DISTDIR"] ?? host.stateDirectory + "/distfiles"
    }

    /// The host's facts. Where no environment needs them, a host without Portage has none, and all is sent.
    func ownFacts() async throws(BuildError) -> HostFacts? {
        if environments.contains(where: { $0.root == .host }) { return try await hostFacts() }
        if let known, known.until > .now { return known.facts }
        do {
            return try await hostFacts()
        } catch .unusableHost {
            known = (nil, MonotonicTime.now.advanced(byMilliseconds: Self.factsLife))
            return nil
        }
    }
}

extension PackageContent {
    /// The content of a request as this machine's repositories have it; without facts they have nothing.
    fileprivate static func ofHost(_ request: BuildRequest, _ facts: HostFacts?) -> [PackageContent] {
        all(of: request, facts: facts ?? .none, isHost: facts != nil)
    }
}
