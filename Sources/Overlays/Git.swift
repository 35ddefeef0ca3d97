internal import Posix
internal import Subprocess
internal import SystemPackage

/// The real git, kept from running anything that a hostile repository, or a configuration of somebody else, names:
/// no hooks, no submodules, no helpers, no prompt, no links in the work tree, bounded time.
struct Git: Sendable {
    /// Variables of this process that git may see: those that lead it to the network.
    let environment: [String: String]
    /// The longest that one call may take.
    let seconds: Int

    init(environment: [String: String], seconds: Int = 300) {
        let names = [
            "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "all_proxy",
            "ALL_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO", "SSH_AUTH_SOCK", "PATH", "TMPDIR", "HOME",
        ]
        var kept = environment.filter { names.contains($0.key) }
        kept["PATH"] = kept["PATH"] ?? "/usr/bin:/bin"
        for (name, value) in [
            ("GIT_CONFIG_NOSYSTEM", "1"), ("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_ATTR_NOSYSTEM", "1"),
            ("GIT_TERMINAL_PROMPT", "0"), ("GIT_ASKPASS", "/bin/false"), ("SSH_ASKPASS", "/bin/false"),
            ("GIT_SSH_COMMAND", "ssh -oBatchMode=yes"), ("GIT_OPTIONAL_LOCKS", "0"), ("GIT_NO_REPLACE_OBJECTS", "1"),
            ("LC_ALL", "C.UTF-8"),
        ] {
            kept[name] = value
        }
        self.environment = kept
        self.seconds = seconds
    }

    private static let settings = [
        "core.hooksPath=/dev/null", "core.symlinks=false", "core.fsmonitor=false", "core.attributesFile=/dev/null",
        "core.excludesFile=/dev/null", "core.autocrlf=false", "core.eol=lf", "submodule.recurse=false",
        "fetch.recurseSubmodules=false", "protocol.allow=never", "gc.auto=0", "maintenance.auto=false",
        "advice.detachedHead=false", "http.lowSpeedLimit=1000", "http.lowSpeedTime=60", "credential.helper=",
        "init.defaultBranch=main", "fetch.fsckObjects=false", "transfer.bundleURI=false",
    ]

    /// Runs git to its end and returns its standard output.
    ///
    /// - Parameters:
    ///   - arguments: the command and its arguments.
    ///   - directory: where it runs.
    ///   - url: the URL that the repository comes from; only its transport is allowed.
    ///   - what: what is being done, for the error: "fetch guru".
    func run(
        _ arguments: [String], in directory: String, url: String, what: String, input: String = ""
    ) async throws(OverlaysError) -> String {
        let transport = url.prefix { $0 != ":" }
        let words = (Self.settings + ["protocol.\(transport).allow=always"]).flatMap { ["-c", $0] } + arguments
        let variables = environment.map { Array("\($0.key)=\($0.value)".utf8) + [0] }
        let ended: Ending
        do {
            ended = try await withThrowingTaskGroup(of: Ending.self) { [seconds] group in
                group.addTask { try await Self.spawn(words, variables, directory, input) }
                group.addTask {
                    try await Task.sleep(for: .seconds(seconds))
                    return .timedOut
                }
                defer { group.cancelAll() }
                return try await group.next() ?? .timedOut
            }
        } catch {
            throw OverlaysError(.unavailable, "cannot \(what): git could not be run: \(error)")
        }
        switch ended {
        case .timedOut: throw OverlaysError(.unavailable, "cannot \(what): git took over \(seconds) s and was ended")
        case .failed(let text): throw OverlaysError(.unavailable, "cannot \(what): \(Self.reason(text))")
        case .done(let text): return text
        }
    }

    private enum Ending: Sendable {
        case done(String)
        case failed(String)
        case timedOut
    }

    private static func spawn(
        _ words: [String], _ variables: [[UInt8]], _ directory: String, _ input: String
    ) async throws -> Ending {
        var platform = PlatformOptions()
        platform.createSession = true
        platform.teardownSequence = [.send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .seconds(1))]
        let result = try await Subprocess.run(
            .name("git"), arguments: Arguments(words), environment: .custom(variables),
            workingDirectory: FilePath(directory), platformOptions: platform, input: .string(input),
            output: .string(limit: 64 << 20), error: .string(limit: 1 << 20))
        guard result.terminationStatus.isSuccess else { return .failed(result.standardError) }
        return .done(result.standardOutput)
    }

    /// The line of git's messages that says most.
    private static func reason(_ text: String) -> String {
        let lines = text.split(whereSeparator: \.isNewline).map(String.init)
        return lines.last { $0.hasPrefix("fatal: ") || $0.hasPrefix("error: ") } ?? lines.last ?? "git failed"
    }
}
