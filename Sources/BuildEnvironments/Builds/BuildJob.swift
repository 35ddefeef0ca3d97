import BinpkgModel
import Posix
import PortageAPI

/// A request on its way to a package: through the choice of an environment, what has to be installed there, and the build.
struct BuildJob: Sendable {
    let request: BuildRequest
    let needs: EnvironmentNeeds
    let host: BuildHost
    let keeper: RootKeeper
    let store: LayerStore
    let failures: LayerFailures
    let workspace: String
    let bytes: @Sendable (ContentItem) throws(BuildError) -> [UInt8]
    let run: BuildRun
    /// Packages that were built before.
    let stored: @Sendable (StoredPackageQuestion) async -> StoredPackage?

    /// What came of an environment.
    private enum Outcome: Sendable {
        case built(BuildResult)
        /// It would not build what was asked for.
        case declined(String)
        /// The root became another while it was built in.
        case changed(String)
    }

    /// Builds in the nearest of these environments that can. They are opened in their order, and no further ones once
    /// one has everything as the asking machine has it.
    func build(in environments: [BuildEnvironment]) async throws(BuildError) -> BuildResult {
        let fitting = environments.filter { $0.eprefix == request.eprefix }
        guard !fitting.isEmpty else {
            let prefixes = Set(environments.map { "'\($0.eprefix)'" }).sorted().joined(separator: ", ")
            throw .declined(
                reason: "packages for EPREFIX '\(request.eprefix)' cannot be built here, only for \(prefixes)")
        }
        var unopened = fitting[...]
        var roots: [HeldRoot] = []
        var refusals: [(name: String, error: BuildError)] = []
        /// The environments that changed during a build; each is given one more chance.
        var changed: Set<String> = []
        defer { for root in roots { root.mount?.release() } }
        while true {
            while !roots.contains(where: hasAll), let environment = unopened.popFirst() {
                do throws(BuildError) {
                    let root = try await keeper.open(
                        environment, workspace: "\(workspace)/open-\(environment.name)-\(changed.count)")
                    if let reason = obstacle(root) {
                        root.mount?.release()
                        refusals.append((environment.name, .declined(reason: reason)))
                    } else {
                        roots.append(root)
                    }
                } catch .cancelled {
                    throw .cancelled
                } catch {
                    refusals.append((environment.name, error))
                }
            }
            let pools = roots.map { pool(of: $0) }
            guard let (index, nearest) = nearest(in: pools) else { throw Self.error(of: refusals) }
            let root = roots[index]
            let attempt = "\(index)-\(changed.count)"
            switch try await watching(
                root,
                { () async throws(BuildError) in
                    try await use(root, pool: pools[index], nearest: nearest, attempt: attempt)
                })
            {
            case .built(let result): return result
            case .declined(let reason):
                refusals.append((root.environment.name, .declined(reason: reason)))
                root.mount?.release()
                roots.remove(at: index)
            case .changed(let reason):
                let environment = root.environment
                root.mount?.release()
                roots.remove(at: index)
                if changed.insert(environment.name).inserted {
                    await run.log(Array("== \(reason): once more\n".utf8))
                    unopened.insert(environment, at: unopened.startIndex)
                } else {
                    refusals.append(
                        (environment.name, .failed(reason: "\(reason), twice: the package is not published")))
                }
            }
        }
    }

    // MARK: Choice

    /// Why nothing can be built in a root at all.
    private func obstacle(_ root: HeldRoot) -> String? {
        let facts = root.knowledge.facts
        if let chost = facts.settings["CHOST"], chost != request.chost {
            return "packages for CHOST \(request.chost) cannot be built here, only for \(chost)"
        }
        guard Processor.runs(request.chost) else {
            return "this machine's processor does not run programs for \(request.chost)"
        }
        if let unfit = root.knowledge.unfit { return "programs in \(root.environment.name): \(unfit)" }
        // A build runs some of what it compiles.
        let flags = BuildRequest.processorVariables.union(["CC", "CXX", "FC", "F77"]).compactMap {
            request.variables[$0]
        }
        let demands = Set(flags.flatMap(Processor.demands(in:)) + Processor.demands(ofUse: request.use))
        if let reason = Processor.own?.obstacle(to: demands.sorted()) { return reason }
        let libc = DependencyComparison(
            wanted: [], wantedLibc: request.libc, found: [], foundLibc: root.knowledge.libc)
        return libc.accuracy == nil ? libc.differences.first.map { "what is built there would not run: \($0)" } : nil
    }

    /// A root and the layers over it, as the choice sees them.
    private func pool(of root: HeldRoot) -> [PooledEnvironment] {
        let base = PooledEnvironment(
            id: root.identity, packages: root.knowledge.packages, libc: root.knowledge.libc)
        return [base] + store.pooled(over: root.identity, packages: root.knowledge.packages)
    }

