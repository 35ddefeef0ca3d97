import BinpkgModel
import Glibc
import PackageModel
import Posix
import Sandbox

/// What an administrator does with environments, also while the service runs: layers appear by one rename, and what is in
/// use is locked.
extension LocalBuilder {
    /// Makes an environment: installs packages over a configured one's root. Returns the new layer.
    ///
    /// - Parameters:
    ///   - name: the configured environment.
    ///   - atoms: what to install, as `emerge` takes it; an installed package of the wanted version is left as it is.
    public func createEnvironment(
        _ name: String, atoms: [String], log: @escaping @Sendable ([UInt8]) async -> Void
    ) async throws(BuildError) -> Layer {
        guard let environment = environments.first(where: { $0.name == name }) else {
            let names = environments.map { "'\($0.name)'" }.joined(separator: ", ")
            throw .declined(reason: "there is no environment '\(name.printable)' in the configuration, only \(names)")
        }
        for text in atoms {
            do {
                _ = try Atom(text)
            } catch {
                throw .declined(reason: "\(error)")
            }
        }
        let own = try await ownFacts()
        let scratch = try draft()
        defer { try? Files.removeTree(scratch.path) }
        let root = try await keeper.open(environment, workspace: scratch.path + "/open")
        defer { root.mount?.release() }
        let chost = root.knowledge.facts.settings["CHOST"] ?? ""
        let request = BuildRequest(
            cpv: "", repository: "", eapi: "", slot: "0", use: [], iuse: [], chost: chost, cbuild: chost,
            eprefix: environment.eprefix, tmpdir: root.knowledge.facts.settings["PORTAGE_TMPDIR"] ?? "/var/tmp",
            variables: [:], features: [], profile: "", content: [])
        let limits = host.limits
        let group = ControlGroup.make("portmanteau-\(getpid())", memory: limits.memory, processes: limits.processes)
        defer { group?.remove() }
        let run = BuildRun(
            name: name, distfiles: Distfiles(common: distdir(own), state: host.stateDirectory), limits: limits,
            group: group, log: log)
        var list = InstallList()
        list.atoms = atoms
        let build = LayerBuild(request: request, root: root, parent: nil, store: store, host: host, run: run)
        return try await BuildWatch(directories: { run.places.all }, limits: limits, group: group).hold {
            [list] () async throws(BuildError) in try await build.make(list).layer
        }
    }

    /// Runs a command in a new environment over a kept one, without network; what it writes is thrown away.
    ///
    /// - Returns: its exit code, and the seconds from laying the environment out to the end of the command.
    public func enter(
        _ id: String, command: [String], output: @escaping @Sendable ([UInt8]) async -> Void
    ) async throws(BuildError) -> (code: Int32, seconds: Double) {
        guard let held = store.hold(id),
            let environment = environments.first(where: { $0.name == held.layer.environment })
        else { throw .declined(reason: "there is no environment \(id.printable)") }
        let scratch = try draft()
        defer { try? Files.removeTree(scratch.path) }
        let root = try await keeper.open(environment, workspace: scratch.path + "/open")
        defer { root.mount?.release() }
        guard root.identity == held.layer.root else {
            throw .declined(reason: "the root below \(id) became another; nothing is built in it any more")
        }
        let run = BuildRun(
            name: id, distfiles: Distfiles(common: "", state: host.stateDirectory), limits: host.limits, group: nil,
            log: output)
        let start = MonotonicTime.now
        let place = BuildPlace(root: root, layers: held, workspace: scratch.path + "/enter", host: host, run: run)
        let sandbox = place.sandbox(try place.layout(), tmpdir: "/var/tmp/portage")
        do {
            let code = try await sandbox.run(command, seconds: host.stepSeconds) { await output($0) }
            let watch = Stopwatch()
            watch.add(since: start)
            return (code, watch.seconds)
        } catch {
            throw .failed(reason: "\(error)")
        }
    }

    /// Unpacks an archive of a root now, as the source `stage3` would for its first build. Returns the directory.
    public func importRoot(_ tarball: String) async throws(BuildError) -> String {
        let scratch = try draft()
        defer { try? Files.removeTree(scratch.path) }
        let environment = BuildEnvironment(name: "import", root: .stage3(tarball: tarball), eprefix: "")
        return try await keeper.unpack(environment.root, workspace: scratch.path) ?? ""
    }

    /// Removes what no build will use again: half made layers, layers over roots that became others, unpacked roots that
    /// no environment names, and what is beyond the bounds of the pool. Returns a line for each.
    ///
    /// - Parameter isAlone: whether no service runs. If one does, unpacked roots stay.
    public func collectGarbage(isAlone: Bool) async throws(BuildError) -> [String] {
        var lines: [String] = []
        let scratch = try draft()
        defer { try? Files.removeTree(scratch.path) }
        var current: Set<String> = []
        var unknown: Set<String> = []
        var directories: Set<String> = []
        for environment in environments {
            do throws(BuildError) {
                let root = try await keeper.open(environment, workspace: "\(scratch.path)/\(environment.name)")
                root.mount?.release()
                current.insert(root.identity)
                if let directory = root.mounted.directory { directories.insert(directory) }
            } catch {
                unknown.insert(environment.name)
                lines.append("\(environment.name): kept as it is, since it cannot be opened: \(error)")
            }
        }
        do {
            for name in try store.sweep() where name.hasPrefix(".") {
                lines.append("removed what was half made: \(name)")
            }
            let known = Set(environments.map(\.name))
            for layer in store.layers().reversed()
            where !current.contains(layer.root)
                && !(unknown.contains(layer.environment) && known.contains(layer.environment))
            {
                if try store.remove(layer.id) { lines.append("removed \(layer.id): the root below it became another") }
            }
            let limits = PoolLimits(
                environments: host.pool.environments + 1,
                bytes: host.pool.bytes == .max ? .max : host.pool.bytes + 1)
            for id in PoolDecision.room(in: store.pooled(), keeping: nil, limits) ?? []
            where try store.remove(id) { lines.append("removed \(id): more than may be kept") }
            let library = host.stateDirectory + "/roots"
            if isAlone, unknown.isEmpty, Files.exists(library) {
                for name in try Files.list(library) where !directories.contains("\(library)/\(name)") {
                    try Files.removeTree("\(library)/\(name)")
                    lines.append("removed the unpacked root \(name): no environment names it")
                }
            }
        } catch {
            throw .failed(reason: "\(error)")
        }
        return lines
    }

    private func draft() throws(BuildError) -> (path: String, lock: LayerLock) {
        do {
            return try store.makeDraft()
        } catch {
            throw .failed(reason: "\(error)")
        }
    }
}
