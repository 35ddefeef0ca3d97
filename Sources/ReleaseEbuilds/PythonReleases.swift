import EbuildRepository
import PackageModel
import PortageAPI
import Posix

/// Makes ebuilds out of releases of the Python index.
struct PythonReleases {
    let index: SimpleIndex
    let target: TargetRepository
    let workshop: Workshop
    let portage: PortageAPI
    /// Whether packages that are missing are made too.
    let closure: Bool
    /// LICENSE of the first package, instead of what its metadata say.
    let licence: String?
    private let facts: EclassFacts
    private let licences: LicenceMap
    private var files: [ProjectName: [ReleaseFile]] = [:]
    private var metadata: [String: CoreMetadata] = [:]
    private var archives: [String: (path: String, content: ArchiveContent)] = [:]
    private var known: [ProjectName: TreePackage] = [:]
    private var started: [ProjectName: Set<PythonVersion>] = [:]
    private var made: [GeneratedPackage] = []

    static let category = "dev-python"

    init(
        index: SimpleIndex, target: TargetRepository, workshop: Workshop, portage: PortageAPI, closure: Bool,
        licence: String?
    ) throws(ReleaseError) {
        self.index = index
        self.target = target
        self.workshop = workshop
        self.portage = portage
        self.closure = closure
        self.licence = licence
        facts = target.eclasses
        licences = LicenceMap(configuration: target.text(of: "metadata/license-mapping.conf"))
        guard !facts.ordinary.isEmpty, !facts.backends.isEmpty else {
            throw ReleaseError(
                .refused, "the main repository has no distutils-r1.eclass and python-utils-r1.eclass of today's form")
        }
    }

    /// The package of a requirement, after those that it needs and that had to be made.
    mutating func packages(for requirement: Requirement) async throws(ReleaseError) -> [GeneratedPackage] {
        guard requirement.marker == nil else {
            throw ReleaseError(.refused, "a marker makes no sense here")
        }
        try await make(requirement.name, requirement.specifiers, extras: requirement.extras, isFirst: true)
        return made
    }

    private mutating func releaseFiles(_ project: ProjectName) async throws(ReleaseError) -> [ReleaseFile] {
        if let known = files[project] { return known }
        let found = try await index.files(of: project)
        files[project] = found
        return found
    }

    /// Makes one release, and with `closure` what it needs.
    private mutating func make(
        _ project: ProjectName, _ specifiers: [VersionSpecifier], extras: [String], isFirst: Bool
    ) async throws(ReleaseError) {
        let release = try ReleaseChoice.newest(
            of: project, files: try await releaseFiles(project), fitting: specifiers)
        guard started[project, default: []].insert(release.version).inserted else { return }
        guard started.count <= 500 else { throw ReleaseError(.refused, "more than 500 packages would be needed") }
        let version = try release.version.gentoo()
        let subject = "\(project.normal) \(release.version)"
        do {
            // Known from now on, so that what needs it in turn finds it.
            try await lookUp(project)
            known[project]?.versions.append(version)
            let metadata = try await metadata(of: release, project)
            let content = try await archive(of: release).content
            let package = try await assemble(release, project, version, metadata, content, extras, isFirst)
            made.append(package)
        } catch {
            throw ReleaseError(
                error.kind, error.message.hasPrefix(subject) ? error.message : "\(subject): \(error.message)",
                hint: error.hint)
        }
    }

