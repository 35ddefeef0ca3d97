import BinpkgModel

/// Makes traces like those of real machines: each has some of the packages and most flags of its kind, and takes over the
/// tree's new versions every few days, each at its own time. The same numbers give the same trace everywhere.
public struct TraceGenerator: Sendable {
    /// How many machines there are.
    public var machines: Int
    /// How many days the trace covers.
    public var days: Int
    private var random: SeededGenerator

    /// How many packages others are built with; a quarter of the machines asks for `exact`.
    private static let libraries = 40
    /// How many of them are in the service's root, as they were at the beginning.
    private static let rootLibraries = 10
    private static let programs = 60
    private static let kinds = 3
    private static let day = 86400

    /// A generator.
    public init(seed: UInt64, machines: Int = 12, days: Int = 30) {
        self.machines = machines
        self.days = days
        random = SeededGenerator(state: seed)
    }

    /// A version of a package, and since when it is in the tree.
    private struct Release {
        var at: Int
        var version: String
        var slot: String
    }

    private struct Package {
        var name: String
        var needs: [Int]
        var releases: [Release]
        var flags: [String]

        func current(_ time: Int) -> Release? { releases.last { $0.at <= time } }

        func installed(_ release: Release, flags: [String]) -> InstalledPackage {
            InstalledPackage(cpv: "\(name)-\(release.version)", slot: release.slot, use: flags)
        }
    }

    private struct Machine {
        var name: String
        var kind: Int
        var packages: [Int]
        /// Libraries whose flags it has set otherwise.
        var odd: Set<Int>
        var firstSync: Int
        var interval: Int
        var accuracy: Accuracy
        /// What it has.
        var versions: [Int: Release] = [:]

        func flags(of index: Int, _ tree: [Package]) -> [String] {
            let usual = tree[index].flags + (kind == 1 ? ["static-libs"] : [])
            return odd.contains(index) ? usual + ["test-hooks"] : usual
        }
    }

    /// The trace.
    public mutating func trace() -> Trace {
        let tree = makeTree()
        var list = (0..<machines).map { makeMachine($0, tree) }
        var table = PackageTable()
        let root = tree[..<Self.rootLibraries].indices.compactMap { index in
            tree[index].current(0).map { table.index(tree[index].installed($0, flags: tree[index].flags)) }
        }
        var requests: [Trace.Request] = []
        for number in list.indices {
            var time = list[number].firstSync
            while time < days * Self.day {
                requests += Self.update(&list[number], tree, at: time, &table)
                time += list[number].interval
            }
        }
        // A stable order: by time, then by machine, then as they were made.
        let ordered = requests.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }
        return Trace(
            version: Trace.currentVersion, packages: table.packages,
            roots: [Trace.Root(packages: root, libc: Self.libc)], requests: ordered.map(\.element))
    }

    private static let libc = "sys-libs/glibc-2.41"

    private mutating func makeTree() -> [Package] {
        (0..<(Self.libraries + Self.programs)).map { index in
            let isLibrary = index < Self.libraries
            let lower = min(index, Self.libraries)
            // Low numbers are what most is built with.
            let count = lower == 0 ? 0 : 1 + random.below(min(lower, isLibrary ? 4 : 10))
            let needs = Set((0..<count).map { _ in min(random.below(lower), random.below(lower)) }).sorted()
            var releases: [Release] = []
            var time = 0
            var subSlot = 1
            while time < days * Self.day {
                releases.append(Release(at: time, version: "1.\(releases.count + 1)", slot: "0/\(subSlot)"))
                time += (isLibrary ? 10 + random.below(50) : 5 + random.below(40)) * Self.day + random.below(Self.day)
                if isLibrary, random.below(6) == 0 { subSlot += 1 }
            }
            let flags = isLibrary && random.below(2) == 0 ? ["nls"] : []
            return Package(
                name: isLibrary ? "dev-libs/l\(index)" : "app-misc/p\(index)", needs: needs, releases: releases,
                flags: flags)
        }
    }

    private mutating func makeMachine(_ number: Int, _ tree: [Package]) -> Machine {
        var wanted = Set<Int>()
        // The first programs are on most machines.
        for index in Self.libraries..<tree.count where random.below(Self.programs + 20) > index - Self.libraries {
            wanted.insert(index)
        }
        // And what they need.
        for index in tree.indices.reversed() where wanted.contains(index) { wanted.formUnion(tree[index].needs) }
        return Machine(
            name: "machine-\(number)", kind: random.below(Self.kinds), packages: wanted.sorted(),
            odd: Set((0..<Self.libraries).filter { _ in random.below(25) == 0 }),
            firstSync: random.below(5 * Self.day), interval: [1, 3, 7, 14][random.below(4)] * Self.day,
            accuracy: number % 4 == 3 ? .exact : .abi)
    }

    /// What a machine asks for when it takes over the tree of a moment: what is new, in the order of building, and what
    /// was built against a sub-slot that is no more.
    private static func update(
        _ machine: inout Machine, _ tree: [Package], at time: Int, _ table: inout PackageTable
    ) -> [Trace.Request] {
        var requests: [Trace.Request] = []
        var moved: Set<Int> = []
        for index in machine.packages {
            guard let release = tree[index].current(time) else { continue }
            let old = machine.versions[index]
            if let old, old.slot != release.slot { moved.insert(index) }
            guard old?.version != release.version || !moved.isDisjoint(with: tree[index].needs) else { continue }
            machine.versions[index] = release
            let needs = tree[index].needs.compactMap { need in
                machine.versions[need].map {
                    table.index(tree[need].installed($0, flags: machine.flags(of: need, tree)))
                }
            }
            let flags = machine.flags(of: index, tree).joined(separator: ",")
            requests.append(
                Trace.Request(
                    at: Double(time + 60 * requests.count), machine: machine.name,
                    key: "\(tree[index].name)-\(release.version) kind-\(machine.kind) [\(flags)]", needs: needs,
                    libc: libc, accuracy: machine.accuracy))
        }
        return requests
    }
}

/// Installed packages, each once.
private struct PackageTable {
    private(set) var packages: [InstalledPackage] = []
    private var known: [InstalledPackage: Int] = [:]

    mutating func index(_ package: InstalledPackage) -> Int {
        if let index = known[package] { return index }
        known[package] = packages.count
        packages.append(package)
        return packages.count - 1
    }
}

/// The generator of Steele, Lea and Flood (2014), SplitMix64: small, and the same on every machine.
struct SeededGenerator: Sendable {
    var state: UInt64

    /// A number from 0 to one less than a limit, which is at least 1.
    mutating func below(_ limit: Int) -> Int {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        mixed ^= mixed >> 31
        return Int(mixed % UInt64(max(limit, 1)))
    }
}
