import PackageModel

/// A package of the tree that stands for a project of the index.
struct TreePackage: Hashable, Sendable {
    /// `dev-python/requests`
    var categoryAndName: String
    /// The versions that ebuilds exist for.
    var versions: [Version]
    /// Whether its ebuilds have USE flags for the Pythons that they are built for.
    var hasPythonTargets: Bool

    /// The version as the tree spells it: PEP 440 does not tell `1.0` from `1.0.0`, Portage does. The one of the most
    /// numbers where there are several; the given one where there is none.
    func spelling(of version: PythonVersion) throws(ReleaseError) -> String {
        let spellings = versions.compactMap { candidate -> (count: Int, text: String)? in
            let text = candidate.withoutRevision
            guard let read = PythonVersion(ebuildVersion: text), read == version else { return nil }
            return (read.release.count, text)
        }
        if let best = spellings.max(by: { ($0.count, $0.text) < ($1.count, $1.text) }) { return best.text }
        return try version.gentoo().description
    }
}

extension PythonVersion {
    /// Reads the version of an ebuild back; nil when it is not one that a project can have.
    init?(ebuildVersion text: String) {
        var text = text
        for (suffix, replacement) in [
            ("_alpha_pre", ".dev"), ("_alpha", "a"), ("_beta", "b"), ("_rc", "rc"), ("_pre", ".dev"), ("_p", ".post"),
        ] {
            if let range = text.firstRange(of: suffix) { text.replaceSubrange(range, with: replacement) }
        }
        self.init(text)
    }
}

extension VersionSpecifier {
    /// The atoms that ask for the same; all of them must match.
    ///
    /// Zeros at the end of a bound are dropped for `>=` and `<`, since `>=a-1.0` would miss `1`; `<=` and `>` name a
    /// revision that no ebuild has, since `<=a-1` would miss `1-r1`.
    func atoms(for package: TreePackage) throws(ReleaseError) -> [String] {
        let name = package.categoryAndName
        let stripped = PythonVersion.text(version.strippedRelease, version.suffixes)
        let texts: [String]
        switch comparison {
        case .atLeast: texts = [">=\(name)-\(stripped)"]
        case .less: texts = ["<\(name)-\(stripped)"]
        case .atMost: texts = ["<=\(name)-\(try package.spelling(of: version))-r9999"]
        case .greater: texts = [">\(name)-\(try package.spelling(of: version))-r9999"]
        case .equal where isPrefix, .unequal where isPrefix:
            guard version.pre == nil, version.post == nil else {
                throw ReleaseError(.refused, "'\(self)' has no counterpart in Portage")
            }
            texts =
                comparison == .equal
                ? Self.prefix(version.release, of: name) : ["!=\(name)-\(PythonVersion.text(version.release, ""))*"]
        case .equal, .arbitrary: texts = ["~\(name)-\(try package.spelling(of: version))"]
        case .unequal: texts = ["!~\(name)-\(try package.spelling(of: version))"]
        case .compatible:
            let range = Self.prefix(Array(version.release.dropLast()), of: name)
            texts = [">=\(name)-\(stripped)"] + range.filter { $0 != ">=\(name)-\(stripped)" }
        }
        // An epoch or a local version is refused here.
        if comparison != .equal || !isPrefix { _ = try version.gentoo() }
        for text in texts {
            do {
                _ = try Atom(text)
            } catch {
                throw ReleaseError(.refused, "'\(self)' cannot be said as an atom: \(error)")
            }
        }
        return texts
    }

    /// The versions that start with these numbers; as a range where they end in a zero, which a version may leave out.
    private static func prefix(_ release: [Int], of name: String) -> [String] {
        guard release.count > 1, let last = release.last, last == 0 else {
            return ["=\(name)-\(PythonVersion.text(release, ""))*"]
        }
        let low = PythonVersion.text(PythonVersion(release).strippedRelease, "")
        return [">=\(name)-\(low)", "<\(name)-\(PythonVersion.text(release.dropLast() + [1], ""))"]
    }

    /// The atoms of a list of clauses, without doubles; the bare name when the list is empty.
    static func atoms(_ list: [VersionSpecifier], for package: TreePackage) throws(ReleaseError) -> [String] {
        var result: [String] = []
        for specifier in list {
            for atom in try specifier.atoms(for: package) where !result.contains(atom) { result.append(atom) }
        }
        // A blocker alone would not ask for the package.
        if result.allSatisfy({ $0.hasPrefix("!") }) { result.insert(package.categoryAndName, at: 0) }
        return result
    }
}

/// A dependency that has found its package.
struct Dependency: Hashable, Sendable {
    /// What follows from one requirement.
    var atoms: [String]
    var hasPythonTargets: Bool
    /// The Pythons that need it; nil: all of the ebuild's.
    var implementations: [String]?
    /// The keywords that need it, such as `amd64`; nil: all.
    var arches: [String]?

    /// The lines of a dependency variable, to stand in double quotes: the atoms were read as atoms, so nothing but
    /// `${PYTHON_USEDEP}` and `$(python_gen_cond_dep)` means something to bash.
    func lines(indent: String = "\t") -> [String] {
        let use = hasPythonTargets ? "[${PYTHON_USEDEP}]" : ""
        var lines = atoms.map { $0.hasPrefix("!") ? $0 : $0 + use }
        if let implementations {
            lines = lines.map { "\t\($0)" }
            lines = ["$(python_gen_cond_dep '"] + lines + ["' \(implementations.joined(separator: " ")))"]
        }
        if let arches {
            return arches.flatMap { arch in ["\(arch)? ("] + lines.map { "\t\($0)" } + [")"] }.map { indent + $0 }
        }
        return lines.map { indent + $0 }
    }
}

/// Where a requirement applies.
struct Applicability: Equatable, Sendable {
    /// nil: on all.
    var implementations: [String]?
    var arches: [String]?

    /// Kinds of machine, as `uname -m` says them, by keyword.
    static let machines = [
        ("amd64", "x86_64"), ("arm64", "aarch64"), ("ppc64", "ppc64le"), ("riscv", "riscv64"), ("s390", "s390x"),
        ("x86", "i686"),
    ]

    /// Evaluates a marker for each Python and each kind of machine; nil when it applies nowhere. What cannot be known
    /// counts as needed.
    init?(_ marker: Marker?, implementations all: [PythonImplementation], extras: Set<String>) {
        guard let marker else { return }
        func applies(_ implementation: PythonImplementation, _ machine: String) -> Bool {
            marker.evaluate(.init(implementation: implementation, machine: machine, extras: extras)) > .no
        }
        // A machine that nothing names stands for all others.
        let everywhere = all.filter { applies($0, "other") }
        let arches = Self.machines.filter { arch in all.contains { applies($0, arch.1) } }.map(\.0)
        if everywhere.isEmpty, arches.isEmpty { return nil }
        let needing = everywhere.isEmpty ? all.filter { p in Self.machines.contains { applies(p, $0.1) } } : everywhere
        if needing.count != all.count { implementations = needing.map(\.description) }
        if everywhere.isEmpty { self.arches = arches }
    }
}