    /// What the release says of itself: the metadata of a wheel, else that of the source archive when it is reliable.
    private mutating func metadata(
        of release: Release, _ project: ProjectName
    ) async throws(ReleaseError) -> CoreMetadata {
        let key = "\(project.normal) \(release.version)"
        if let known = metadata[key] { return known }
        var found: CoreMetadata?
        if let wheel = release.bestWheel { found = try await index.metadata(of: wheel) }
        if found == nil, let wheel = release.anyWheel {
            // An index without PEP 658: the wheel itself has the same text.
            let path = try await workshop.fetch(wheel.url, name: wheel.name, sha256: wheel.sha256, size: wheel.size)
            found = try await workshop.content(of: path, wanted: ["METADATA"]).files["METADATA"].map {
                CoreMetadata($0)
            }
        }
        if found == nil, let text = try await archive(of: release).content.files["PKG-INFO"] {
            let stated = CoreMetadata(text)
            guard stated.isReliableForSource else {
                throw ReleaseError(.refused, "what it needs is only known after a build: there is no wheel's metadata")
            }
            found = stated
        }
        guard let found else { throw ReleaseError(.refused, "it has no metadata") }
        guard ProjectName(found.name) == project, PythonVersion(found.version) == release.version else {
            throw ReleaseError(.refused, "its metadata are those of '\(found.name) \(found.version)'")
        }
        metadata[key] = found
        return found
    }

    private mutating func archive(of release: Release) async throws(ReleaseError) -> (
        path: String, content: ArchiveContent
    ) {
        let file = release.source
        if let known = archives[file.name] { return known }
        let path = try await workshop.fetch(file.url, name: file.name, sha256: file.sha256, size: file.size)
        let content = try await workshop.content(of: path, wanted: ["pyproject.toml", "PKG-INFO"])
        guard content.directories.count == 1 else {
            throw ReleaseError(.refused, "\(file.name) does not have exactly one directory at its top")
        }
        archives[file.name] = (path, content)
        return (path, content)
    }

    // The parts of an ebuild

    private mutating func assemble(
        _ release: Release, _ project: ProjectName, _ version: Version, _ metadata: CoreMetadata,
        _ content: ArchiveContent, _ extras: [String], _ isFirst: Bool
    ) async throws(ReleaseError) -> GeneratedPackage {
        let backend = try BuildBackend(
            pyproject: content.files["pyproject.toml"], hasSetupScript: content.names.contains("setup.py"),
            keys: facts.backends)
        let pythons = try implementations(
            metadata.requiresPython.isEmpty ? release.source.requiresPython : metadata.requiresPython)
        for extra in extras where !metadata.extras.contains(where: { ProjectName($0)?.normal == extra }) {
            throw ReleaseError(.refused, "it has no extra '\(extra)'")
        }
        var notes: [String] = []
        let runtime = try await dependencies(
            metadata.requirements, project: project, pythons: pythons, extras: Set(extras), notes: &notes)
        let build = try await dependencies(
            backend.requirements, pythons: pythons, extras: [], notes: &notes)

        let file = release.source
        let name = project.packageName
        var ebuild = Ebuild()
        (ebuild.nameAndVersion, ebuild.version) = ("\(name)-\(version)", version.description)
        ebuild.origin = [
            "Made by fastrel from \(project.normal) \(release.version) of the Python index:",
            "\(file.name) SHA256 \(file.sha256)",
        ]
        if !extras.isEmpty { ebuild.origin.append("with the extras \(extras.joined(separator: " "))") }
        if release.hasExtensions { ebuild.settings.append("DISTUTILS_EXT=1") }
        ebuild.settings.append("DISTUTILS_USE_PEP517=\(backend.key)")
        let usesEclass =
            facts.pypiServes(host: SourceName.host(of: file.url))
            && file.name == "\(project.fileName)-\(release.version).tar.gz"
            && !(release.version.dev != nil && release.version.pre == nil && release.version.post == nil)
        if usesEclass, name != project.normal { ebuild.settings.append("PYPI_PN=\(quoted(project.normal))") }
        ebuild.settings.append("PYTHON_COMPAT=( \(PythonImplementation.compat(pythons)) )")
        ebuild.settings.append("")
        ebuild.eclasses = usesEclass ? ["distutils-r1", "pypi"] : ["distutils-r1"]
        if !usesEclass {
            ebuild.source = (file.url, file.name)
            let directory = content.directories[0]
            if directory != "\(name)-\(version)" { ebuild.directory = directory }
        }
        ebuild.description = descriptionLine(metadata.summary, name: project.normal)
        ebuild.homepage = metadata.homePages.first { SourceName.isPlain(url: $0) } ?? index.url + project.normal + "/"
        ebuild.licence = try licence(metadata, isFirst)
        ebuild.keywords = ["~\(target.arch)"]
        ebuild.dependencies = [("RDEPEND", runtime.flatMap { $0.lines() }), ("BDEPEND", build.flatMap { $0.lines() })]
        if file.name.hasSuffix(".zip") {
            ebuild.dependencies[1].lines.insert("\tapp-arch/unzip", at: 0)
        }
        let path = archives[file.name]?.path ?? ""
        let entry = try await workshop.entry(
            name: file.name, sha256: file.sha256, size: file.size, hashes: target.manifestHashes,
            path: { () throws(ReleaseError) in path })
        return GeneratedPackage(
            category: Self.category, name: name, version: version.description, ebuild: ebuild.text,
            distfiles: [entry], metadata: GeneratedPackage.metadata(kind: "pypi", name: project.normal), notes: notes)
    }

