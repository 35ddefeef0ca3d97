import BinpkgModel
import Posix
import Sandbox

/// A root that can be built in now, and what is known of it.
struct HeldRoot: Sendable {
    let environment: BuildEnvironment
    let mounted: MountedRoot
    /// Equal identity means equal content: layers belong to one.
    let identity: String
    /// What was installed when it was opened; nil for a root that nobody can change.
    let stamp: RootStamp?
    let knowledge: RootKnowledge
    /// The mount that has to stay for it; nil where there is none.
    let mount: WarmMount?
}

/// What Portage says of a root; the same as long as the root's identity is.
struct RootKnowledge: Sendable {
    let facts: HostFacts
    let packages: PackageSet
    let libc: String
    /// What its programs are compiled for; nil when this processor runs them all.
    let unfit: String?
}

/// Opens the roots of environments, and remembers what it learned of them.
actor RootKeeper {
    private let host: BuildHost
    private var known: [String: RootKnowledge] = [:]
    private var archives: [String: (status: Files.Status, hash: String)] = [:]
    private var mounts: [SSHTarget: WarmMount] = [:]
    /// Those who wait to look at a target and to mount it, by its place in the network: one after the other, so that builds
    /// that open at once share a mount.
    private var waiting: [SSHTarget: [CheckedContinuation<Void, Never>]] = [:]

    /// How many roots are remembered.
    private static let limit = 32

    init(host: BuildHost) { self.host = host }

    private var library: String { host.stateDirectory + "/roots" }

    /// Opens a root. The workspace gets scratch files, which may go when this returns.
    func open(_ environment: BuildEnvironment, workspace: String) async throws(BuildError) -> HeldRoot {
        switch environment.root {
        case .host:
            return try await open(environment, MountedRoot(directory: nil), source: "host", workspace)
        case .directory(let path):
            try check(directory: path)
            return try await open(environment, MountedRoot(directory: path), source: "directory \(path)", workspace)
        case .stage3, .image:
            let root = try await unpack(environment.root, workspace: workspace) ?? ""
            let name = root.split(separator: "/").last ?? ""
            return try await open(fixed: environment, root, source: "\(environment.root.source) \(name)", workspace)
        case .target(let target):
            return try await open(environment, target, workspace)
        }
    }

    /// The directory of an archive's or an image's root, which is unpacked if it is not yet; nil for other sources.
    func unpack(_ root: Root, workspace: String) async throws(BuildError) -> String? {
        switch root {
        case .stage3(let tarball):
            let hash = try hash(ofArchive: tarball)
            return try await RootArchive(tarball: tarball, library: library)
                .unpacked(hash: hash, scratch: workspace + "/unpacked")
        case .image(let image):
            let id = try await image.identity()
            return try await image.unpacked(id: id, library: library, scratch: workspace + "/unpacked")
        case .host, .directory, .target: return nil
        }
    }

    /// A root that only this service can change.
    private func open(
        fixed environment: BuildEnvironment, _ root: String, source: String, _ workspace: String
    ) async throws(BuildError) -> HeldRoot {
        let mounted = MountedRoot(directory: root)
        let identity = ContentHash.sha256(Array("root 1\n\(source)\n\(environment.eprefix)\n".utf8))
        return HeldRoot(
            environment: environment, mounted: mounted, identity: identity, stamp: nil,
            knowledge: try await knowledge(environment, mounted, identity, cpu: nil, workspace), mount: nil)
    }

    /// A root that others can change: what is installed and configured is part of its identity.
    private func open(
        _ environment: BuildEnvironment, _ mounted: MountedRoot, source: String, _ workspace: String,
        stamp given: RootStamp? = nil, cpu: Processor? = nil, mount: WarmMount? = nil
    ) async throws(BuildError) -> HeldRoot {
        let stamp: RootStamp
        if let given {
            stamp = given
        } else {
            stamp = try await RootStamp.read(mounted, eprefix: environment.eprefix, workspace: workspace + "/stamp")
        }
        if let package = stamp.merging {
            throw .failed(reason: "\(package) is being merged on \(environment.name): ask again later")
        }
        let text = (["root 1", source, environment.eprefix] + places(mounted, environment) + stamp.lines.sorted())
            .joined(separator: "\n")
        let identity = ContentHash.sha256(Array(text.utf8))
        return HeldRoot(
            environment: environment, mounted: mounted, identity: identity, stamp: stamp,
            knowledge: try await knowledge(environment, mounted, identity, cpu: cpu, workspace), mount: mount)
    }

    /// The mounts that the root consists of; layers have a directory for each.
    private func places(_ mounted: MountedRoot, _ environment: BuildEnvironment) -> [String] {
        guard mounted.isHost, let table = try? MountTable.current() else { return [] }
        return table.mounts.map(\.point).filter { !Paths.isWithin($0, host.stateDirectory) }.sorted()
    }

    /// Another machine's root. The mount stays for the next build; that it still shows what is there is asked over a
    /// connection of its own.
    private func open(
        _ environment: BuildEnvironment, _ target: SSHTarget, _ workspace: String
    ) async throws(BuildError) -> HeldRoot {
        let (look, mount) = try await mounted(target, environment, workspace)
        do {
            return try await open(
                environment, MountedRoot(directory: mount.place, process: mount.process),
                source: "target \(target)", workspace, stamp: look.stamp, cpu: look.processor, mount: mount)
        } catch {
            mount.release()
            throw error
        }
    }

    /// A mount that shows what is there now, taken for the caller.
    private func mounted(
        _ target: SSHTarget, _ environment: BuildEnvironment, _ workspace: String
    ) async throws(BuildError) -> (TargetLook, WarmMount) {
        await enter(target)
        defer { leave(target) }
        let look = try await target.look(eprefix: environment.eprefix, workspace: workspace + "/look")
        if let mount = mounts[target], mount.stamp != look.stamp || mount.ending.reason != nil {
            mount.retire()
            mounts[target] = nil
        }
        let mount: WarmMount
        if let warm = mounts[target], warm.take() {
            mount = warm
        } else {
            mount = try await WarmMount.make(
                target, place: "\(host.stateDirectory)/mounts/\(String(UInt64.random(in: 0 ... .max), radix: 36))",
                stamp: look.stamp, idleSeconds: host.warmSeconds)
            mounts[target] = mount
        }
        return (look, mount)
    }

    private func enter(_ target: SSHTarget) async {
        guard waiting[target] != nil else {
            waiting[target] = []
            return
        }
        await withCheckedContinuation { waiting[target, default: []].append($0) }
    }

    private func leave(_ target: SSHTarget) {
        guard var line = waiting[target], !line.isEmpty else {
            waiting[target] = nil
            return
        }
        let next = line.removeFirst()
        waiting[target] = line
        next.resume()
    }

    /// Unmounts everything.
    func close() async {
        for mount in mounts.values { await mount.end() }
        mounts = [:]
    }

    private func knowledge(
        _ environment: BuildEnvironment, _ mounted: MountedRoot, _ identity: String, cpu: Processor?,
        _ workspace: String
    ) async throws(BuildError) -> RootKnowledge {
        if let knowledge = known[identity] { return knowledge }
        var host = host
        host.eprefix = environment.eprefix
        if !mounted.isHost { host.python = nil }
        let layout = try RootLayout.prepare(
            mounted, workspace: workspace + "/survey", needed: [environment.eprefix].filter { !$0.isEmpty }, secret: [],
            isOpen: true)
        let facts = try await HostFacts.read(host, in: mounted.isHost ? nil : layout.sandbox)
        let packages = PackageSet(facts.installed)
        let native = mounted.isHost ? Processor.own : cpu ?? environment.cpu.map { Processor(march: $0) } ?? nil
        let unfit = Processor.own?.obstacle(to: facts.demands, native: native)
        if known.count >= Self.limit { known = [:] }
        let knowledge = RootKnowledge(facts: facts, packages: packages, libc: facts.libc, unfit: unfit)
        known[identity] = knowledge
        return knowledge
    }

    private func check(directory path: String) throws(BuildError) {
        guard Files.status(path)?.isDirectory == true else {
            throw .unusableHost(reason: "\(path) is no directory, and so no root")
        }
        let real = Files.realPath(path) ?? path
        let state = Files.realPath(host.stateDirectory) ?? host.stateDirectory
        guard !Paths.isWithin(state, real), !Paths.isWithin(real, state + "/layers") else {
            throw .unusableHost(
                reason: "the root \(path) contains the service's own state, \(host.stateDirectory); use the source "
                    + "'host' for this machine's root, and another directory for others")
        }
    }

    private func hash(ofArchive path: String) throws(BuildError) -> String {
        guard let status = Files.status(Files.realPath(path) ?? path) else {
            throw .unusableHost(reason: "the archive of the root, \(path), is not there")
        }
        if let known = archives[path], known.status == status { return known.hash }
        do {
            let hash = try FileHash.sha256(ofFile: path)
            archives[path] = (status, hash)
            return hash
        } catch {
            throw .unusableHost(reason: "the archive of the root cannot be read: \(error)")
        }
    }
}