    private func hasAll(_ root: HeldRoot) -> Bool {
        pool(of: root).contains { $0.isOpen(to: needs) && $0.distance(to: needs).weight == 0 }
    }

    private func nearest(in pools: [[PooledEnvironment]]) -> (index: Int, id: String)? {
        var best: (index: Int, id: String, distance: EnvironmentDistance)?
        for (index, pool) in pools.enumerated() {
            for environment in pool where environment.isOpen(to: needs) {
                let distance = environment.distance(to: needs)
                if best.map({ distance < $0.distance }) ?? true { best = (index, environment.id, distance) }
            }
        }
        return best.map { ($0.index, $0.id) }
    }

    /// What to say when no environment can do it: declined for good only if every one declined.
    static func error(of refusals: [(name: String, error: BuildError)]) -> BuildError {
        if refusals.count == 1 { return refusals[0].error }
        let reason = refusals.map { "\($0.name): \($0.error)" }.joined(separator: "; ")
        let isDeclined = refusals.allSatisfy { if case .declined = $0.error { true } else { false } }
        return isDeclined ? .declined(reason: reason) : .failed(reason: reason)
    }

    // MARK: Building

    /// Builds over a root, from its nearest environment on.
    private func use(
        _ root: HeldRoot, pool: [PooledEnvironment], nearest: String, attempt: String
    ) async throws(BuildError) -> Outcome {
        var held = nearest == root.identity ? nil : store.hold(nearest)
        var (build, prepared): (PackageBuild, PackageBuild.Prepared)
        do {
            (build, prepared) = try await prepare(root, held, "\(attempt)-first")
        } catch .declined(let reason) {
            return .declined(reason)
        }
        if let reason = lack(prepared) { return .declined(reason) }
        var list: InstallList?
        var needs = needs
        needs.atoms = InstallList.atoms(unsatisfied: prepared.inputs.unsatisfied)
        // What a client's own ebuilds make is in no layer: that part is installed for this build alone.
        let foreign = PackageSet(prepared.foreign.map(\.package))
        let alone = needs.take(foreign)
        if !needs.atoms.isEmpty || build.place.packages.distance(to: needs) > 0 {
            let others = pool.filter(\.isRoot) + pool.filter { !$0.isRoot }
            switch PoolDecision.decide(needs, pool: everything(others), limits: host.pool) {
            case .use(let id) where id != (held?.layer.id ?? root.identity):
                held = id == root.identity ? nil : store.hold(id)
                (build, prepared) = try await prepare(root, held, "\(attempt)-nearer")
            case .use, .none: break
            case .derive(let from, let removing):
                if let id = held?.layer.id, removing.contains(id) {
                    // It has to be let go first.
                    held = nil
                    (build, prepared) = try await prepare(root, nil, "\(attempt)-plain")
                }
                if try make(room: removing),
                    let layer = try await derive(root, from: from, needs, prepared.existing)
                {
                    held = layer
                    (build, prepared) = try await prepare(root, held, "\(attempt)-new")
                }
            case .once:
                list = InstallList(for: needs, in: build.place.packages, existing: prepared.existing)
            }
        }
        if foreign.count > 0 {
            let there = build.place.packages
            let plain = list ?? InstallList(lacking: needs.atoms, in: there)
            list = plain + InstallList(for: alone, in: there.installing(plain.exact), existing: prepared.existing)
        }
        var result: BuildResult
        do throws(BuildError) {
            result = try await build.run(prepared, installing: list)
        } catch .declined(let reason) {
            return .declined(reason)
        } catch .failed(let reason) {
            // What changes under a build can make it fail, too.
            if let change = try? await change(of: root, "\(attempt)-failed") { return .changed(change) }
            if let change = try? await build.change(since: prepared) { return .changed(change) }
            throw .failed(reason: reason)
        }
        if let held { store.countUse(of: held.layer.id) }
        if let change = try await change(of: root, "\(attempt)-after") { return .changed(change) }
        if let change = try await build.change(since: prepared) { return .changed(change) }
        result.environment = root.environment.name
        if case .target = root.environment.root { result.isTargets = true }
        result.trustDomain = held?.layer.trustDomain
        return .built(result)
    }

    /// Why the package would not be what was asked for, whatever is installed: by toolchain and C library.
    private func lack(_ prepared: PackageBuild.Prepared) -> String? {
        var (wanted, found) = (request.vector, prepared.vector)
        wanted.packages = []
        found.packages = []
        let comparison = DependencyComparison(wanted: wanted, found: found)
        if let accuracy = comparison.accuracy, accuracy >= request.accuracy { return nil }
        return PackageBuild.refusal(comparison, wanted: request.accuracy)
    }

