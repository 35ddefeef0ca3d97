import BinpkgModel
import PackageModel
import Testing

@testable import BuildEnvironments

/// Which environment is nearest, and what becomes of the pool.
@Suite struct PoolDecisionTests {
    private func package(_ cpv: String, _ slot: String = "0", _ use: [String] = []) -> InstalledPackage {
        InstalledPackage(cpv: cpv, slot: slot, use: use)
    }

    private let root = PooledEnvironment(id: "root", packages: PackageSet([]))

    private func layer(
        _ id: String, _ packages: [InstalledPackage], parent: String = "root", at time: Double = 0, bytes: Int = 1,
        uses: Int = 1, isBusy: Bool = false
    ) -> PooledEnvironment {
        PooledEnvironment(
            id: id, parent: parent, packages: PackageSet(packages), layered: packages.count, bytes: bytes,
            lastUse: time, uses: uses, isBusy: isBusy)
    }

    @Test func distanceWeighsEachDifference() throws {
        let found = PackageSet([package("a/ssl-3.1", "0/3", ["x"]), package("a/z-1"), package("a/py-3.12", "3.12")])
        func weight(_ wanted: [InstalledPackage], _ atoms: [String] = []) throws -> Int {
            EnvironmentDistance(
                from: found, to: EnvironmentNeeds(packages: wanted, atoms: try atoms.map { [try Atom($0)] })
            ).weight
        }
        #expect(try weight([package("a/ssl-3.1", "0/3", ["x"]), package("a/z-1", "0/0")]) == 0)
        #expect(try weight([package("a/ssl-3.2", "0/3", ["x"])]) == EnvironmentDistance.otherVersion)
        #expect(try weight([package("a/ssl-3.1", "0/3", ["y"])]) == EnvironmentDistance.otherUse)
        #expect(try weight([package("a/ssl-3.4", "0/4", ["x"])]) == EnvironmentDistance.otherSubSlot)
        #expect(try weight([package("a/py-3.13", "3.13"), package("a/py-3.13", "3.13")]) == EnvironmentDistance.absent)
        #expect(try weight([], ["a/ssl", ">=a/z-1", "a/py:3.12", "a/ssl:0/3=", "a/ssl[x,-y]"]) == 0)
        for atom in [">a/z-1", "a/py:3.11", "a/ssl:0/4=", "a/ssl[-x]", "b/none"] {
            #expect(try weight([], [atom]) == EnvironmentDistance.absent, "\(atom)")
        }
    }

    @Test func theSameIsUsed() {
        let one = layer("one", [package("a/b-1", "0/1")])
        let two = layer("two", [package("a/b-2", "0/2")])
        let needs = EnvironmentNeeds(packages: [package("a/b-2", "0/2")])
        #expect(PoolDecision.decide(needs, pool: [root, one, two], limits: .init(environments: 2)) == .use("two"))
        // Nothing is wanted: the plainest will do.
        let nothing = EnvironmentNeeds(packages: [])
        #expect(PoolDecision.decide(nothing, pool: [one, two, root], limits: .init(environments: 2)) == .use("root"))
    }

    @Test func withRoomANewOneIsMadeOfTheNearest() {
        let one = layer("one", [package("a/b-1", "0/1"), package("a/c-1")])
        let needs = EnvironmentNeeds(packages: [package("a/b-1", "0/1"), package("a/c-2")])
        let pool = [root, one]
        #expect(
            PoolDecision.decide(needs, pool: pool, limits: .init(environments: 2))
                == .derive(from: "one", removing: []))
        #expect(
            PoolDecision.decide(needs, pool: pool, limits: .init(environments: 2, tolerance: 2)) == .use("one"))
        // Within the tolerance, but not what is accepted.
        var exact = needs
        exact.accuracy = .exact
        #expect(
            PoolDecision.decide(exact, pool: pool, limits: .init(environments: 2, tolerance: 2))
                == .derive(from: "one", removing: []))
        #expect(
            PoolDecision.decide(needs, pool: pool, limits: .init(environments: 2, bytes: 1)) == .use("one"),
            "no room on disk")
    }

    @Test func withoutRoomWhatIsAccurateEnoughIsUsed() {
        let one = layer("one", [package("a/b-1", "0/1")], at: 5)
        let two = layer("two", [package("x/y-1")], at: 4)
        var needs = EnvironmentNeeds(packages: [package("a/b-1.1", "0/1")], accuracy: .abi)
        let limits = PoolLimits(environments: 2)
        #expect(PoolDecision.decide(needs, pool: [root, one, two], limits: limits) == .use("one"))
        needs.accuracy = .exact
        #expect(
            PoolDecision.decide(needs, pool: [root, one, two], limits: limits)
                == .derive(from: "one", removing: ["two"]))
    }

    @Test func theLeastUsefulGoesAndNeverWhatIsNeeded() {
        let needs = EnvironmentNeeds(packages: [package("n/n-1")])
        let old = layer("old", [package("a/a-1")], at: 0)
        let often = layer("often", [package("a/b-1")], at: 0, uses: 1 << 10)
        let upon = layer("upon", [package("a/a-1"), package("a/c-1")], parent: "old", at: 900)
        let limits = PoolLimits(environments: 3)
        // What another stands on stays until that one is gone.
        #expect(
            PoolDecision.decide(needs, pool: [root, old, often, upon], limits: limits)
                == .derive(from: "root", removing: ["upon"]))
        #expect(
            PoolDecision.room(in: [root, old, often, upon], keeping: nil, .init(environments: 2)) == ["upon", "old"])
        #expect(PoolDecision.room(in: [root, old, often, upon], keeping: "upon", .init(environments: 2)) == nil)
        let busy = [old, often, upon].map {
            var copy = $0
            copy.isBusy = true
            return copy
        }
        #expect(PoolDecision.decide(needs, pool: [root] + busy, limits: limits) == .once(from: "root"))
        #expect(PoolDecision.decide(needs, pool: [root], limits: .init(environments: 0)) == .once(from: "root"))
        // The nearest itself goes when nothing else can.
        let near = layer("near", [package("n/n-0")])
        #expect(
            PoolDecision.decide(
                EnvironmentNeeds(packages: [package("n/n-1")], accuracy: .exact), pool: [root, near],
                limits: .init(environments: 1)) == .derive(from: "root", removing: ["near"]))
    }

    @Test func trustAndLibcCloseAnEnvironment() {
        var foreign = layer("foreign", [package("a/b-1")])
        foreign.trustDomain = "other"
        var newer = layer("newer", [package("a/b-1")])
        newer.libc = "sys-libs/glibc-2.41"
        let needs = EnvironmentNeeds(packages: [package("a/b-1")], libc: "sys-libs/glibc-2.40-r1")
        #expect(
            PoolDecision.decide(needs, pool: [root, foreign, newer], limits: .init(environments: 4))
                == .derive(from: "root", removing: []))
        #expect(PoolDecision.decide(needs, pool: [foreign, newer], limits: .init(environments: 4)) == .none)
        newer.libc = "sys-libs/glibc-2.40_p1"
        #expect(!newer.isOpen(to: needs), "2.40_p1 is newer than 2.40-r1")
        newer.libc = "sys-libs/glibc-2.40"
        #expect(newer.isOpen(to: needs))
    }
}

