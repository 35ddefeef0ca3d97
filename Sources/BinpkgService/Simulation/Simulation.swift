import BinpkgModel
internal import BuildEnvironments

/// What a service with so many environments makes of a trace.
///
/// It decides as the service does: a package of the same key that is accurate enough is taken; else ``PoolDecision`` says
/// where it is built. Nothing is built, and time is that of the trace.
public struct Simulation: Codable, Equatable, Sendable {
    /// How many environments were kept at most.
    public let environments: Int
    /// How many requests there were.
    public let requests: Int
    /// How many of them got a package that was there.
    public private(set) var hits = 0
    /// How many packages were built.
    public private(set) var builds = 0
    /// How many answers had the class `exact`.
    public private(set) var exact = 0
    /// How many had `abi`.
    public private(set) var abi = 0
    /// How many had `flags`.
    public private(set) var flags = 0
    /// How many requests no environment could take.
    public private(set) var declined = 0
    /// How many environments were made, those for one build included.
    public private(set) var made = 0
    /// How many packages were installed in them.
    public private(set) var installed = 0

    /// The share of `exact` among the answers, from 0 to 1.
    public var exactShare: Double { Self.share(exact, of: requests - declined) }
    /// How many build dependencies were installed for each build.
    public var installedPerBuild: Double { Self.share(installed, of: builds) }

    private static func share(_ part: Int, of whole: Int) -> Double { whole > 0 ? Double(part) / Double(whole) : 0 }

    /// Runs a trace, which is valid.
    ///
    /// - Parameters:
    ///   - environments: `max_environments`.
    ///   - tolerance: up to which distance an environment is taken as it is.
    public init(of trace: Trace, environments: Int, tolerance: Int = 0) {
        self.environments = environments
        requests = trace.requests.count
        let limits = PoolLimits(environments: environments, tolerance: tolerance)
        var pool = trace.roots.enumerated().map { number, root in
            PooledEnvironment(
                id: "root-\(number)", packages: PackageSet(root.packages.map { trace.packages[$0] }), libc: root.libc)
        }
        var artifacts: [String: [DependencyVector]] = [:]
        for request in trace.requests {
            let packages = request.needs.map { trace.packages[$0] }
            let vector = DependencyVector(packages: packages, libc: request.libc)
            let best = artifacts[request.key, default: []].compactMap { found in
                DependencyComparison(wanted: vector, found: found).accuracy
            }.max()
            if let best, best >= request.accuracy {
                hits += 1
                count(best)
                continue
            }
            let needs = EnvironmentNeeds(packages: packages, libc: request.libc, accuracy: request.accuracy)
            guard let used = place(needs, at: request.at, in: &pool, limits) else {
                declined += 1
                continue
            }
            builds += 1
            // What the environment has of what was wanted is what the package was built with.
            artifacts[request.key, default: []].append(
                DependencyVector(packages: packages.compactMap(used.packages.counterpart(of:)), libc: used.libc))
            count(used.accuracy(for: needs) ?? .flags)
        }
    }

    private mutating func count(_ accuracy: Accuracy) {
        switch accuracy {
        case .exact: exact += 1
        case .abi: abi += 1
        case .flags: flags += 1
        }
    }

    /// Finds the environment of a build, and makes and removes what the decision says; nil when there is none.
    private mutating func place(
        _ needs: EnvironmentNeeds, at time: Double, in pool: inout [PooledEnvironment], _ limits: PoolLimits
    ) -> PooledEnvironment? {
        func index(_ id: String) -> Int? { pool.firstIndex { $0.id == id } }
        switch PoolDecision.decide(needs, pool: pool, limits: limits) {
        case .none: return nil
        case .use(let id):
            guard let index = index(id) else { return nil }
            pool[index].lastUse = time
            pool[index].uses += 1
            return pool[index]
        case .derive(let id, let removing):
            guard let from = index(id) else { return nil }
            let new = derived(pool[from], needs, at: time)
            pool.removeAll { removing.contains($0.id) }
            pool.append(new)
            return new
        case .once(let id): return index(id).map { derived(pool[$0], needs, at: time) }
        }
    }

    /// The environment over another in which everything is as it is wanted.
    private mutating func derived(
        _ parent: PooledEnvironment, _ needs: EnvironmentNeeds, at time: Double
    ) -> PooledEnvironment {
        let packages = parent.packages.installing(needs.packages)
        let changes = needs.packages.count { parent.packages.counterpart(of: $0) != $0 }
        made += 1
        installed += changes
        return PooledEnvironment(
            id: "environment-\(made)", parent: parent.id, packages: packages, layered: parent.layered + changes,
            libc: parent.libc, lastUse: time, uses: 1)
    }
}
