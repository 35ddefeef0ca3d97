import BinpkgModel
import PortageAPI
import Posix
import PythonBridge
import Sandbox
import Synchronization

/// Where emerge runs: a root, layers on it, a workspace that gets all that is written, and limits.
struct BuildPlace: Sendable {
    /// PKGDIR as seen inside.
    static let outputPlace = "/out"
    /// PKGDIR as seen inside by an emerge that is to use packages which were built before.
    static let reusePlace = "/reused"

    let root: HeldRoot
    /// Kept layers over the root; nil for the root alone.
    let layers: HeldLayer?
    let workspace: String
    let host: BuildHost
    let run: BuildRun

    var facts: HostFacts { root.knowledge.facts }

    /// The host with the Prefix of this root.
    var inside: BuildHost {
        var result = host
        result.eprefix = root.environment.eprefix
        if !root.mounted.isHost { result.python = nil }
        return result
    }

    /// All that is installed there.
    var packages: PackageSet { layers.map { PackageSet($0.layer.packages) } ?? root.knowledge.packages }

    /// What the layers installed.
    var layered: [InstalledPackage] { packages.changes(since: root.knowledge.packages) }

    /// Prepares the directories of the workspace and the root's overlays.
    func layout() throws(BuildError) -> RootLayout {
        do {
            for name in ["cfg", "out", "reused", "tmp"] { try Files.makeDirectories("\(workspace)/\(name)") }
            try run.distfiles.makeOwn()
        } catch {
            throw .failed(reason: "\(error)")
        }
        let prefix = root.environment.eprefix
        let repositories = facts.repositories.values.map(\.location)
        let own = [host.stateDirectory, prefix + "/etc/portmanteau", prefix + "/var/cache/portmanteau"]
        // A key may be named by a link; what must not be seen is where it is.
        let others = host.secrets.compactMap(Files.realPath)
            .filter { path in !own.contains { Paths.isWithin(path, $0) } }
        let secret = own.filter(Files.exists) + others
        let programs = facts.path.filter { $0.hasPrefix("/") }
        let needed = (prefix.isEmpty ? [] : [prefix]) + repositories.sorted() + programs
        let layout = try RootLayout.prepare(
            root.mounted, with: layers, workspace: workspace, needed: needed, secret: secret)
        if !root.mounted.isHost { try hideLocks(layout) }
        return layout
    }

