internal import PackageModel
public import PortageAPI

/// What Portage is asked while a closure is computed; tests answer by themselves.
public protocol ClosureQuestions: Sendable {
    /// See ``PortageAPI/PortageAPI/overlayChoices(_:atoms:)``.
    func overlayChoices(_ overlay: OverlayLocation, atoms: [String]) async throws(PortageError) -> [String?]
    /// See ``PortageAPI/PortageAPI/overlayNeeds(_:packages:)``.
    func overlayNeeds(_ overlay: OverlayLocation, packages: [String]) async throws(PortageError) -> [[OverlayNeed]]
}

extension PortageAPI: ClosureQuestions {}

/// The packages that a slice has: those that are wanted, and, for each, what it needs, no other repository has and the
/// overlay has, and so on. It is the smallest such set.
public struct Closure: Equatable, Sendable {
    /// A package of it.
    public struct Package: Equatable, Sendable {
        /// Category, name and version.
        public let cpv: String
        /// The lines of the list that chose it; empty for a dependency.
        public var requests: [String]
        /// The packages that need it, in the order of their discovery.
        public var needers: [SliceLock.Needer]
    }

    /// A dependency that no repository satisfies, the overlay included.
    public struct Unsatisfied: Equatable, Sendable {
        /// The atom.
        public let atom: String
        /// The package that has it.
        public let cpv: String
    }

    /// Its packages, sorted by name.
    public private(set) var packages: [Package] = []
    /// What is satisfied nowhere: emerge would say it too.
    public private(set) var unsatisfied: [Unsatisfied] = []

    /// Computes the closure of what is wanted from one overlay.
    ///
    /// - Parameters:
    ///   - entries: the lines of the list for this overlay.
    ///   - overlay: where the overlay is.
    ///   - portage: who answers.
    /// - Throws: when a line matches no package of the overlay.
    public static func compute(
        _ entries: [PackageList.Entry], of overlay: OverlayLocation, asking portage: some ClosureQuestions
    ) async throws(OverlaysError) -> Closure {
        var found: [String: Package] = [:]
        var unsatisfied: [Unsatisfied] = []
        let chosen = try await asking { () async throws(PortageError) in
            try await portage.overlayChoices(overlay, atoms: entries.map { $0.atom.description })
        }
        guard chosen.count == entries.count else { throw OverlaysError(.refused, "Portage's answer is not complete") }
        for (entry, cpv) in zip(entries, chosen) {
            guard let cpv else {
                let place = entry.file.isEmpty ? "" : "\(entry.file):\(entry.line): "
                throw OverlaysError(.nothing, "\(place)\(overlay.name) has no package \(entry.atom)")
            }
            found[cpv, default: Package(cpv: cpv, requests: [], needers: [])].requests.append(entry.reason)
        }
        var open = found.keys.sorted()
        while !open.isEmpty {
            let asked = open
            let needs = try await asking { () async throws(PortageError) in
                try await portage.overlayNeeds(overlay, packages: asked)
            }
            guard needs.count == asked.count else { throw OverlaysError(.refused, "Portage's answer is not complete") }
            var next: [String] = []
            for (cpv, needs) in zip(asked, needs) {
                for need in needs {
                    guard let target = need.cpv else {
                        unsatisfied.append(.init(atom: need.atom, cpv: cpv))
                        continue
                    }
                    if found[target] == nil { next.append(target) }
                    found[target, default: Package(cpv: target, requests: [], needers: [])].needers.append(
                        .init(cpv: cpv, atom: need.atom, kinds: need.kinds))
                }
            }
            open = next.sorted()
        }
        var closure = Closure()
        closure.packages = found.values.sorted { $0.cpv < $1.cpv }
        closure.unsatisfied = unsatisfied
        return closure
    }
}
