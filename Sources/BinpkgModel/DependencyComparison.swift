import PackageModel

/// How close an environment was to what a machine asked for: the class, and every difference by name.
public struct DependencyComparison: Equatable, Sendable {
    /// The best class that holds; nil when not even `flags` does, because the environment's C library is newer than the
    /// asking machine's, or is another one.
    public let accuracy: Accuracy?
    /// The differences, a line each, sorted: what the asking machine has, `≠`, what the environment has.
    public let differences: [String]

    /// Compares what two machines build with.
    ///
    /// A dependency that the asking machine does not have (it never compiled the package) is no difference: there is
    /// nothing that it could differ from. Packages are matched by name and slot.
    public init(wanted: DependencyVector, found: DependencyVector) {
        // Most of what is asked for is there as it is wanted.
        guard wanted != found else {
            (accuracy, differences) = (.exact, [])
            return
        }
        var accuracy: Accuracy? = .exact
        var lines: [String] = []
        let environment = Dictionary(found.packages.map { (SlotName($0), $0) }, uniquingKeysWith: { a, _ in a })
        for package in Set(wanted.packages) {
            let name = SlotName(package)
            guard let difference = Self.difference(package, environment[name], name) else { continue }
            accuracy = accuracy.map { min($0, difference.limit) }
            lines.append(difference.line)
        }
        for line in Self.differences(ofToolchains: wanted, found) {
            accuracy = accuracy.map { min($0, .abi) }
            lines.append(line)
        }
        if wanted.libc != found.libc {
            let order = Self.order(of: found.libc, against: wanted.libc)
            var line = "libc: \(Self.shown(wanted.libc)) ≠ \(Self.shown(found.libc))"
            switch order {
            case .newer:
                accuracy = nil
                line += ", which is newer"
            case .other:
                accuracy = nil
                line += ", which is another library"
            case .same, .older: accuracy = accuracy.map { min($0, .abi) }
            case .unknown: accuracy = accuracy.map { min($0, .flags) }
            }
            lines.append(line)
        }
        self.accuracy = accuracy
        differences = lines.sorted()
    }

    /// The same for packages and C libraries that are at hand apart.
    public init(
        wanted: [InstalledPackage], wantedLibc: String, found: [InstalledPackage], foundLibc: String
    ) {
        self.init(
            wanted: DependencyVector(packages: wanted, libc: wantedLibc),
            found: DependencyVector(packages: found, libc: foundLibc))
    }

    /// Compilers, linkers and headers: one of each name is in use, in whatever slot.
    private static func differences(
        ofToolchains wanted: DependencyVector, _ found: DependencyVector
    ) -> [String] {
        guard let tools = wanted.toolchain, !tools.isEmpty else { return [] }
        guard let others = found.toolchain else { return ["toolchain: it is not known what was used"] }
        let named = Set(wanted.packages.map(SlotName.init))
        let byName = Dictionary(
            others.map { (PackageNames.name(of: $0.cpv) ?? $0.cpv, $0) }, uniquingKeysWith: { a, _ in a })
        return Set(tools).compactMap { tool in
            let name = PackageNames.name(of: tool.cpv) ?? tool.cpv
            // What is also a dependency is compared as one; the C library's version has a line of its own.
            if named.contains(SlotName(tool)) { return nil }
            guard let other = byName[name] else { return "\(name) \(version(tool)) ≠ none" }
            if tool.cpv != other.cpv {
                return tool.cpv == wanted.libc ? nil : "\(name) \(version(tool)) ≠ \(version(other))"
            }
            if let flags = FlagDifference.text(tool.use, other.use) {
                return "\(name) \(version(tool)), USE \(flags)"
            }
            return hasOtherContent(tool, other) ? "\(name) \(version(tool)), other content" : nil
        }
    }

    private static func version(_ package: InstalledPackage) -> String {
        PackageNames.version(of: package.cpv) ?? package.cpv
    }

    /// Whether both contents are known, and are not the same.
    private static func hasOtherContent(_ a: InstalledPackage, _ b: InstalledPackage) -> Bool {
        guard let own = a.content, let other = b.content else { return false }
        return own != other
    }

    /// What differs between a package and its counterpart, and the best class that is left; nil when nothing does.
    private static func difference(
        _ wanted: InstalledPackage, _ found: InstalledPackage?, _ name: SlotName
    ) -> (limit: Accuracy, line: String)? {
        let version = version(wanted)
        guard let found else { return (.flags, "\(name.name) \(version) ≠ none in slot \(name.slot)") }
        var limit = Accuracy.exact
        var parts: [String] = []
        let other = Self.version(found)
        let subSlots = (subSlot(wanted), subSlot(found))
        if version != other { limit = .abi }
        if subSlots.0 != subSlots.1 {
            limit = .flags
            parts.append("sub-slot \(subSlots.0) ≠ \(subSlots.1)")
        } else if version != other {
            parts.append("same sub-slot")
        }
        if let flags = FlagDifference.text(wanted.use, found.use) {
            limit = min(limit, .abi)
            parts.append("USE \(flags)")
        }
        if parts.isEmpty, hasOtherContent(wanted, found) {
            limit = .abi
            parts.append("other content")
        }
        guard !parts.isEmpty else { return nil }
        let versions = version == other ? version : "\(version) ≠ \(other)"
        return (limit, "\(name.name) \(versions), \(parts.joined(separator: ", "))")
    }

    private enum Order { case newer, same, older, other, unknown }

    /// Compares two versions of one C library in Portage's order.
    private static func order(of found: String, against wanted: String) -> Order {
        guard let name = PackageNames.name(of: found), let other = PackageNames.name(of: wanted) else {
            return .unknown
        }
        guard name == other else { return .other }
        guard let a = PackageNames.version(of: found).flatMap({ Version($0) }),
            let b = PackageNames.version(of: wanted).flatMap({ Version($0) })
        else { return .unknown }
        return a > b ? .newer : a < b ? .older : .same
    }

    private static func shown(_ cpv: String) -> String { cpv.isEmpty ? "unknown" : cpv }

    private static func subSlot(_ package: InstalledPackage) -> Substring {
        package.slot.split(separator: "/").last ?? ""
    }
}

/// The flags in which two sets differ, as both sides have them.
enum FlagDifference {
    /// `ssl -doc ≠ -ssl doc`; nil when the sets are equal.
    static func text(_ wanted: [String], _ found: [String]) -> String? {
        let wanted = Set(wanted)
        let flags = wanted.symmetricDifference(found).sorted()
        guard !flags.isEmpty else { return nil }
        let left = flags.map { wanted.contains($0) ? $0 : "-" + $0 }
        let right = flags.map { wanted.contains($0) ? "-" + $0 : $0 }
        return left.joined(separator: " ") + " ≠ " + right.joined(separator: " ")
    }
}

/// A package's name and slot.
private struct SlotName: Hashable {
    let name: String
    let slot: Substring

    init(_ package: InstalledPackage) {
        name = PackageNames.name(of: package.cpv) ?? package.cpv
        slot = package.slot.split(separator: "/").first ?? ""
    }
}
