import BinpkgModel
import PackageModel

/// What has to be installed in an environment for a request.
struct InstallList: Equatable, Sendable {
    /// Packages as the asking machine has them: this version, with these flags.
    var exact: [InstalledPackage] = []
    /// Dependencies that the asking machine does not have either, as Portage's atoms.
    var atoms: [String] = []

    /// Nothing.
    init() {}

    /// What Portage calls unsatisfied.
    init(unsatisfied: [String]) { atoms = Self.atoms(unsatisfied: unsatisfied).compactMap { $0.first?.description } }

    var isEmpty: Bool { exact.isEmpty && atoms.isEmpty }

    /// What differs between an environment and what a request wants.
    ///
    /// - Parameters:
    ///   - existing: the versions that a repository of the environment has an ebuild of; of the others nothing can be made.
    init(for needs: EnvironmentNeeds, in environment: PackageSet, existing: Set<String>) {
        exact = Set(needs.packages).filter { package in
            existing.contains(package.cpv)
                && environment.counterpart(of: package).map { !$0.isSame(as: package) } ?? true
        }.sorted { $0.cpv < $1.cpv }
        // What is made anyway may satisfy it.
        atoms = InstallList(lacking: needs.atoms, in: environment.installing(exact)).atoms
    }

    /// Of some dependencies, those that nothing satisfies.
    init(lacking needs: [[Atom]], in environment: PackageSet) {
        atoms = needs.filter { !$0.contains(where: environment.satisfies) }.compactMap { $0.first?.description }
    }

    /// One list, then another.
    static func + (a: InstallList, b: InstallList) -> InstallList {
        var result = a
        result.exact += b.exact
        result.atoms += b.atoms
        return result
    }

    /// Arguments of emerge.
    var arguments: [String] { exact.map { "=" + $0.cpv } + atoms }

    /// Reads what Portage calls unsatisfied: an atom, or `|| ( ATOM… )`. What cannot be read is left to Portage.
    static func atoms(unsatisfied: [String]) -> [[Atom]] {
        unsatisfied.compactMap { text in
            let words = text.split(separator: " ").filter { !["||", "(", ")"].contains($0) }
            let atoms = words.compactMap { try? Atom(String($0)) }
            return atoms.count == words.count && !atoms.isEmpty ? atoms : nil
        }
    }
}
