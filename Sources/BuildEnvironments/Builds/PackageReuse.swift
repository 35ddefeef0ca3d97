import BinpkgModel
import PackageModel
import PortageAPI
import Posix
import PythonBridge
import Sandbox

/// Packages that were built before, for what is installed in a layer or for one build: so that nothing is compiled twice.
///
/// Portage would take any package of the right name and flags. Here it sees only those whose primary key is that of what
/// it would build itself, and that were built with exactly what is there.
struct PackageReuse: Sendable {
    let place: BuildPlace
    /// Asks for a package.
    let stored: @Sendable (StoredPackageQuestion) async -> StoredPackage?

    /// What was found.
    struct Found: Sendable {
        /// Each with its place inside.
        var packages: [(cpv: String, path: String, place: String)] = []
        /// Whose alone one of them is.
        var trustDomain: String?

        /// The options of emerge that make it use them.
        var options: [String] { packages.isEmpty ? [] : ["--usepkg=y", "--binpkg-respect-use=y"] }

        /// A sandbox in which they are there.
        func shown(in sandbox: SandboxCommand) -> SandboxCommand {
            guard !packages.isEmpty else { return sandbox }
            var result = sandbox
            for package in packages { result.show(package.path, at: package.place, readOnly: true) }
            result.environment["PKGDIR"] = BuildPlace.reusePlace
            return result
        }
    }

    /// Looks for packages of what an emerge would merge. What goes wrong here costs only time.
    ///
    /// - Parameters:
    ///   - sandbox: without network.
    ///   - arguments: those of the emerge.
    func find(_ sandbox: SandboxCommand, arguments: [String]) async throws(BuildError) -> Found {
        do throws(BuildError) {
            return try await find(sandbox, among: try await place.planned(sandbox, arguments: arguments))
        } catch .cancelled {
            throw .cancelled
        } catch {
            await place.run.log(Array("== not looked for packages that were built before: \(error)\n".utf8))
            return Found()
        }
    }

    /// The same of what it would merge, as that is known already.
    func find(_ sandbox: SandboxCommand, among inputs: [KeyInputs]) async throws(BuildError) -> Found {
        var found = Found()
        guard !inputs.isEmpty else { return found }
        let files = try await place.usedFiles(of: inputs, profiles: [], sandbox).files
        let planned = PackageSet(inputs.map(Self.installed))
        for package in inputs {
            var request = BuildRequest(package, files: files)
            guard request.hostBoundReason == nil, let dependencies = Self.dependencies(of: package, after: planned)
            else { continue }
            request.buildDependencies = dependencies
            let question = StoredPackageQuestion(key: request.primaryKey, vector: request.vector)
            guard let answer = await stored(question) else { continue }
            found.packages.append((package.cpv, answer.path, "\(BuildPlace.reusePlace)/\(package.cpv).gpkg.tar"))
            found.trustDomain = found.trustDomain ?? answer.trustDomain
        }
        if !found.packages.isEmpty {
            let names = found.packages.map(\.cpv).joined(separator: " ")
            await place.run.log(Array("== built before: \(names)\n".utf8))
        }
        return found
    }

    /// A package as it will be installed.
    private static func installed(_ package: KeyInputs) -> InstalledPackage {
        InstalledPackage(
            cpv: package.cpv, slot: "\(package.slot)/\(package.subSlot)", use: package.use.filter(package.iuse.contains)
        )
    }

    /// What a package is built with once all that is planned is there; nil when that cannot be said.
    private static func dependencies(of package: KeyInputs, after planned: PackageSet) -> [InstalledPackage]? {
        var result = package.buildDependencies.map(InstalledPackage.init).map { planned.counterpart(of: $0) ?? $0 }
        let lacking = InstallList.atoms(unsatisfied: package.unsatisfied)
        guard lacking.count == package.unsatisfied.count else { return nil }
        for atoms in lacking {
            guard let one = planned.packages.first(where: { PackageSet([$0]).satisfies(anyOf: atoms) }) else {
                return nil
            }
            result.append(one)
        }
        return result
    }
}

extension PackageSet {
    fileprivate func satisfies(anyOf atoms: [Atom]) -> Bool { atoms.contains(where: satisfies) }
}

extension BuildPlace {
    /// The key inputs of the ebuilds that an emerge would merge.
    func planned(_ sandbox: SandboxCommand, arguments: [String]) async throws(BuildError) -> [KeyInputs] {
        try await ask(sandbox) { portage async throws(PortageError) in
            var result: [KeyInputs] = []
            for node in try await portage.plannedGraph(arguments: arguments).nodes
            where node.state == .waiting && node.type == "ebuild" {
                result.append(
                    try await portage.keyInputs(
                        PackageSelector(cpv: node.cpv, repository: node.repo.isEmpty ? nil : node.repo),
                        variables: BuildRequest.allowedVariables.sorted()))
            }
            return result
        }
    }
}

extension BuildRequest {
    /// The request of a machine that has just what Portage says of an environment.
    init(_ inputs: KeyInputs, files: [String: FileFacts]) {
        var content: [ContentItem] = []
        func add(_ role: ContentItem.Role, _ name: String, _ path: String) {
            let facts = files[path] ?? FileFacts(sha256: "", size: -1)
            content.append(ContentItem(role: role, name: name, sha256: facts.sha256, size: facts.size))
        }
        add(.ebuild, inputs.cpv.split(separator: "/").dropFirst().joined() + ".ebuild", inputs.ebuild)
        for file in inputs.eclasses { add(.eclass, file.name + ".eclass", file.path) }
        for file in inputs.files { add(.files, file.name, file.path) }
        if let manifest = inputs.manifest { add(.manifest, "Manifest", manifest) }
        for file in inputs.patches { add(.patch, file.name, file.path) }
        for file in inputs.bashrcs where files[file.path]?.size != 0 {
            add(.bashrc, KeyDifferences.bashrcName(file.name), file.path)
        }
        for file in inputs.envs { add(.env, file.name, file.path) }
        let variables = inputs.variables.filter { Self.allowedVariables.contains($0.key) }
            .mapValues(KeyDifferences.plain).filter { !$0.value.isEmpty }
        self.init(
            cpv: inputs.cpv, repository: inputs.repository, eapi: inputs.eapi,
            slot: "\(inputs.slot)/\(inputs.subSlot)", use: inputs.use, iuse: inputs.iuse, chost: inputs.chost,
            cbuild: inputs.cbuild, eprefix: Self.withoutSlash(inputs.eprefix),
            tmpdir: Self.withoutSlash(inputs.tmpdir), variables: variables,
            features: inputs.features.filter(Self.outputFeatures.contains), profile: inputs.profileDigest,
            content: content, buildDependencies: inputs.buildDependencies.map(InstalledPackage.init),
            libc: inputs.libc, toolchain: inputs.toolchain.map(InstalledPackage.init), accuracy: .exact)
    }

    private static func withoutSlash(_ path: String) -> String {
        var path = path[...]
        while path.utf8.count > 1, path.last == "/" { path.removeLast() }
        return String(path)
    }
}
