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
    /// The root directory of the environment.
    let root: MountedRoot
    let workspace: String
    let bytes: @Sendable (ContentItem) throws(BuildError) -> [UInt8]
    let log: @Sendable ([UInt8]) async -> Void

    /// DISTDIR of this machine; it appears at the same place inside.
    let distdir: String

    /// The build, ready to begin: what was laid out, and what Portage makes of the package there.
    struct Prepared: Sendable {
        let sandbox: SandboxCommand
        var inputs: KeyInputs
        let seconds: Double

        /// What satisfies DEPEND and BDEPEND.
        var dependencies: [InstalledPackage] {
            inputs.buildDependencies.map {
                InstalledPackage(cpv: $0.cpv, slot: "\($0.slot)/\($0.subSlot)", use: $0.use)
            }
        }

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
        if let chost = facts.settings["CHOST"], chost != request.chost {
            throw .declined(reason: "packages for CHOST \(request.chost) cannot be built here, only for \(chost)")
        }
        guard Processor.runs(request.chost) else {
            throw .declined(reason: "this machine's processor does not run programs for \(request.chost)")
        }
        let sandbox = try layOut()
        let evaluation = try await evaluate(sandbox)
        let wrong = KeyDifferences(request: request, inputs: evaluation.inputs, hashes: evaluation.hashes).lines
        guard wrong.isEmpty else {
            throw .declined(reason: "this service would build another package: \(wrong.joined(separator: "; "))")
        }
        return Prepared(sandbox: sandbox, inputs: evaluation.inputs, seconds: Self.seconds(since: start))
    }

    /// Runs the build.
    func run(_ prepared: Prepared) async throws(BuildError) -> BuildResult {
        let start = MonotonicTime.now
        var prepared = prepared
        let sandbox = prepared.sandbox
        let needsDependencies = !prepared.inputs.unsatisfied.isEmpty
        let hasSources = prepared.inputs.sources.allSatisfy { source in
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
            prepared.inputs = try await evaluate(sandbox).inputs
        }
        try writeImageCheck(accuracy: prepared.accuracy(for: request))
        try await step("build", closed, ["emerge", "--buildpkgonly"] + options + [atom])
        return BuildResult(
            package: try onlyPackage(), dependencies: prepared.dependencies, libc: prepared.inputs.libc,
            seconds: prepared.seconds + Self.seconds(since: start))
    }

    private static func seconds(since start: MonotonicTime) -> Double {
        Double(MonotonicTime.now.nanoseconds - start.nanoseconds) / 1e9
    }

    private func writeImageCheck(accuracy: Accuracy?) throws(BuildError) {
        do {
            try Files.replace(workspace + "/image-check", with: Array(ImageCheck.script(accuracy: accuracy).utf8))
        } catch {
            throw .failed(reason: "\(error)")
        }
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
        if root.isHost, let path = realpath("/etc/resolv.conf", nil) {
            let resolver = String(cString: path)
            free(path)
            if resolver.hasPrefix("/run/") { open.show(resolver, at: resolver, readOnly: true) }
        }
        return open
    }

    /// Lays out the workspace: the root, the private configuration, the request's content.
    private func layOut() throws(BuildError) -> SandboxCommand {
        do {
            for name in ["cfg", "out", "tmp"] { try Files.makeDirectories("\(workspace)/\(name)") }
        } catch {
            throw .failed(reason: "\(error)")
        }
        let repositories = facts.repositories.values.map(\.location)
        let secret = [
            host.stateDirectory, host.eprefix + "/etc/portmanteau", host.eprefix + "/var/cache/portmanteau",
        ].filter { Files.exists($0) }
        let programs = facts.path.filter { $0.hasPrefix("/") }
        let needed = (host.eprefix.isEmpty ? [] : [host.eprefix]) + repositories.sorted() + programs
        let layout = try RootLayout.prepare(root, workspace: workspace, needed: needed, secret: secret)
        if !root.isHost { try hideLocks(layout) }
        let content = PackageContent(request: request, facts: facts, isHost: root.isHost)
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

    /// Gives the build files of its own in place of those that may not be readable over sftp.
    private func hideLocks(_ layout: RootLayout) throws(BuildError) {
        do {
            for path in facts.locks {
                let own = layout.upper(of: path)
                try Files.makeDirectories(String(own[..<(own.lastIndex(of: "/") ?? own.endIndex)]))
                try Files.replace(own, with: [], mode: 0o660)
            }
        } catch {
            throw .failed(reason: "\(error)")
        }
    }

    private func sandbox(_ layout: RootLayout) throws(BuildError) -> SandboxCommand {
        let check = host.eprefix + ImageCheck.place
        try writeImageCheck(accuracy: nil)
        if root.isHost {
            do {
                for parent in Paths.parents(of: check) where !Files.exists(parent) {
                    try Files.makeDirectories(layout.upper(of: parent))
                }
            } catch {
                throw .failed(reason: "\(error)")
            }
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
