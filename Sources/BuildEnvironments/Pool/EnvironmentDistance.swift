public import BinpkgModel
public import PackageModel

/// What a request wants of an environment.
public struct EnvironmentNeeds: Equatable, Sendable {
    /// What satisfies DEPEND and BDEPEND on the asking machine.
    public var packages: [InstalledPackage]
    /// What has to be there beside: of each of these, one. It is what the asking machine has not installed either, so only
    /// the atoms are known.
    public var atoms: [[Atom]]
    /// The asking machine's C library's CPV; empty when unknown.
    public var libc: String
    /// The least accuracy that is accepted.
    public var accuracy: Accuracy
    /// Whose request it is. What came from a client's upload is used for requests of its own domain only.
    public var trustDomain: String

    /// Needs of these values.
    public init(
        packages: [InstalledPackage], atoms: [[Atom]] = [], libc: String = "", accuracy: Accuracy = .abi,
        trustDomain: String = EnvironmentNeeds.everybody
    ) {
        self.packages = packages
        self.atoms = atoms
        self.libc = libc
        self.accuracy = accuracy
        self.trustDomain = trustDomain
    }

    /// The trust domain of a service that does not tell its clients apart.
    public static let everybody = "default"

    /// The trust domain of what is built for everybody: nothing that is somebody's alone has a part in it.
    public static let nobody = ""

    /// Takes out what some packages are or satisfy, and returns that.
    mutating func take(_ others: PackageSet) -> EnvironmentNeeds {
        var taken = self
        taken.packages = packages.filter { others.counterpart(of: $0) != nil }
        taken.atoms = atoms.filter { $0.contains(where: others.satisfies) }
        packages.removeAll { others.counterpart(of: $0) != nil }
        atoms.removeAll { $0.contains(where: others.satisfies) }
        return taken
    }

    /// The needs of a request.
    public init(_ request: BuildRequest, trustDomain: String = EnvironmentNeeds.everybody) {
        self.init(
            packages: request.buildDependencies, libc: request.libc, accuracy: request.accuracy,
            trustDomain: trustDomain)
    }
}

/// How far an environment is from what a request wants: less is nearer.
public struct EnvironmentDistance: Comparable, Hashable, Sendable {
    /// The sum over the wanted packages of how differently the environment has each: ``absent``, ``otherSubSlot``,
    /// ``otherVersion`` and ``otherUse``. 0 means that all of them are the same.
    public var weight: Int
    /// How many packages were installed beside the root's own: of two environments at one weight the plainer is nearer,
    /// since what a package finds by chance can change it.
    public var layered: Int

    /// A distance of these values.
    public init(weight: Int, layered: Int = 0) {
        self.weight = weight
        self.layered = layered
    }

    /// The weight of a package that is not there in any version of its slot.
    public static let absent = 8
    /// The weight of a package with another sub-slot: what is built against it does not run with the wanted one.
    public static let otherSubSlot = 8
    /// The weight of a package of another version with the same sub-slot.
    public static let otherVersion = 2
    /// The weight of a package with other USE flags.
    public static let otherUse = 1

    /// The distance from a set of installed packages to what is wanted. Wanted twice counts once.
    public init(from found: PackageSet, to needs: EnvironmentNeeds, layered: Int = 0) {
        var weight = Self.absent * needs.atoms.count { !$0.contains(where: found.satisfies) }
        for package in Set(needs.packages) {
            guard let other = found.counterpart(of: package) else {
                weight += Self.absent
                continue
            }
            if package.subSlot != other.subSlot {
                weight += Self.otherSubSlot
            } else if package.cpv != other.cpv {
                weight += Self.otherVersion
            }
            if Set(package.use) != Set(other.use) { weight += Self.otherUse }
        }
        self.init(weight: weight, layered: layered)
    }

    /// By weight, then by what is layered.
    public static func < (a: EnvironmentDistance, b: EnvironmentDistance) -> Bool {
        (a.weight, a.layered) < (b.weight, b.layered)
    }
}
