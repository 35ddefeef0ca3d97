public import BinpkgModel
import Glibc
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
    /// PKGDIR as seen inside.
    static let outputPlace = "/out"

    let request: BuildRequest
    let host: BuildHost
    let facts: HostFacts
    let workspace: String
    let bytes: @Sendable (ContentItem) throws(BuildError) -> [UInt8]
    let log: @Sendable ([UInt8]) async -> Void

    private var distdir: String { host.distdir ?? facts.settings["DISTDIR"] ?? "/var/cache/distfiles" }

    /// Runs the build.
    func run() async throws(BuildError) -> BuildResult {
        let start = MonotonicTime.now
        guard request.eprefix == host.eprefix else {
            throw .declined(
                reason: "packages for EPREFIX '\(request.eprefix)' cannot be built here, only for '\(host.eprefix)'")
        }
        if let chost = facts.settings["CHOST"], chost != request.chost {
            throw .declined(reason: "packages for CHOST \(request.chost) cannot be built here, only for \(chost)")
        }
        let sandbox = try prepare()
        var inputs = try await evaluate(sandbox)
        let wrong = KeyDifferences(request: request, inputs: inputs.inputs, hashes: inputs.hashes).lines
        guard wrong.isEmpty else {
            throw .declined(reason: "this service would build another package: \(wrong.joined(separator: "; "))")
        }
        let needsDependencies = !inputs.inputs.unsatisfied.isEmpty
        let hasSources = inputs.inputs.sources.allSatisfy { source in
            Files.status("\(distdir)/\(source.name)").map { source.size == nil || $0.size == source.size } ?? false
        }
        let atom = "=\(request.cpv)::\(request.repository)"
        let options = ["--oneshot", "--autounmask=n", "--color=n", "--nospinner", "--ask=n"]
        if needsDependencies || !hasSources {
            try await step(
                "fetch", try fetching(sandbox), ["emerge", "--fetchonly", "--with-bdeps=y"] + options + [atom])
        }
        var closed = sandbox
        if Files.exists(distdir) { closed.show(distdir, at: distdir, readOnly: true) }
        if needsDependencies {
            try await step(
                "build dependencies", closed, ["emerge", "--onlydeps", "--with-bdeps=y"] + options + [atom])
            inputs = try await evaluate(sandbox)
        }
        try await step("build", closed, ["emerge", "--buildpkgonly"] + options + [atom])
        let dependencies = inputs.inputs.buildDependencies.map {
            InstalledPackage(cpv: $0.cpv, slot: "\($0.slot)/\($0.subSlot)", use: $0.use)
        }
        let seconds = Double(MonotonicTime.now.nanoseconds - start.nanoseconds) / 1e9
        return BuildResult(
            package: try onlyPackage(), dependencies: dependencies, libc: inputs.inputs.libc, seconds: seconds)
    }

    /// The sandbox in which distfiles are fetched: with network, and with DISTDIR to write to.
    private func fetching(_ sandbox: SandboxCommand) throws(BuildError) -> SandboxCommand {
        do {
            try Files.makeDirectories(distdir)
        } catch {
            throw .unusableHost(reason: "\(error)")
        }
        var open = sandbox
        open.hasNetwork = true
        open.show(distdir, at: distdir)
        // Where a resolver of the system keeps its file in /run, which is hidden, names could not be looked up.
        if let path = realpath("/etc/resolv.conf", nil) {
            let resolver = String(cString: path)
            free(path)
            if resolver.hasPrefix("/run/") { open.show(resolver, at: resolver, readOnly: true) }
        }
        return open
    }

    /// Lays out the workspace: the root, the private configuration, the request's content.
    private func prepare() throws(BuildError) -> SandboxCommand {
        do {
            for name in ["cfg", "out", "tmp"] { try Files.makeDirectories("\(workspace)/\(name)") }
        } catch {
            throw .failed(reason: "\(error)")
        }
        let repositories = facts.repositories.values.map(\.location)
        let secret = [
            host.stateDirectory, host.eprefix + "/etc/portmanteau", host.eprefix + "/var/cache/portmanteau",
        ].filter { Files.exists($0) }
        let programs = host.path.filter { $0.hasPrefix("/") && Files.status($0)?.isDirectory == true }
        let needed = (host.eprefix.isEmpty ? [] : [host.eprefix]) + repositories.sorted() + programs
        let layout = try RootLayout.prepare(.host, workspace: workspace, needed: needed, secret: secret)
        let content = PackageContent(request: request, facts: facts)
        let configuration = workspace + "/cfg"
        let placed = try ContentPlacement(
            content: content, layout: layout, configuration: configuration, bytes: bytes
        ).place()
        try PrivateConfiguration(
            request: request, host: host, facts: facts, distdir: distdir, extraRepository: placed.extraRepository,
            bytes: bytes
        ).write(below: configuration)
        var sandbox = try sandbox(layout)
        if let package = placed.package { sandbox.show(package.source, at: package.place, readOnly: true) }
        return sandbox
    }

    private func sandbox(_ layout: RootLayout) throws(BuildError) -> SandboxCommand {
        let check = host.eprefix + ImageCheck.place
        do {
            try Files.replace(workspace + "/image-check", with: Array(ImageCheck.script.utf8))
            for parent in Paths.parents(of: check) where !Files.exists(parent) {
                try Files.makeDirectories(layout.upper(of: parent))
            }
        } catch {
            throw .failed(reason: "\(error)")
        }
        var sandbox = layout.sandbox
        sandbox.show(workspace + "/tmp", at: request.tmpdir)
        sandbox.show(workspace + "/cfg", at: PrivateConfiguration.place)
        sandbox.show(workspace + "/out", at: Self.outputPlace)
        sandbox.show(workspace + "/image-check", at: check, readOnly: true)
        sandbox.environment = [
            "PATH": host.searchPath, "HOME": "/root", "TERM": "dumb", "LANG": "C.UTF-8",
            "PORTAGE_CONFIGROOT": PrivateConfiguration.place,
        ]
        return sandbox
    }

    /// Runs one emerge and keeps the end of its output for the error.
    private func step(_ name: String, _ sandbox: SandboxCommand, _ command: [String]) async throws(BuildError) {
        await log(Array("== \(name): \(command.joined(separator: " "))\n".utf8))
        let tail = LogTail()
        let code: Int32
        do {
            code = try await sandbox.run(command, seconds: host.stepSeconds) { [log] bytes in
                await tail.append(bytes)
                await log(bytes)
            }
        } catch .cancelled {
            throw .cancelled
        } catch {
            throw .failed(reason: "\(name): \(error)")
        }
        guard code == 0 else {
            throw .failed(reason: "\(name) failed with exit code \(code)" + (await tail.reason.map { ": \($0)" } ?? ""))
        }
    }

    private func onlyPackage() throws(BuildError) -> String {
        let found: [String]
        do {
            found = try Self.packages(below: workspace + "/out")
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
