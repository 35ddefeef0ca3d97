import BinpkgModel
import Posix

/// A request and what is needed to build it, in whatever environment.
struct EnvironmentJob: Sendable {
    let request: BuildRequest
    let host: BuildHost
    /// This machine's own facts; nil when it has no Portage and none is needed.
    let ownFacts: HostFacts?
    let workspace: String
    let bytes: @Sendable (ContentItem) throws(BuildError) -> [UInt8]
    let log: @Sendable ([UInt8]) async -> Void

    /// What came of trying an environment.
    enum Outcome: Sendable {
        /// It was accepted, and this is the package.
        case built(BuildResult)
        /// It could be used, and this is how close it is.
        case possible(Accuracy?)
        /// It cannot build the request.
        case refused(BuildError)
    }

    /// Opens an environment, asks how close it is, and builds in it if that is accepted. Errors of the build itself are
    /// thrown; that the environment cannot be used is an outcome.
    func attempt(
        _ environment: BuildEnvironment, where isAccepted: @escaping @Sendable (Accuracy?) -> Bool
    ) async throws(BuildError) -> Outcome {
        await log(Array("== environment: \(environment.name) (\(environment.root.source))\n".utf8))
        let place = workspace + "/root"
        do {
            // What the attempt before left.
            for name in try Files.list(workspace) { try Files.removeTree("\(workspace)/\(name)") }
        } catch {
            throw .failed(reason: "\(error)")
        }
        do {
            return try await environment.root.mount(at: place, library: library) { root in
                await Self.result { () async throws(BuildError) in
                    try await use(environment, root, where: isAccepted)
                }
            }
        } catch .unusableHost(let reason) {
            return .refused(.unusableHost(reason: reason))
        }
    }

    private var library: String { host.stateDirectory + "/roots" }

    private func use(
        _ environment: BuildEnvironment, _ root: MountedRoot, where isAccepted: @Sendable (Accuracy?) -> Bool
    ) async throws(BuildError) -> Outcome {
        let stamp = try await stamp(environment, root, "before")
        if let package = stamp?.merging {
            return .refused(.failed(reason: "\(package) is being merged on \(environment.name): ask again later"))
        }
        let build = try await packageBuild(environment, root)
        let prepared: PackageBuild.Prepared
        do {
            prepared = try await build.prepare()
        } catch .declined(let reason) {
            return .refused(.declined(reason: reason))
        }
        let accuracy = prepared.accuracy(for: request)
        guard isAccepted(accuracy) else { return .possible(accuracy) }
        let result = try await build.run(prepared)
        if let stamp {
            let later = try await environment.root.mount(at: workspace + "/root-after", library: library) { root in
                await Self.result { () async throws(BuildError) in
                    try await self.stamp(environment, root, "after")
                }
            }
            if let change = later.flatMap({ stamp.change(to: $0) }) {
                throw .failed(
                    reason: "\(environment.name) became another system during the build (\(change)): the package is "
                        + "not published")
            }
        }
        return .built(result)
    }

    /// What is installed in the root; nil for one that only this service can change.
    private func stamp(
        _ environment: BuildEnvironment, _ root: MountedRoot, _ name: String
    ) async throws(BuildError) -> RootStamp? {
        guard environment.root.canChange else { return nil }
        return try await RootStamp.read(root, eprefix: environment.eprefix, workspace: "\(workspace)/stamp-\(name)")
    }

    private func packageBuild(
        _ environment: BuildEnvironment, _ root: MountedRoot
    ) async throws(BuildError) -> PackageBuild {
        var host = host
        host.eprefix = environment.eprefix
        let facts: HostFacts
        if root.isHost {
            guard let ownFacts else { throw .unusableHost(reason: "this machine has no Portage") }
            facts = ownFacts
        } else {
            host.python = nil
            let layout = try RootLayout.prepare(
                root, workspace: workspace + "/survey", needed: [environment.eprefix], secret: [], isOpen: true)
            facts = try await HostFacts.read(host, in: layout.sandbox)
        }
        return PackageBuild(
            request: request, host: host, facts: facts, root: root, workspace: workspace + "/build", bytes: bytes,
            log: log, distdir: host.distdir ?? ownFacts?.settings["DISTDIR"] ?? host.stateDirectory + "/distfiles")
    }

    private static func result<Value>(
        _ body: () async throws(BuildError) -> Value
    ) async -> Result<Value, BuildError> {
        do {
            return .success(try await body())
        } catch {
            return .failure(error)
        }
    }
}
