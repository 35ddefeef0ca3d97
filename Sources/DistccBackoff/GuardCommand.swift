import Glibc
import Posix
import SuiteVersion

/// The program distcc-guard.
public enum GuardCommand {
    /// Runs a command line, or stands in for the compiler that argv[0] names. Returns the exit code; a compiler that
    /// this process is replaced by never comes back.
    ///
    /// - Parameters:
    ///   - argv: the arguments as C gives them, with argv[0].
    ///   - count: how many they are.
    public static func run(argv: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>, count: Int32) -> Int32 {
        let pointers = (0..<Int(count)).compactMap { argv[$0] }
        guard let first = pointers.first else { return 2 }
        signal(SIGCHLD, SIG_DFL)
        let name = baseName(String(cString: first))
        guard name == "distcc-guard" else { return compile(name, pointers) }
        var rest = pointers.dropFirst()
        let words = rest.map { String(cString: $0) }
        switch words.first {
        case nil:
            GuardOutput.write(Array(usage.utf8), to: 2)
            return 2
        case "--help", "-h", "help":
            GuardOutput.write(Array(usage.utf8), to: 1)
            return 0
        case "--version":
            GuardOutput.write(Array("distcc-guard \(SuiteVersion.text)\n".utf8), to: 1)
            return 0
        case "status":
            return GuardStatus.run(Array(words.dropFirst()), variables: ProcessEnvironment.variables)
        case let word? where word.hasPrefix("-"):
            GuardOutput.say("unknown option \(word); see distcc-guard --help")
            return 2
        case let word?:
            if baseName(word) == "distcc", words.count > 1 { rest = rest.dropFirst() }
            return compile(rest.first.map { String(cString: $0) } ?? word, Array(rest))
        }
    }

    /// Compiles.
    ///
    /// - Parameters:
    ///   - compiler: its name, or a path.
    ///   - arguments: with argv[0].
    private static func compile(_ compiler: String, _ arguments: [UnsafeMutablePointer<CChar>]) -> Int32 {
        let variables = ProcessEnvironment.variables
        let search = CompilerSearch(path: variables["PATH"] ?? "/usr/bin:/bin")
        // A path to a link of ours means the compiler of that name.
        let isPath = compiler.contains("/") && CompilerSearch.kind(of: compiler) != .guardItself
        let name = isPath ? compiler : baseName(compiler)
        let title = isPath ? arguments.first : strdup(name)
        guard let title else { return 2 }
        let plainArguments = [title] + arguments.dropFirst()
        let next = isPath ? (path: compiler, kind: CompilerSearch.kind(of: compiler)) : search.next(name)
        guard let next else {
            GuardOutput.say("\(name): not found in PATH")
            return 127
        }
        setenv("PATH", search.path(for: baseName(name), without: [.guardItself]), 1)
        let plainPath = search.path(for: baseName(name), without: [.guardItself, .distcc])
        let plain = isPath && next.kind == .compiler ? compiler : search.compiler(baseName(name))
        let words = arguments.dropFirst().map { String(cString: $0) }
        // Inside distcc, or behind something that is in front of distcc: not our turn.
        guard variables["_DISTCC_SAFEGUARD"] == nil, next.kind != .front, let plain else {
            return replace(next.path, plainArguments, says: name)
        }
        let distcc: (path: String, arguments: [UnsafeMutablePointer<CChar>])
        if next.kind == .distcc, let path = strdup(next.path) {
            distcc = (next.path, [path] + arguments.dropFirst())
        } else if let path = search.distcc(), let word = strdup(path) {
            distcc = (path, [word] + plainArguments)
            setenv("PATH", plainPath, 1)
        } else {
            return replace(plain, plainArguments, says: name)
        }
        guard CompilerCall.mayBeDistributed(words), !CompilerCall.isTrial(words, directory: workingDirectory) else {
            // Without distcc: it would name the compiler differently and add remarks.
            if !words.contains("-E") {
                let settings = DistccSettings(variables)
                LocalSlot(directory: settings.marks.directory, slots: settings.hosts.localSlots)?.keepUntilExit()
            }
            setenv("PATH", plainPath, 1)
            return replace(plain, plainArguments, says: name)
        }
        guard !GuardedCompile.isRepeatingForbidden(variables) else {
            // Then the server's word is the last one, and not held against it.
            setenv("DISTCC_SKIP_LOCAL_RETRY", "1", 1)
            return replace(distcc.path, distcc.arguments, says: name)
        }
        let guarded = GuardedCompile(
            distcc: distcc, compiler: (plain, plainArguments), compilerPath: plainPath, arguments: words,
            variables: variables)
        return end(guarded.run())
    }

    /// Becomes another program; returns only when that fails.
    private static func replace(_ path: String, _ arguments: [UnsafeMutablePointer<CChar>], says name: String) -> Int32
    {
        var argv: [UnsafeMutablePointer<CChar>?] = arguments
        argv.append(nil)
        execv(path, argv)
        let code = errno
        GuardOutput.say("\(name): \(PosixError("start", path, code: code).description)")
        return code == ENOENT ? 127 : 126
    }

    /// Ends as the compiler did: a signal that ended it ends this process too.
    private static func end(_ outcome: ChildProcess.Outcome) -> Int32 {
        if case .signalled(let number) = outcome {
            var none = rlimit(rlim_cur: 0, rlim_max: 0)
            setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
            signal(number, SIG_DFL)
            kill(getpid(), number)
        }
        return outcome.code
    }

    private static var workingDirectory: String {
        guard let path = getcwd(nil, 0) else { return "" }
        defer { free(path) }
        return String(cString: path)
    }

    static func baseName(_ path: String) -> String {
        path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
    }

    static let usage = """
        usage: distcc-guard COMPILER ARGUMENT…
               distcc-guard status [--json] [--directory DISTCC_DIR]
               distcc-guard --version
        Compiles through distcc. What fails on a server is compiled again here; only when the results differ, the server
        is not used for a while (DISTCC_BACKOFF_PERIOD, 60 s). A link of a compiler's name to this program, in a
        directory of PATH, stands for that compiler. Without distcc the compiler itself runs.

        DISTCC_GUARD_WARNINGS=local  compile again here what a server compiled with warnings, for their exact text
        Exit codes: those of the compiler; status: 0 no server is marked, 1 some are, 2 error.

        """
}
