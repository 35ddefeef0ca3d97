public import BinpkgModel
import PortageAPI
import Posix
import Sandbox

/// The package that a build gave.
public struct BuildResult: Equatable, Sendable {
    /// The gpkg file, in the workspace.
    public let package: String
    /// What satisfied DEPEND and BDEPEND in the environment.
    public let dependencies: [InstalledPackage]
    /// The environment's C library's CPV; empty when Portage knows none.
    public let libc: String
    /// How long the build took.
    public let seconds: Double

    /// A result of these values.
    public init(package: String, dependencies: [InstalledPackage], libc: String, seconds: Double) {
        self.package = package
        self.dependencies = dependencies
        self.libc = libc
        self.seconds = seconds
    }
}

/// One build: a request, in an environment of its own, to a gpkg file.
///
/// Everything is below the workspace; when it is removed, nothing of the build is left but the result that was moved
/// out of it, and distfiles.
struct PackageBuild: Sendable {
    let request: BuildRequest
    let place: BuildPlace
    let bytes: @Sendable (ContentItem) throws(BuildError) -> [UInt8]

    /// The build, ready to begin: what was laid out, and what Portage makes of the package there.
    struct Prepared: Sendable {
        let sandbox: SandboxCommand
        var inputs: KeyInputs
        /// Of the packages that the asking machine builds with, those that a repository here has an ebuild of.
        let existing: Set<String>
        let seconds: Double

        /// What satisfies DEPEND and BDEPEND.
        var dependencies: [InstalledPackage] { inputs.buildDependencies.map(InstalledPackage.init) }

        /// How close this is to the machine that asks.
        func accuracy(for request: BuildRequest) -> Accuracy? {
            DependencyComparison(
                wanted: request.buildDependencies, wantedLibc: request.libc, found: dependencies,
                foundLibc: inputs.libc
            ).accuracy
        }
    }

    /// Lays everything out and asks Portage there whether it would build what was asked for.
    func prepare() async throws(BuildError) -> Prepared {
        let start = MonotonicTime.now
        let sandbox = try layOut()
        let evaluation = try await evaluate(sandbox)
        let wrong = KeyDifferences(request: request, inputs: evaluation.inputs, hashes: evaluation.hashes).lines
        guard wrong.isEmpty else {
            throw .declined(reason: "this service would build another package: \(wrong.joined(separator: "; "))")
        }
        return Prepared(
            sandbox: sandbox, inputs: evaluation.inputs, existing: evaluation.existing,
            seconds: Self.seconds(since: start))
    }

    /// Runs the build.
    ///
    /// - Parameter list: what is installed for this build alone, and goes with it.
    func run(_ prepared: Prepared, installing list: InstallList?) async throws(BuildError) -> BuildResult {
        let start = MonotonicTime.now
        var prepared = prepared
        let sandbox = prepared.sandbox
        let extra = list?.arguments ?? []
        let isLacking = !prepared.inputs.unsatisfied.isEmpty
        let hasSources = prepared.inputs.sources.allSatisfy { source in
            Files.status("\(place.run.distdir)/\(source.name)").map { source.size == nil || $0.size == source.size }
                ?? false
        }
        let atom = "=\(request.cpv)::\(request.repository)"
        let options = EmergeOptions.always
        if isLacking || !extra.isEmpty || !hasSources {
            try await place.step(
                "fetch", try place.fetching(sandbox),
                ["emerge", "--fetchonly", "--with-bdeps=y"] + options + extra + [atom])
        }
        let closed = place.closed(sandbox)
        if !extra.isEmpty { try await place.step("build dependencies", closed, ["emerge"] + options + extra) }
        if isLacking {
            try await place.step(
                "build dependencies", closed, ["emerge", "--onlydeps", "--with-bdeps=y"] + options + [atom])
        }
        if isLacking || !extra.isEmpty { prepared.inputs = try await evaluate(sandbox).inputs }
        try writeImageCheck(accuracy: prepared.accuracy(for: request))
        try await place.step("build", closed, ["emerge", "--buildpkgonly"] + options + [atom])
        return BuildResult(
            package: try onlyPackage(), dependencies: prepared.dependencies, libc: prepared.inputs.libc,
            seconds: prepared.seconds + Self.seconds(since: start))
    }

    private static func seconds(since start: MonotonicTime) -> Double {
        Double(MonotonicTime.now.nanoseconds - start.nanoseconds) / 1e9
    }

    private func writeImageCheck(accuracy: Accuracy?) throws(BuildError) {
        do {
            try Files.replace(
                place.workspace + "/image-check", with: Array(ImageCheck.script(accuracy: accuracy).utf8))
        } catch {
            throw .failed(reason: "\(error)")
        }
    }

    /// Lays out the workspace: the root, the private configuration, the request's content.
    private func layOut() throws(BuildError) -> SandboxCommand {
        let layout = try place.layout()
        let isHost = place.root.mounted.isHost
        let content = PackageContent(request: request, facts: place.facts, isHost: isHost)
        let configuration = place.workspace + "/cfg"
        let placed = try ContentPlacement(
            content: content, layout: layout, configuration: configuration, bytes: bytes
        ).place()
        var configured = PrivateConfiguration(request: request, place: place)
        configured.extraRepository = placed.extraRepository
        configured.bytes = bytes
        configured.packages = PackageSet(place.layered).installing(request.buildDependencies).packages
        try configured.write(below: configuration)
        let check = place.root.environment.eprefix + ImageCheck.place
        try writeImageCheck(accuracy: nil)
        if isHost {
            do {
                for parent in Paths.parents(of: check) where !Files.exists(parent) {
                    try Files.makeDirectories(layout.upper(of: parent))
                }
            } catch {
                throw .failed(reason: "\(error)")
            }
        }
        var sandbox = place.sandbox(layout, tmpdir: request.tmpdir)
        sandbox.show(place.workspace + "/image-check", at: check, readOnly: true)
        if let package = placed.package { sandbox.show(package.source, at: package.place, readOnly: true) }
        return sandbox
    }

    private func onlyPackage() throws(BuildError) -> String {
        let found: [String]
        do {
            found = try Self.packages(below: place.workspace + "/out")
        } catch {
            throw .failed(reason: "\(error)")
        }
        guard found.count == 1 else {
            throw .failed(reason: "the build gave \(found.count) package files instead of one")
        }
        return found[0]
    }

    private static func packages(below directory: String) throws(PosixError) -> [String] {
        var found: [String] = []
        for name in try Files.list(directory) {
            let path = "\(directory)/\(name)"
            guard let status = Files.status(path) else { continue }
            if status.isDirectory {
                found += try packages(below: path)
            } else if status.isRegular, name.hasSuffix(".gpkg.tar") {
                found.append(path)
            }
        }
        return found
    }
}

/// Options of every emerge.
enum EmergeOptions {
    /// Nothing is asked, and nothing is written to the configuration.
    static let always = ["--oneshot", "--autounmask=n", "--color=n", "--nospinner", "--ask=n"]
}
