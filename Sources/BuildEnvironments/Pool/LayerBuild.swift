import BinpkgModel
import FoundationEssentials
import PortageAPI
import Posix
import Sandbox

/// Makes a layer: installs packages over a root or another layer and keeps what that wrote.
///
/// No code of the request's own package runs here, and none of its files are there: only the root's repositories have a
/// part, and packages that were built before. If one of those is somebody's alone, so is the layer; else it serves all.
struct LayerBuild: Sendable {
    let request: BuildRequest
    let root: HeldRoot
    let parent: HeldLayer?
    let store: LayerStore
    let host: BuildHost
    let run: BuildRun
    /// Packages that were built before.
    var stored: @Sendable (StoredPackageQuestion) async -> StoredPackage? = { _ in nil }

    /// Installs, and returns the new layer, which is held.
    func make(_ list: InstallList) async throws(BuildError) -> HeldLayer {
        let draft: (path: String, lock: LayerLock)
        do {
            draft = try store.makeDraft()
        } catch {
            throw .failed(reason: "\(error)")
        }
        run.places.add(draft.path)
        do throws(BuildError) {
            let layer = try await install(list, in: draft.path)
            guard let held = store.hold(layer.id) else {
                throw .failed(reason: "the new environment \(layer.id) is gone already")
            }
            return held
        } catch {
            try? Files.removeTree(draft.path)
            throw error
        }
    }

    private func install(_ list: InstallList, in draft: String) async throws(BuildError) -> Layer {
        let place = BuildPlace(root: root, layers: parent, workspace: draft, host: host, run: run)
        let layout = try place.layout()
        var configuration = PrivateConfiguration(request: request, place: place)
        configuration.packages = PackageSet(place.layered).installing(list.exact).packages
        try configuration.write(below: draft + "/cfg")
        let sandbox = place.sandbox(layout, tmpdir: request.tmpdir)
        let command = EmergeOptions.always + ["--with-bdeps=y"] + list.arguments
        let reused = try await PackageReuse(place: place, stored: stored)
            .find(place.closed(sandbox), arguments: command)
        let open = reused.shown(in: try place.fetching(sandbox))
        try await place.step("fetch", open, ["emerge", "--fetchonly"] + reused.options + command)
        let closed = reused.shown(in: place.closed(sandbox))
        try await place.step("build dependencies", closed, ["emerge"] + reused.options + command)
        let before = place.packages
        let (system, digests) = try await place.ask(sandbox) { portage async throws(PortageError) in
            let system = try await portage.installedSystem()
            let changed = PackageSet(system.packages.map(InstalledPackage.init)).changes(since: before).map(\.cpv)
            return (system, try await portage.contentDigests(changed))
        }
        let packages = PackageSet(system.packages.map(InstalledPackage.init))
        let installed = packages.changes(since: before)
        guard !installed.isEmpty else { throw .failed(reason: "nothing was installed") }
        let domain = parent?.layer.trustDomain ?? reused.trustDomain
        let layer = Layer(
            id: LayerStore.identity(
                root: root.identity, parent: parent?.layer.id, digests: digests, trustDomain: domain),
            environment: root.environment.name, root: root.identity, parent: parent?.layer.id,
            packages: packages.packages, installed: installed, libc: system.libc,
            places: layout.layers.map(\.place), made: Date().timeIntervalSince1970,
            bytes: await DiskUse.bytes(below: layout.layers.map(\.overlay.upper)), trustDomain: domain)
        do {
            try store.adopt(draft: draft, layer: layer)
        } catch {
            throw .failed(reason: "\(error)")
        }
        return layer
    }
}

/// What could not be installed, so that it is not tried for every request.
actor LayerFailures {
    private var failed: [String: MonotonicTime] = [:]
    private static let life = 600_000

    private func name(_ root: String, _ parent: String, _ list: InstallList) -> String {
        ([root, parent] + list.exact.map { "\($0.cpv) \($0.use.sorted().joined(separator: " "))" } + list.atoms)
            .joined(separator: "\n")
    }

    /// Whether this failed a short time ago.
    func contains(_ root: String, _ parent: String, _ list: InstallList) -> Bool {
        failed[name(root, parent, list)].map { $0 > .now } ?? false
    }

    func insert(_ root: String, _ parent: String, _ list: InstallList) {
        if failed.count > 1000 { failed = [:] }
        failed[name(root, parent, list)] = MonotonicTime.now.advanced(byMilliseconds: Self.life)
    }
}
