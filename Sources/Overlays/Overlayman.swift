internal import EbuildRepository
internal import PackageModel
public import PortageAPI
internal import Posix

/// Keeps slices: what `olm` does.
public struct Overlayman: Sendable {
    /// What became of one overlay.
    public enum Outcome: Equatable, Sendable {
        /// A new generation is published.
        case published(generation: Int, packages: Int)
        /// What is published is what would be made again.
        case unchanged(packages: Int)
        /// The content that was taken back is still the newest; the older one stays.
        case held(generation: Int)
        /// Nothing of it is wanted any more; the slice is gone.
        case removed
    }

    /// Where everything is.
    public let paths: OverlaysPaths
    private let portage: PortageAPI
    private let git: Git
    private let note: @Sendable (String) -> Void

    /// How many generations are kept for going back.
    static let generationsKept = 3

    /// The overlayman of a machine.
    ///
    /// - Parameters:
    ///   - environment: this process's variables: git needs those about proxies.
    ///   - note: gets lines for people that are no errors.
    public init(
        paths: OverlaysPaths, portage: PortageAPI, environment: [String: String],
        note: @escaping @Sendable (String) -> Void
    ) {
        self.paths = paths
        self.portage = portage
        self.note = note
        git = Git(environment: environment)
    }

    /// The names of all overlays that are wanted or published, sorted.
    public func overlayNames(_ list: PackageList) -> [String] {
        Set(list.overlays + published()).sorted()
    }

    /// The names of the published slices, sorted.
    public func published() -> [String] {
        ((try? Files.list(paths.slices)) ?? []).filter { name in
            (try? Generations(root: paths.slices, name: name))?.current != nil
        }
    }

    /// The locks of all published slices, sorted by name.
    public func locks() -> [SliceLock] {
        published().compactMap { SliceLock.read(in: paths.slices + "/" + $0) }
    }

    /// Brings one overlay's slice up to date. On an error, what was published stays.
    ///
    /// - Parameters:
    ///   - offline: use the overlay as it was fetched last, if it was.
    public func sync(
        _ name: String, list: PackageList, configuration: OverlaysConfiguration, offline: Bool = false
    ) async throws(OverlaysError) -> Outcome {
        let generations = try storing { () throws(RepositoryError) in try Generations(root: paths.slices, name: name) }
        let entries = list.entries.filter { $0.overlay == name }
        guard !entries.isEmpty else {
            try writeSections(except: name, configuration)
            try storing { () throws(RepositoryError) in try generations.removeAll() }
            return .removed
        }
        let overlay = try configuration.overlay(name)
        let repositories = try await enabledRepositories()
        if let other = repositories.first(where: { $0.name == name || $0.aliases.contains(name) }) {
            throw OverlaysError(
                .refused, "\(name): a repository of this name is enabled at \(other.location): no slice beside it",
                hint: "remove its section from repos.conf, or its lines from \(paths.packages)")
        }
        let source = OverlaySource(overlay: overlay, cache: paths.cache, git: git)
        let tree = try await source.update(offline: offline)
        try check(tree, of: overlay, beside: repositories)
        let location = OverlayLocation(name: name, location: tree.root, slices: paths.slices)
        let closure = try await Closure.compute(entries, of: location, asking: portage)
        if let missing = closure.unsatisfied.first {
            let more = closure.unsatisfied.count - 1
            let rest = more == 0 ? "" : ", and \(more) more like it"
            note("\(name): nothing satisfies \(missing.atom), which \(missing.cpv) needs\(rest)")
        }
        let outcome = try await publish(closure, overlay, source, tree, location, generations)
        try writeSections(configuration)
        return outcome
    }

    /// Publishes the generation before the present one of an overlay, and returns its number. `sync` leaves it until the
    /// overlay gives something else than what was taken back.
    public func rollBack(_ name: String) throws(OverlaysError) -> Int {
        let generations = try storing { () throws(RepositoryError) in try Generations(root: paths.slices, name: name) }
        guard generations.current != nil else { throw OverlaysError(.nothing, "there is no slice of \(name)") }
        let content = SliceLock.read(in: generations.link)?.content ?? ""
        let number: Int
        do {
            number = try generations.rollBack()
        } catch .noEarlierGeneration {
            throw OverlaysError(.nothing, "\(name) has no earlier generation")
        } catch {
            throw OverlaysError(error)
        }
        try filing { () throws(PosixError) in try Files.replace(heldPath(name), with: Array(content.utf8)) }
        return number
    }