    private func licence(_ metadata: CoreMetadata, _ isFirst: Bool) throws(ReleaseError) -> String {
        if isFirst, let licence { return licence }
        return try licences.checked(licences.licence(of: metadata), against: target.licences)
    }

    /// The ordinary Pythons of the tree that the release says it works with.
    private func implementations(_ requiresPython: String) throws(ReleaseError) -> [PythonImplementation] {
        let specifiers = try VersionSpecifier.list(requiresPython)
        let fitting = facts.ordinary.filter { implementation in
            (0...99).contains { patch in
                guard let version = PythonVersion("\(implementation.version).\(patch)") else { return false }
                return specifiers.allSatisfy { $0.contains(version) }
            }
        }
        guard !fitting.isEmpty else {
            throw ReleaseError(.refused, "it wants Python \(requiresPython), which the tree does not have")
        }
        return fitting
    }

    // Dependencies

    private mutating func dependencies(
        _ texts: [String], project: ProjectName, pythons: [PythonImplementation], extras: Set<String>,
        notes: inout [String]
    ) async throws(ReleaseError) -> [Dependency] {
        var requirements: [Requirement] = []
        for text in texts { requirements.append(try Requirement(text)) }
        return try await dependencies(
            requirements, project: project, pythons: pythons, extras: extras, notes: &notes)
    }

    /// The dependencies of requirements, extras of what is required included, sorted and without doubles.
    private mutating func dependencies(
        _ requirements: [Requirement], project: ProjectName? = nil, pythons: [PythonImplementation],
        extras: Set<String>, notes: inout [String]
    ) async throws(ReleaseError) -> [Dependency] {
        var result: Set<Dependency> = []
        var seen: Set<String> = []
        var queue = requirements.map { (requirement: $0, extras: extras, pythons: pythons, arches: [String]?.none) }
        while !queue.isEmpty {
            let item = queue.removeFirst()
            let requirement = item.requirement
            guard
                var place = Applicability(
                    requirement.marker, implementations: item.pythons, extras: item.extras)
            else { continue }
            let pythonsHere = item.pythons.filter { place.implementations?.contains($0.description) ?? true }
            if pythonsHere.count != pythons.count { place.implementations = pythonsHere.map(\.description) }
            if let arches = item.arches { place.arches = place.arches.map { $0.filter(arches.contains) } ?? arches }
            if place.arches?.isEmpty == true { continue }
            if requirement.name != project {
                let package = try await package(for: requirement, notes: &notes)
                let atoms = try VersionSpecifier.atoms(requirement.specifiers, for: package)
                result.insert(
                    Dependency(
                        atoms: atoms, hasPythonTargets: package.hasPythonTargets,
                        implementations: place.implementations, arches: place.arches))
            }
            for extra in requirement.extras {
                let key = "\(requirement.name.normal)[\(extra)] \(pythonsHere) \(place.arches ?? [])"
                guard seen.insert(key).inserted, seen.count < 1000 else { continue }
                let inner: [Requirement]
                if requirement.name == project {
                    inner = requirements
                } else {
                    inner = try await extraRequirements(of: requirement, extra)
                }
                queue += inner.filter { $0.marker?.namesExtra ?? false }.map {
                    ($0, [extra], pythonsHere, place.arches)
                }
            }
        }
        return result.sorted { ($0.sortKey, $0.atoms.count) < ($1.sortKey, $1.atoms.count) }
    }

