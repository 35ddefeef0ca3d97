/// What emerge would merge if a service had every package ready.
public struct MergePlan: Codable, Sendable {
    /// Whether Portage found a way; otherwise `messages` say why not, and there are no packages.
    public let isSolved: Bool
    /// What Portage has to say about it, for people.
    public let messages: String
    /// The packages in the order of their merge.
    public let packages: [PlannedPackage]
}

/// A package of a merge list.
public struct PlannedPackage: Codable, Sendable {
    /// Where it comes from.
    public enum Kind: String, Codable, Sendable {
        /// From a service, if that has it or builds it.
        case binary
        /// From its ebuild.
        case ebuild
    }

    /// Where it comes from.
    public let kind: Kind
    /// Whether its ebuild builds something; others only need or make something, as those of `virtual/` and `acct-user/`.
    public let isCompiled: Bool
    /// The words of PROPERTIES that hold with its USE flags.
    public let properties: [String]
    /// The eclasses that its ebuild inherits, directly or not.
    public let inherited: [String]
    /// Category, name and version.
    public let cpv: String
    /// The repository's name.
    public let repository: String
    /// The slot, without sub-slot.
    public let slot: String
    /// The sub-slot.
    public let subSlot: String
    /// The enabled USE flags, sorted.
    public let use: [String]
    /// The installed package that it replaces.
    public let replaces: String?
    /// How many packages of the list need it, directly or not.
    public let unblocks: Int
    /// What its primary key is made from, with the build-time dependencies as the list leaves them; nil for an ebuild.
    public let inputs: KeyInputs?
}

extension PortageAPI {
    /// Resolves `emerge ARGUMENTS` with Portage's resolver against provisional binary packages: one for every ebuild that
    /// needs a compiler. So what is needed to build them does not matter here. Nothing is written.
    ///
    /// - Parameters:
    ///   - arguments: options, atoms and sets as emerge takes them; EMERGE_DEFAULT_OPTS counts too.
    ///   - refused: packages that no service provides: they are taken from their ebuilds.
    ///   - variables: the variables whose configured values belong to the key inputs.
    ///   - onlyBinary: whether everything must be a binary package, also what needs no compiler.
    public func plan(
        _ arguments: [String], refused: [PackageSelector] = [], variables: [String] = KeyInputs.standardVariables,
        onlyBinary: Bool = false
    ) async throws(PortageError) -> MergePlan {
        try await ask(
            "plan",
            PlanQuestion(
                arguments: arguments,
                refused: refused.map { .init(cpv: $0.cpv, repository: $0.repository ?? "") }, variables: variables,
                onlyOffers: onlyBinary))
    }

    /// The binary packages of an atom in PKGDIR and in the known indexes of binary package hosts, the newest version
    /// first, and how each differs from what this machine would build. Nothing is fetched.
    public func explain(_ atom: String) async throws(PortageError) -> BinaryExplanation {
        try await ask("explain", ["atom": atom])
    }

    /// Moves the packages that emerge made in a directory of binary packages into the user's PKGDIR.
    ///
    /// - Parameter known: the files that stay, as paths below the directory.
    /// - Returns: the packages that were moved.
    @discardableResult
    public func keepPackages(_ directory: String, except known: [String]) async throws(PortageError) -> [String] {
        try await ask("keep_packages", KeepQuestion(directory: directory, known: known))
    }

    /// Makes the index of a directory of binary packages, as Portage itself does.
    ///
    /// - Returns: the packages in it, sorted.
    @discardableResult
    public func indexPackages(_ directory: String) async throws(PortageError) -> [String] {
        try await ask("index_packages", ["directory": directory])
    }
}

/// Binary packages and why they do not fit.
public struct BinaryExplanation: Codable, Sendable {
    /// A binary package.
    public struct Binary: Codable, Sendable {
        /// Category, name and version.
        public let cpv: String
        /// Its file, or the address of the host that has it.
        public let place: String
        /// How it differs, a line each: what this machine wants, `≠`, what is there. Empty when it fits.
        public let differences: [String]

        enum CodingKeys: String, CodingKey {
            case cpv, differences
            case place = "where"
        }
    }

    /// The package that this machine would build.
    public let cpv: String
    /// Its repository.
    public let repository: String
    /// What is there of the same name.
    public let binaries: [Binary]
}

private struct KeepQuestion: Encodable {
    let directory: String
    let known: [String]
}

private struct PlanQuestion: Encodable {
    struct Refused: Encodable {
        let cpv: String
        let repository: String
    }

    let arguments: [String]
    let refused: [Refused]
    let variables: [String]
    let onlyOffers: Bool
}