/// What holds for every pool and request.
@Suite struct PoolDecisionProperties {
    private struct Generator {
        var random = SystemRandomNumberGenerator()

        mutating func package() -> InstalledPackage {
            let version = Int.random(in: 1...4, using: &random)
            return InstalledPackage(
                cpv: "c/p\(Int.random(in: 0...5, using: &random))-\(version)", slot: "0/\((version + 1) / 2)",
                use: Bool.random(using: &random) ? ["u"] : [])
        }

        mutating func packages() -> [InstalledPackage] {
            (0..<Int.random(in: 0...6, using: &random)).map { _ in package() }
        }

        mutating func pool() -> [PooledEnvironment] {
            var pool = [PooledEnvironment(id: "root", packages: PackageSet(packages()))]
            for index in 0..<Int.random(in: 0...5, using: &random) {
                let parent = pool[Int.random(in: 0..<pool.count, using: &random)]
                let added = packages()
                pool.append(
                    PooledEnvironment(
                        id: "e\(index)", parent: parent.id, packages: parent.packages.installing(added),
                        layered: parent.layered + added.count, bytes: Int.random(in: 0...9, using: &random),
                        lastUse: Double(Int.random(in: 0...9999, using: &random)),
                        uses: Int.random(in: 1...9, using: &random), isBusy: Int.random(in: 0...3, using: &random) == 0)
                )
            }
            return pool
        }
    }

    @Test func decisionsKeepTheBounds() {
        var generator = Generator()
        for _ in 0..<3000 {
            let pool = generator.pool()
            let needs = EnvironmentNeeds(
                packages: Array(PackageSet(generator.packages()).packages),
                accuracy: Accuracy.allCases.randomElement() ?? .abi)
            let limits = PoolLimits(
                environments: Int.random(in: 0...5), bytes: Int.random(in: 1...20), tolerance: Int.random(in: 0...4))
            let byID = Dictionary(pool.map { ($0.id, $0) }, uniquingKeysWith: { a, _ in a })
            func expectNearest(_ id: String, without removed: [String] = []) {
                let least = pool.filter { !removed.contains($0.id) }.map { $0.distance(to: needs) }.min()
                #expect(byID[id]?.distance(to: needs) == least)
            }
            switch PoolDecision.decide(needs, pool: pool, limits: limits) {
            case .use(let id):
                expectNearest(id)
                guard let environment = byID[id] else { break }
                #expect(environment.accuracy(for: needs).map { $0 >= needs.accuracy } ?? false)
            case .derive(let from, let removing):
                expectNearest(from, without: removing)
                let left = pool.filter { !$0.isRoot && !removing.contains($0.id) }
                #expect(left.count < limits.environments && left.reduce(0) { $0 + $1.bytes } < limits.bytes)
                #expect(!removing.contains(from) && removing.allSatisfy { byID[$0]?.isBusy == false })
                // Nothing that stays stands on something that goes.
                #expect(left.allSatisfy { $0.parent.map { !removing.contains($0) } ?? true })
            case .once(let from): expectNearest(from)
            case .none: Issue.record("a root is open to everybody")
            }
        }
    }

    @Test func noDistanceMeansExact() {
        var generator = Generator()
        for _ in 0..<3000 {
            let found = PackageSet(generator.packages())
            let wanted = PackageSet(generator.packages()).packages
            let environment = PooledEnvironment(id: "e", packages: found)
            let needs = EnvironmentNeeds(packages: wanted)
            #expect(
                (environment.distance(to: needs).weight == 0) == (environment.accuracy(for: needs) == .exact))
            // Installing what is wanted leaves no distance.
            let after = PooledEnvironment(id: "e", packages: found.installing(wanted))
            #expect(after.distance(to: needs).weight == 0)
            #expect(after.packages.changes(since: found).allSatisfy { wanted.contains($0) })
        }
    }
}
