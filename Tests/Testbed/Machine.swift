import Glibc
import Posix

/// One throw-away Gentoo machine of a testbed.
public struct Machine: Sendable {
    /// The testbed that it belongs to.
    public let testbed: Testbed
    /// Its name.
    public let name: String
    let template: String
    /// What holds the machine's namespace, where it is not a Prefix but an overlay of this host.
    let keeper: BackgroundProcess?

    static let templateMark = ".testbed-template"
    static let hostPath = "/usr/sbin:/usr/bin:/sbin:/bin"

    /// EPREFIX, as commands on the machine see it; empty where it has none.
    public var prefix: String { keeper == nil ? testbed.prefix : "" }
    /// What lies at EPREFIX, as the host sees it.
    public var folder: String { keeper.map { "/proc/\($0.pid)/root" } ?? testbed.machines + "/" + name }

    init(
        testbed: Testbed, name: String, template: String, keeper: BackgroundProcess? = nil
    ) throws(TestbedError) {
        let allowed = name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
        guard allowed, !name.isEmpty, !name.hasPrefix("."), !name.contains(".new-") else {
            throw .badMachineName(name)
        }
        self.testbed = testbed
        self.name = name
        self.template = template
        self.keeper = keeper
    }

    /// The key of the template that this machine was copied from; nil when there is no such machine.
    var recordedTemplate: String? { try? Files.readText(folder + "/" + Self.templateMark, limit: 1000) }

    /// The path on the host of a path below the machine's EPREFIX: `path("etc/portage/make.conf")`.
    public func path(_ relative: String) -> String { folder + "/" + relative }

    /// Reads a file below EPREFIX.
    public func read(_ relative: String) throws -> String { try Files.readText(path(relative)) }

    /// Writes a file below EPREFIX, with the directories that it needs.
    public func write(_ relative: String, _ text: String, mode: UInt32 = 0o644) throws {
        let target = path(relative)
        if let slash = target.lastIndex(of: "/") { try Files.makeDirectories(String(target[..<slash])) }
        try Files.replace(target, with: Array(text.utf8), mode: mode)
    }

    /// Adds text to the end of a file below EPREFIX.
    public func append(_ relative: String, _ text: String) throws {
        let before = Files.exists(path(relative)) ? try read(relative) : ""
        try write(relative, before + text)
    }

    /// The environment of every command: nothing of the caller's.
    public var environment: [String: String] {
        [
            "PATH": "\(prefix)/usr/bin:\(prefix)/usr/sbin:\(prefix)/bin:\(testbed.tools):\(Self.hostPath)",
            "HOME": prefix + "/root", "TMPDIR": prefix + "/tmp", "LANG": "C.UTF-8", "TERM": "dumb",
        ]
    }

    /// The command line and environment that run a command on this machine; for programs that start it themselves,
    /// or replace themselves by it.
    public func invocation(
        _ command: [String], environment: [String: String] = [:]
    ) -> (path: String, arguments: [String], environment: [String: String]) {
        let (arguments, _) = entry(command)
        let merged = self.environment.merging(environment) { _, new in new }
        return ("/usr/bin/unshare", arguments, merged)
    }

    func entry(_ command: [String]) -> (arguments: [String], run: String) {
        let run = Command.newRun()
        if let keeper { return (Command.entering(testbed, keptBy: keeper.pid, run: run, command: command), run) }
        let arguments = Command.entering(
            testbed, folder: folder, template: testbed.templateFolder(template), run: run, command: command)
        return (arguments, run)
    }

    /// Runs a command on the machine and waits for the end of its output. A code other than 0 is no error.
    ///
    /// - Parameters:
    ///   - command: program and arguments; looked up in the machine's PATH.
    ///   - environment: variables beside, or in place of, `self.environment`.
    ///   - input: standard input.
    ///   - timeout: after this time the command and all that it started is killed.
    public func run(
        _ command: [String], environment: [String: String] = [:], input: String = "",
        timeout: Duration = .seconds(120)
    ) async throws -> Output {
        guard recordedTemplate != nil else { throw TestbedError.noMachine(name) }
        let (arguments, run) = entry(command)
        return try await Command.run(
            arguments, environment: self.environment.merging(environment) { _, new in new }, input: Array(input.utf8),
            run: run, timeout: timeout)
    }

    /// Runs `emerge` with these arguments. At most two of them run at the same time in this process.
    public func emerge(
        _ arguments: [String], environment: [String: String] = [:], timeout: Duration = .seconds(300)
    ) async throws -> Output {
        try await Limiter.emerges.run {
            try await run(["emerge"] + arguments, environment: environment, timeout: timeout)
        }
    }

    /// CATEGORY/PF of all installed packages, sorted.
    public func installedPackages() throws -> [String] {
        let database = path("var/db/pkg")
        return try Files.list(database).flatMap { category in
            try Files.list(database + "/" + category).filter { !$0.hasPrefix("-MERGING-") }.map { category + "/" + $0 }
        }
    }

    /// Ends what still runs on the machine and removes its folder.
    public func remove() async throws {
        if let keeper {
            // All that runs on it has a copy of the keeper's mounts.
            try await keeper.stop(grace: .zero)
            try Files.removeTree(testbed.wholeFolder(name))
            return
        }
        await ProcessTree.end(machine: folder, prefix: prefix)
        try Files.removeTree(folder)
    }
}