    /// The sandbox of a layout, with configuration, PORTAGE_TMPDIR and PKGDIR.
    func sandbox(_ layout: RootLayout, tmpdir: String) -> SandboxCommand {
        var sandbox = layout.sandbox
        sandbox.show(workspace + "/tmp", at: tmpdir)
        sandbox.show(workspace + "/cfg", at: PrivateConfiguration.place)
        sandbox.show(workspace + "/out", at: Self.outputPlace)
        sandbox.show(workspace + "/reused", at: Self.reusePlace)
        sandbox.controlGroup = run.group
        sandbox.largestFile = run.limits.disk
        sandbox.memoryBytes = run.limits.inMemory
        sandbox.environment = [
            "PATH": inside.searchPath, "HOME": "/root", "TERM": "dumb", "LANG": "C.UTF-8",
            "PORTAGE_CONFIGROOT": PrivateConfiguration.place,
        ]
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

    /// The sandbox in which distfiles are fetched: with network, and with a DISTDIR to write to.
    func fetching(_ sandbox: SandboxCommand) throws(BuildError) -> SandboxCommand {
        do {
            try Files.makeDirectories(run.distfiles.written)
        } catch {
            throw .unusableHost(reason: "\(error)")
        }
        var open = showing(sandbox, canWrite: true)
        open.hasNetwork = true
        // Where a resolver of the system keeps its file in /run, which is hidden, names could not be looked up.
        if root.mounted.isHost, let resolver = Files.realPath("/etc/resolv.conf"), resolver.hasPrefix("/run/") {
            open.show(resolver, at: resolver, readOnly: true)
        }
        return open
    }

    /// The sandbox without network, in which DISTDIR can only be read.
    func closed(_ sandbox: SandboxCommand) -> SandboxCommand {
        showing(sandbox, canWrite: false)
    }

    /// The sandbox with the distfiles in it: those of everybody, and of a trust domain only that whose build it is.
    private func showing(_ sandbox: SandboxCommand, canWrite: Bool) -> SandboxCommand {
        var result = sandbox
        let files = run.distfiles
        if Files.exists(files.common) {
            result.show(files.common, at: files.common, readOnly: !canWrite || files.own != nil)
        }
        if let own = files.own { result.show(own, at: files.place, readOnly: !canWrite) }
        return result
    }

    /// Asks Portage in the environment, by that root's own Python.
    func ask<Answer: Sendable>(
        _ sandbox: SandboxCommand, _ question: @Sendable (PortageAPI) async throws(PortageError) -> Answer
    ) async throws(BuildError) -> Answer {
        var interactive = sandbox
        interactive.hasInput = true
        let child = ChildPython(
            .init(
                interpreter: facts.python, prefix: interactive.arguments,
                environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"], timeLimit: .seconds(300)))
        let answer: Result<Answer, PortageError>
        do {
            answer = .success(try await question(PortageAPI(transport: child)))
        } catch {
            answer = .failure(error)
        }
        await child.close()
        do {
            return try answer.get()
        } catch {
            if Task.isCancelled { throw .cancelled }
            throw .failed(reason: "\(error)" + (run.group?.excess.map { "; \($0)" } ?? ""))
        }
    }

    /// Runs one emerge and keeps the end of its output for the error.
    func step(_ name: String, _ sandbox: SandboxCommand, _ command: [String]) async throws(BuildError) {
        await run.log(Array("== \(name): \(command.joined(separator: " "))\n".utf8))
        let tail = LogTail()
        let code: Int32
        let seconds = try run.secondsLeft()
        let begin = MonotonicTime.now
        defer { run.emerge.add(since: begin) }
        do {
            code = try await sandbox.run(command, seconds: min(host.stepSeconds, seconds)) { [run] bytes in
                await tail.append(bytes)
                await run.log(bytes)
            }
        } catch .cancelled {
            throw .cancelled
        } catch .timedOut {
            let limit = seconds < host.stepSeconds ? run.limits.seconds : host.stepSeconds
            throw .failed(reason: "\(name): stopped after \(limit) s, which is the limit for \(run.name)")
        } catch {
            throw .failed(reason: "\(name): \(error)")
        }
        guard code == 0 else {
            let reason = await tail.reason
            let full = await tail.isSpaceLacking ? run.limits.inMemorySentence : nil
            let foreign = await tail.isInstructionIllegal ? LogTail.illegalInstructionSentence : nil
            let details = [run.group?.excess, full, foreign, reason].compactMap { $0 }
            throw .failed(
                reason: "\(name) failed with exit code \(code)"
                    + (details.isEmpty ? "" : ": \(details.joined(separator: "; "))"))
        }
    }
}

/// What belongs to one request, wherever it is built.
struct BuildRun: Sendable {
    /// `CATEGORY/NAME` of the package.
    let name: String
    /// Where distfiles are.
    var distfiles: Distfiles
    let limits: BuildLimits
    /// What bounds memory and processes; nil where the system has no control groups.
    let group: ControlGroup?
    let log: @Sendable ([UInt8]) async -> Void
    let start = MonotonicTime.now
    /// What emerge took so far.
    let emerge = Stopwatch()
    /// Where it writes.
    let places = WrittenPlaces()

    /// The same run where something is made that is everybody's.
    var forEverybody: BuildRun {
        var result = self
        result.distfiles = distfiles.forEverybody
        return result
    }

    /// What is left of the time for the whole build.
    func secondsLeft() throws(BuildError) -> Int {
        let used = Int((MonotonicTime.now.nanoseconds - start.nanoseconds) / 1_000_000_000)
        guard used < limits.seconds else {
            throw .failed(reason: "stopped after \(limits.seconds) s, which is the limit for \(name)")
        }
        return limits.seconds - used
    }
}

/// Adds up times.
final class Stopwatch: Sendable {
    private let nanoseconds = Mutex<UInt64>(0)

    /// Adds the time since a moment.
    func add(since moment: MonotonicTime) {
        let more = UInt64(MonotonicTime.now.nanoseconds - moment.nanoseconds)
        nanoseconds.withLock { $0 += more }
    }

    /// The sum in seconds, to the hundredth.
    var seconds: Double { (Double(nanoseconds.withLock { $0 }) / 1e7).rounded() / 100 }
}

/// The directories that a build writes to.
final class WrittenPlaces: Sendable {
    private let directories = Mutex<[String]>([])

    /// All of them that are there.
    var all: [String] { directories.withLock { $0 }.filter(Files.exists) }

    /// One more.
    func add(_ directory: String) { directories.withLock { $0.append(directory) } }
}
