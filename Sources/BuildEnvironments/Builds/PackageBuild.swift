public import BinpkgModel
import PortageAPI
import Posix
import Sandbox

/// The package that a build gave.
public struct BuildResult: Equatable, Sendable {
    /// The gpkg file, in the workspace.
    public let package: String
    /// What it was built with.
    public let vector: DependencyVector
    /// How long the build took.
    public let seconds: Double
    /// The name of the configured environment; empty when unknown.
    public var environment = ""
    /// Whether its root belongs to the machine that asked.
    public var isTargets = false
    /// Whose alone the package is, because of what it was built with; nil when that is everybody's.
    public var trustDomain: String?

    /// A result of these values.
    public init(package: String, vector: DependencyVector, seconds: Double) {
        self.package = package
        self.vector = vector
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
    /// Packages that were built before.
    var stored: @Sendable (StoredPackageQuestion) async -> StoredPackage? = { _ in nil }

    /// What came with the request to build it with, and is not in the repositories here.
    private var foreign: [DependencyEbuild] {
        (request.dependencyEbuilds ?? []).filter { ebuild in
            let content = PackageContent(ebuild, facts: place.facts, isHost: place.root.mounted.isHost)
            return !content.itemsFromOutside().isEmpty
        }
    }

    /// The build, ready to begin: what was laid out, and what Portage makes of the package there.
    struct Prepared: Sendable {
        let sandbox: SandboxCommand
        var inputs: KeyInputs
        /// Of the packages that the asking machine builds with, those that a repository here has an ebuild of.
        let existing: Set<String>
        /// What came with the request to build it with, and is not in the repositories here.
        let foreign: [DependencyEbuild]
        /// What of the repositories has a part in it.
        let used: UsedFiles
        let seconds: Double

        /// What it would be built with.
        var vector: DependencyVector {
            DependencyVector(
                packages: inputs.buildDependencies.map(InstalledPackage.init), libc: inputs.libc,
                toolchain: inputs.toolchain.map(InstalledPackage.init))
        }

        /// How close this is to the machine that asks.
        func accuracy(for request: BuildRequest) -> Accuracy? {
            DependencyComparison(wanted: request.vector, found: vector).accuracy
        }
    }

    /// Lays everything out and asks Portage there whether it would build what was asked for.
    func prepare() async throws(BuildError) -> Prepared {
        let start = MonotonicTime.now
        let sandbox = try layOut()
        let evaluation = try await evaluate(sandbox)
        if evaluation.inputs.properties.contains("live") {
            throw .declined(reason: "not built for others: \(BuildRequest.liveReason("PROPERTIES=live"))")
        }
        let wrong = KeyDifferences(
            request: request, inputs: evaluation.inputs, hashes: evaluation.used.files.mapValues(\.sha256)
        ).lines
        guard wrong.isEmpty else {
            throw .declined(reason: "this service would build another package: \(wrong.joined(separator: "; "))")
        }
        guard evaluation.absent.isEmpty else {
            throw .declined(
                reason: "no repository of the environment '\(place.root.environment.name)' has an ebuild of "
                    + "\(evaluation.absent.joined(separator: ", ")), which \(request.cpv) is built with: "
                    + "give it a repository that has one, or build the package without the service")
        }
        return Prepared(
            sandbox: sandbox, inputs: evaluation.inputs, existing: evaluation.existing,
            foreign: foreign, used: evaluation.used, seconds: Self.seconds(since: start))
    }

    /// Runs the build.
    ///
    /// - Parameter list: what is installed for this build alone, and goes with it.
    func run(_ prepared: Prepared, installing list: InstallList?) async throws(BuildError) -> BuildResult {
        let start = MonotonicTime.now
        var prepared = prepared
        let list = list ?? InstallList(unsatisfied: prepared.inputs.unsatisfied)
        let closed = place.closed(prepared.sandbox)
        let options = EmergeOptions.always
        let fetch = SourceFetch(place: place, request: request)
        let own = SourceFetch.Sources(prepared.inputs)
        var reused = PackageReuse.Found()
        if prepared.foreign.isEmpty || list.isEmpty {
            try await fetch.fetch([own], and: list)
        } else {
            // Ebuilds of a client are among those of the list: what to fetch for them is evaluated here, too.
            let planned = try await place.planned(closed, arguments: options + list.arguments)
            reused = try await PackageReuse(place: place, stored: stored).find(closed, among: planned)
            let there = Set(reused.packages.map(\.cpv))
            let others = planned.filter { !there.contains($0.cpv) }
            try await fetch.fetch([own] + others.map(SourceFetch.Sources.init), and: InstallList())
        }
        // From here on there is no network.
        let atom = "=\(request.cpv)::\(request.repository)"
        if !list.isEmpty {
            try await place.step(
                "build dependencies", reused.shown(in: closed),
                ["emerge"] + reused.options + options + list.arguments)
            prepared.inputs = try await evaluate(prepared.sandbox).inputs
        }
        if !prepared.inputs.unsatisfied.isEmpty {
            // What our own reading of the dependencies does not reach; it cannot fetch anything any more.
            try await place.step(
                "build dependencies", closed, ["emerge", "--onlydeps", "--with-bdeps=y"] + options + [atom])
            prepared.inputs = try await evaluate(prepared.sandbox).inputs
        }
        try checkAccuracy(prepared)
        try writeImageCheck(accuracy: prepared.accuracy(for: request))
        do throws(BuildError) {
            try await place.step("build", closed, ["emerge", "--buildpkgonly"] + options + [atom])
        } catch .failed(let reason) where prepared.inputs.restrict.contains("network-sandbox") {
            throw .failed(
                reason: "\(reason); it may want the network (RESTRICT=network-sandbox), which no build has here")
        }
        return BuildResult(
            package: try onlyPackage(), vector: prepared.vector, seconds: prepared.seconds + Self.seconds(since: start))
    }

    /// What of the repositories became another since a build was prepared, as a sentence; nil when nothing did. A sync is
    /// noticed so; a root that nobody can change is not looked at.
    func change(since prepared: Prepared) async throws(BuildError) -> String? {
        guard place.root.stamp != nil else { return nil }
        let now = try await place.usedFiles(of: [prepared.inputs], profiles: prepared.inputs.profiles, prepared.sandbox)
        return prepared.used.change(to: now).map {
            "the repositories of \(place.root.environment.name) changed during the build (\($0))"
        }
    }

    /// Refuses a build whose package nobody asked for, and says why it would be another.
    private func checkAccuracy(_ prepared: Prepared) throws(BuildError) {
        let comparison = DependencyComparison(wanted: request.vector, found: prepared.vector)
        if let accuracy = comparison.accuracy, accuracy >= request.accuracy { return }
        throw .declined(reason: Self.refusal(comparison, wanted: request.accuracy))
    }

    /// The sentence that names what is less than was asked for.
    static func refusal(_ comparison: DependencyComparison, wanted: Accuracy) -> String {
        let obtained = comparison.accuracy.map { "would only be \($0.rawValue)" } ?? "would need another C library"
        return "not built: it \(obtained), and \(wanted.rawValue) was asked for: "
            + comparison.differences.joined(separator: "; ")
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
        let contents = PackageContent.all(of: request, facts: place.facts, isHost: isHost)
        let configuration = place.workspace + "/cfg"
        let placed = try ContentPlacement(
            contents: contents, layout: layout, configuration: configuration, bytes: bytes
        ).place()
        var configured = PrivateConfiguration(request: request, place: place)
        configured.extraRepositories = placed.repositories
        configured.bytes = bytes
        configured.packages =
            PackageSet(place.layered).installing(Processor.runnable((request.dependencyEbuilds ?? []).map(\.package)))
            .installing(Processor.runnable(request.buildDependencies)).packages
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
        for package in placed.packages { sandbox.show(package.source, at: package.place, readOnly: true) }
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