    // MARK: - Steps

    /// The repositories that are not slices.
    private func enabledRepositories() async throws(OverlaysError) -> [ConfiguredRepository] {
        let all = try await asking { () async throws(PortageError) in try await portage.repositories() }
        let store = Files.realPath(paths.slices) ?? paths.slices
        return all.filter { !($0.location + "/").hasPrefix(store + "/") }
    }

    /// What must hold before anything of an overlay is believed.
    private func check(
        _ tree: OverlayTree, of overlay: Overlay, beside repositories: [ConfiguredRepository]
    ) throws(OverlaysError) {
        let name = try tree.text("profiles/repo_name")?.split(whereSeparator: \.isWhitespace).first.map(String.init)
        guard name == overlay.name else {
            throw OverlaysError(
                .refused, "\(overlay.name): the overlay calls itself '\(name ?? "")'",
                hint: "use that name in \(paths.configuration) and \(paths.packages)")
        }
        let cached = try tree.paths(below: "metadata/md5-cache")
        guard !cached.isEmpty else {
            throw OverlaysError(
                .refused, "\(overlay.name): the overlay has no metadata cache (metadata/md5-cache)",
                hint: "use a mirror of it that has one; nothing of an overlay is run here to make it")
        }
        // Portage reads these as root: what is no plain file there is refused as a whole.
        for directory in ["metadata/md5-cache", "profiles", "eclass"] {
            for (path, kind) in directory == "metadata/md5-cache" ? cached : try tree.paths(below: directory) {
                guard case .file = kind else {
                    throw OverlaysError(.refused, "\(overlay.name): \(path) is not a plain file")
                }
            }
        }
        for master in try SliceBuilder.layout(of: tree).masters ?? []
        where !repositories.contains(where: { $0.name == master || $0.aliases.contains(master) }) {
            throw OverlaysError(
                .refused, "\(overlay.name): it is made for use with the repository \(master), which is not enabled")
        }
    }

    private func publish(
        _ closure: Closure, _ overlay: Overlay, _ source: OverlaySource, _ tree: OverlayTree,
        _ location: OverlayLocation, _ generations: Generations
    ) async throws(OverlaysError) -> Outcome {
        let names = Set(closure.packages.compactMap { CPV($0.cpv)?.categoryAndName })
        let full = try await source.adding(names.sorted(), to: tree)
        var inherited: Set<String> = []
        for package in closure.packages {
            inherited.formUnion(try SliceBuilder.entry(of: package.cpv, in: full).eclasses.keys)
        }
        let eclasses = try await asking { [inherited] () async throws(PortageError) in
            try await portage.overlayEclasses(location, names: inherited.sorted())
        }
        let staging = try storing { () throws(RepositoryError) in try generations.prepare() }
        do throws(OverlaysError) {
            var builder = SliceBuilder(overlay: overlay, tree: full, target: staging, eclasses: eclasses)
            let lock = try builder.build(closure)
            builder.notes.forEach(note)
            return try publish(lock, generations, staging)
        } catch {
            try? Files.removeTree(staging.path)
            throw error
        }
    }

    private func publish(
        _ lock: SliceLock, _ generations: Generations, _ staging: RepositoryDirectory
    ) throws(OverlaysError) -> Outcome {
        if let current = generations.current {
            let old = SliceLock.read(in: generations.link)
            if let old, old.content == lock.content, old.packages == lock.packages {
                try? Files.removeTree(staging.path)
                return .unchanged(packages: lock.packages.count)
            }
            if (try? Files.readText(heldPath(lock.overlay))) == lock.content {
                try? Files.removeTree(staging.path)
                return .held(generation: current)
            }
        }
        let number = try storing { () throws(RepositoryError) in
            try generations.publish(keeping: Self.generationsKept)
        }
        try? Files.removeTree(heldPath(lock.overlay))
        return .published(generation: number, packages: lock.packages.count)
    }

    private func heldPath(_ name: String) -> String { "\(paths.slices)/.generations/\(name)/held" }

    private func writeSections(
        except removed: String? = nil, _ configuration: OverlaysConfiguration
    ) throws(OverlaysError) {
        let sections = published().filter { $0 != removed }.map {
            RepositoriesConf.Section(
                name: $0, location: paths.slices + "/" + $0, priority: configuration.overlays[$0]?.priority)
        }
        try RepositoriesConf(paths.repositoriesConf).write(sections)
    }
}