    /// What a project's newest fitting release requires when an extra is asked for.
    private mutating func extraRequirements(
        of requirement: Requirement, _ extra: String
    ) async throws(ReleaseError) -> [Requirement] {
        let release = try ReleaseChoice.newest(
            of: requirement.name, files: try await releaseFiles(requirement.name), fitting: requirement.specifiers)
        let metadata = try await metadata(of: release, requirement.name)
        guard metadata.extras.contains(where: { ProjectName($0)?.normal == extra }) else {
            throw ReleaseError(.refused, "\(requirement.name.normal) \(release.version) has no extra '\(extra)'")
        }
        var result: [Requirement] = []
        for text in metadata.requirements { result.append(try Requirement(text)) }
        return result
    }

    /// The package of the tree for a requirement; made when there is none that fits and the closure is wanted.
    private mutating func package(
        for requirement: Requirement, notes: inout [String]
    ) async throws(ReleaseError) -> TreePackage {
        let package = try await lookUp(requirement.name)
        if try package.satisfies(requirement.specifiers) { return package }
        guard closure else {
            let what = try VersionSpecifier.atoms(requirement.specifiers, for: package).joined(separator: " ")
            let note = "nothing in the tree satisfies \(what); --closure makes it"
            if !notes.contains(note) { notes.append(note) }
            return package
        }
        try await make(requirement.name, requirement.specifiers, extras: [], isFirst: false)
        return known[requirement.name] ?? package
    }

    /// What the tree and the target repository have for a project.
    @discardableResult
    private mutating func lookUp(_ project: ProjectName) async throws(ReleaseError) -> TreePackage {
        if let package = known[project] { return package }
        let own = "\(Self.category)/\(project.packageName)"
        let found: PythonPackage?
        do {
            found = try await portage.pythonPackages([project.normal: project.packageName])[project.normal]
        } catch {
            throw ReleaseError(error)
        }
        let package = TreePackage(
            categoryAndName: found?.cp ?? own,
            versions: Array(
                Set((found?.versions ?? []).compactMap { Version($0) } + target.versions(of: found?.cp ?? own))
            )
            .sorted(),
            hasPythonTargets: found?.pythonTargets ?? true)
        known[project] = package
        return package
    }
}

extension TreePackage {
    /// Whether one version fits all clauses, keywords and masks aside.
    func satisfies(_ specifiers: [VersionSpecifier]) throws(ReleaseError) -> Bool {
        versions.contains { version in
            guard let read = PythonVersion(ebuildVersion: version.withoutRevision) else { return false }
            return specifiers.allSatisfy { $0.contains(read) }
        }
    }
}

extension Dependency {
    /// By package, then operator.
    fileprivate var sortKey: String {
        let atom = atoms.first { !$0.hasPrefix("!") } ?? ""
        return String(atom.drop { "<>=~".contains($0) }) + atom + (implementations ?? []).joined()
            + (arches ?? []).joined()
    }
}

extension LicenceMap {
    /// A value of LICENSE whose names the tree all has.
    func checked(_ licence: String, against names: Set<String>?) throws(ReleaseError) -> String {
        guard let names else { return licence }
        for word in licence.split(separator: " ") where !["||", "(", ")"].contains(word) {
            // GPL-2+ is a group of its own file as well as a licence.
            guard names.contains(String(word)) || names.contains(String(word.filter { $0 != "+" })) else {
                throw ReleaseError(.refused, "the tree has no licence '\(word)'", hint: "name one with --licence")
            }
        }
        return licence
    }
}
