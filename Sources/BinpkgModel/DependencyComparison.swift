import PackageModel

/// How close an environment was to what a machine asked for: the class, and every difference by name.
public struct DependencyComparison: Equatable, Sendable {
    /// The best class that holds; nil when not even `flags` does, because the environment's C library is newer than the
    /// asking machine's.
    public let accuracy: Accuracy?
    /// The differences, a line each, sorted.
    public let differences: [String]

    /// Compares the build-time dependencies that a machine has with those of an environment.
    ///
    /// A dependency that the asking machine does not have (it never compiled the package) is no difference: there is
    /// nothing that it could differ from. Packages are matched by name and slot.
    ///
    /// - Parameters:
    ///   - wanted: what satisfies DEPEND and BDEPEND on the asking machine.
    ///   - wantedLibc: its C library's CPV, or the empty string.
    ///   - found: what satisfies them in the environment.
    ///   - foundLibc: the environment's C library's CPV, or the empty string.
    public init(wanted: [InstalledPackage], wantedLibc: String, found: [InstalledPackage], foundLibc: String) {
        var accuracy: Accuracy? = .exact
        var lines: [String] = []
        func lower(to limit: Accuracy, _ line: String) {
            accuracy = accuracy.map { min($0, limit) }
            lines.append(line)
        }
        let environment = Dictionary(found.map { (SlotName($0), $0) }, uniquingKeysWith: { a, _ in a })
        for package in Set(wanted) {
            let name = SlotName(package)
            guard let other = environment[name] else {
                lower(to: .flags, "\(package.cpv): nothing in slot \(name.slot) here")
                continue
            }
            if Self.subSlot(package) != Self.subSlot(other) {
                lower(to: .flags, "\(package.cpv): sub-slot \(Self.subSlot(package)), here \(Self.subSlot(other))")
            }
            if package.cpv != other.cpv { lower(to: .abi, "\(package.cpv): here \(other.cpv)") }
            let flags = Set(package.use).symmetricDifference(other.use)
            if !flags.isEmpty {
                let enabled = Set(other.use)
                let text = flags.sorted().map { (enabled.contains($0) ? "+" : "-") + $0 }.joined(separator: " ")
                lower(to: .abi, "\(package.cpv): USE here \(text)")
            }
        }
        if wantedLibc != foundLibc {
            let line =
                "libc: \(wantedLibc.isEmpty ? "unknown" : wantedLibc), here \(foundLibc.isEmpty ? "unknown" : foundLibc)"
            switch Self.order(of: foundLibc, against: wantedLibc) {
            case .newer:
                accuracy = nil
                lines.append(line + ", which is newer")
            case .older: lower(to: .abi, line)
            case .unknown: lower(to: .flags, line)
            }
        }
        self.accuracy = accuracy
        differences = lines.sorted()
    }

    private enum Order { case newer, older, unknown }

    /// Compares two versions of one C library in the order of Portage.
    private static func order(of found: String, against wanted: String) -> Order {
        guard let a = CPV(found), let b = CPV(wanted), a.categoryAndName == b.categoryAndName else { return .unknown }
        return b.version < a.version ? .newer : .older
    }

    private static func subSlot(_ package: InstalledPackage) -> Substring {
        package.slot.split(separator: "/").last ?? ""
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
