public import BinpkgModel
public import PackageModel

/// Installed packages, by name and slot.
public struct PackageSet: Equatable, Sendable {
    /// A name and a slot: at most one package has both.
    struct Place: Hashable, Sendable {
        let name: String
        let slot: Substring

        init(name: String, slot: Substring) {
            self.name = name
            self.slot = slot
        }

        init(_ package: InstalledPackage) {
            name = PackageNames.name(of: package.cpv) ?? package.cpv
            slot = package.slot.split(separator: "/").first ?? ""
        }
    }

    private var byPlace: [Place: InstalledPackage]
    /// The slots of each name.
    private var slots: [String: Set<Substring>]

    /// The packages in no order; of two with one name and slot the later one.
    public init(_ packages: some Sequence<InstalledPackage>) {
        byPlace = [:]
        slots = [:]
        for package in packages { insert(package) }
    }

    private mutating func insert(_ package: InstalledPackage) {
        let place = Place(package)
        byPlace[place] = package
        slots[place.name, default: []].insert(place.slot)
    }

    /// How many packages these are.
    public var count: Int { byPlace.count }

    /// The packages, sorted by CPV.
    public var packages: [InstalledPackage] { byPlace.values.sorted { $0.cpv < $1.cpv } }

    /// What is installed with the name and slot of a package.
    public func counterpart(of package: InstalledPackage) -> InstalledPackage? { byPlace[Place(package)] }

    /// These packages after others were installed: what has the same name and slot is replaced.
    public func installing(_ packages: some Sequence<InstalledPackage>) -> PackageSet {
        var result = self
        for package in packages { result.insert(package) }
        return result
    }

    /// Whether a package satisfies an atom: by name, version, slot, and the USE flags that it demands without condition.
    public func satisfies(_ atom: Atom) -> Bool {
        (slots[atom.categoryAndName] ?? []).contains { slot in
            guard let package = byPlace[Place(name: atom.categoryAndName, slot: slot)], let cpv = CPV(package.cpv),
                atom.matches(cpv)
            else { return false }
            if let wanted = atom.slot?.slot, wanted != slot { return false }
            if let wanted = atom.slot?.subSlot, wanted != package.subSlot { return false }
            return atom.use.allSatisfy { dependency in
                switch dependency.condition {
                case .enabled: package.use.contains(dependency.flag)
                case .disabled: !package.use.contains(dependency.flag)
                default: true
                }
            }
        }
    }

    /// The packages of this set that another one lacks or has differently.
    public func changes(since other: PackageSet) -> [InstalledPackage] {
        packages.filter { package in other.counterpart(of: package).map { !$0.isSame(as: package) } ?? true }
    }
}

extension InstalledPackage {
    /// The sub-slot; equal to the slot where none is named.
    var subSlot: Substring { slot.split(separator: "/").last ?? "" }

    /// Whether version, sub-slot and USE agree; the order of USE flags means nothing.
    func isSame(as other: InstalledPackage) -> Bool {
        cpv == other.cpv && subSlot == other.subSlot && Set(use) == Set(other.use)
    }
}