    /// The pool of a root, and the layers over other roots, which count and can go but are open to nobody here.
    private func everything(_ pool: [PooledEnvironment]) -> [PooledEnvironment] {
        let here = Set(pool.map(\.id))
        return pool
            + store.pooled().filter { !here.contains($0.id) }.map {
                var other = $0
                other.trustDomain = "another root"
                return other
            }
    }

    private func prepare(
        _ root: HeldRoot, _ held: HeldLayer?, _ name: String
    ) async throws(BuildError) -> (PackageBuild, PackageBuild.Prepared) {
        let layers = held.map { ", with \($0.layer.packages.count) packages in \($0.chain.count) layers" } ?? ""
        await run.log(
            Array("== environment: \(root.environment.name) (\(root.environment.root.source))\(layers)\n".utf8))
        let build = PackageBuild(
            request: request,
            place: BuildPlace(root: root, layers: held, workspace: "\(workspace)/\(name)", host: host, run: run),
            bytes: bytes, stored: stored)
        return (build, try await build.prepare())
    }

    /// Removes environments; false when one of them is in use.
    private func make(room: [String]) throws(BuildError) -> Bool {
        do {
            for id in room where try !store.remove(id) { return false }
            return true
        } catch {
            throw .failed(reason: "\(error)")
        }
    }

    /// Makes a layer; nil when there is nothing to make, or it cannot be made, which the log says.
    private func derive(
        _ root: HeldRoot, from: String, _ needs: EnvironmentNeeds, _ existing: Set<String>
    ) async throws(BuildError) -> HeldLayer? {
        var parent = from == root.identity ? nil : store.hold(from)
        if (parent?.chain.count ?? 0) >= LayerStore.deepest { parent = nil }
        while true {
            let packages = parent.map { PackageSet($0.layer.packages) } ?? root.knowledge.packages
            let list = InstallList(for: needs, in: packages, existing: existing)
            if list.isEmpty { return nil }
            let name = parent?.layer.id ?? ""
            if await !failures.contains(root.identity, name, list) {
                do throws(BuildError) {
                    return try await LayerBuild(
                        request: request, root: root, parent: parent, store: store, host: host,
                        run: run.forEverybody, stored: stored
                    ).make(list)
                } catch .cancelled {
                    throw .cancelled
                } catch {
                    await failures.insert(root.identity, name, list)
                    await run.log(Array("== no environment of its own: \(error)\n".utf8))
                }
            }
            // What does not go together with what is in a layer may do so with the root alone.
            if parent == nil { return nil }
            parent = nil
        }
    }

    /// What became another in a root that others can change; nil when nothing did.
    private func change(of root: HeldRoot, _ name: String) async throws(BuildError) -> String? {
        guard let stamp = root.stamp, root.mount?.ending.reason == nil else { return nil }
        let later: RootStamp
        if case .target(let target) = root.environment.root {
            later = try await target.look(
                eprefix: root.environment.eprefix, workspace: "\(workspace)/look-\(name)"
            ).stamp
        } else {
            later = try await RootStamp.read(
                root.mounted, eprefix: root.environment.eprefix, workspace: "\(workspace)/stamp-\(name)")
        }
        return stamp.change(to: later).map {
            "\(root.environment.name) became another system during the build (\($0))"
        }
    }

    /// Runs something as long as the root's mount is there.
    private func watching(
        _ root: HeldRoot, _ body: @escaping @Sendable () async throws(BuildError) -> Outcome
    ) async throws(BuildError) -> Outcome {
        guard let mount = root.mount else { return try await body() }
        let lost: (String) -> BuildError = {
            .failed(reason: "the connection to the root of \(root.environment.name) was lost during the build: \($0)")
        }
        let outcome = await withTaskGroup(of: Result<Outcome, BuildError>?.self) { group in
            group.addTask {
                do throws(BuildError) { return .success(try await body()) } catch { return .failure(error) }
            }
            group.addTask {
                while !Task.isCancelled {
                    if mount.ending.reason != nil { return nil }
                    try? await Task.sleep(for: .milliseconds(200))
                }
                return nil
            }
            let first = await group.next() ?? nil
            if case .failure = first {
                // If it failed because the mount is gone, that is known in a moment.
                for _ in 0..<10 where mount.ending.reason == nil { try? await Task.sleep(for: .milliseconds(100)) }
            }
            group.cancelAll()
            return first
        }
        if let reason = mount.ending.reason {
            if Task.isCancelled { throw .cancelled }
            throw lost(reason)
        }
        guard let outcome else { throw .cancelled }
        return try outcome.get()
    }
}

extension PackageSet {
    fileprivate func distance(to needs: EnvironmentNeeds) -> Int { EnvironmentDistance(from: self, to: needs).weight }
}
