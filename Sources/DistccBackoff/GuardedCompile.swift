import Glibc
import Posix

/// One compile: distcc tries it on a server without any retry of its own; what fails there is repeated here, and only
/// when the results differ the server is marked. Decide first, mark afterwards.
struct GuardedCompile {
    /// How to start distcc for it: the program, and its arguments with argv[0].
    let distcc: (path: String, arguments: [UnsafeMutablePointer<CChar>])
    /// The compiler on this machine, likewise.
    let compiler: (path: String, arguments: [UnsafeMutablePointer<CChar>])
    /// PATH for the compiler: without us and without distcc.
    let compilerPath: String
    /// The compiler's arguments as text.
    let arguments: [String]
    /// This process's variables before anything is changed.
    let variables: [String: String]

    /// What a compile may write before it is repeated here, in bytes.
    private static let limit = 64 << 20
    /// What is changed for distcc: it must not repeat anything here, and tell what it does on a descriptor of ours.
    private static let changed = [
        "DISTCC_SKIP_LOCAL_RETRY", "DISTCC_FALLBACK", "DISTCC_VERBOSE", "DISTCC_LOG", "DISTCC_BACKOFF_PERIOD",
        "UNCACHED_ERR_FD",
    ]

    /// Whether the user forbids to repeat compiles on this machine.
    static func isRepeatingForbidden(_ variables: [String: String]) -> Bool {
        variables["DISTCC_FALLBACK"] == "0" || variables["DISTCC_SKIP_LOCAL_RETRY"] != nil
    }

    /// Runs it; returns how it ended.
    func run() -> ChildProcess.Outcome {
        let start = BackoffMarks.now
        guard let held = attempt() else { return repeatHere() }
        if let signal = held.interruption { return .signalled(signal) }
        let end = BackoffMarks.now
        passOnLog(held.log)
        let log = AttemptLog(String(decoding: held.log, as: UTF8.self), pid: held.pid)
        if held.isTooLong { return repeatHere() }
        let wantsOwnWarnings = variables["DISTCC_GUARD_WARNINGS"] == "local" && !held.errors.isEmpty
        if log.ranHere || (held.outcome == .exited(0) && !wantsOwnWarnings) {
            GuardOutput.write(held.output, to: 1)
            GuardOutput.write(AttemptLog.withoutOwnLines(held.errors), to: 2)
            return held.outcome
        }
        let local = repeatHere()
        judge(held.outcome, local, log: log, attemptBegan: start, attemptEnded: end)
        return local
    }

    /// Lets distcc try; nil when it cannot be started.
    private func attempt() -> InheritedChild.Held? {
        setenv("DISTCC_SKIP_LOCAL_RETRY", "1", 1)
        setenv("DISTCC_FALLBACK", "0", 1)
        setenv("DISTCC_VERBOSE", "1", 1)
        unsetenv("DISTCC_LOG")
        // With 0, distcc 3.4 asks a server that is down again and again until it has no descriptor left.
        if BackoffMarks.period(variables["DISTCC_BACKOFF_PERIOD"]) == 0 { setenv("DISTCC_BACKOFF_PERIOD", "1", 1) }
        defer {
            for name in Self.changed {
                if let old = variables[name] { setenv(name, old, 1) } else { unsetenv(name) }
            }
        }
        return try? InheritedChild.hold(
            distcc.path, arguments: distcc.arguments, limit: Self.limit, logVariable: "UNCACHED_ERR_FD")
    }

    /// Runs the compiler on this machine, in one of distcc's slots, with this process's own output.
    private func repeatHere() -> ChildProcess.Outcome {
        let settings = DistccSettings(variables)
        let slot = LocalSlot(directory: settings.marks.directory, slots: settings.hosts.localSlots)
        setenv("PATH", compilerPath, 1)
        var outcome = ChildProcess.Outcome.exited(126)
        do throws(PosixError) {
            outcome = try InheritedChild(compiler.path, arguments: compiler.arguments).wait()
        } catch {
            GuardOutput.say(error.description)
        }
        _ = consume slot
        return outcome
    }

    /// Marks the server when exactly one of the two results is good, and says so; takes back what distcc marked when
    /// the results are the same.
    private func judge(
        _ remote: ChildProcess.Outcome, _ local: ChildProcess.Outcome, log: AttemptLog, attemptBegan: Int64,
        attemptEnded: Int64
    ) {
        guard let server = log.server else { return }
        let marks = DistccSettings(variables).marks
        switch Verdict(remote: remote, local: local) {
        case .same:
            // distcc marks for a compiler that a signal ended, before anyone has compared.
            if let name = server.markName, log.marks.contains(where: { $0.hasSuffix("/" + name) }) {
                marks.takeBack(server, setBetween: attemptBegan, and: attemptEnded)
            }
        case .different:
            let source = CompilerCall.source(arguments)
            let facts = "\(source): \(server.text) ended with \(remote.text), this machine with \(local.text)"
            guard marks.period != 0 else {
                GuardOutput.say("\(facts); DISTCC_BACKOFF_PERIOD is 0, so the server is used on")
                return
            }
            do throws(PosixError) {
                try marks.set(server)
                GuardOutput.say("\(facts); the server is not used for \(marks.period) s")
            } catch {
                GuardOutput.say("\(facts); \(error.description)")
            }
        }
    }

    /// Gives distcc's log to whom the user wanted it for.
    private func passOnLog(_ log: [UInt8]) {
        if let path = variables["DISTCC_LOG"], !path.isEmpty {
            let file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o666)
            guard file >= 0 else { return }
            GuardOutput.write(log, to: file)
            close(file)
        } else if let value = variables["DISTCC_VERBOSE"], value != "0", !value.isEmpty {
            GuardOutput.write(log, to: 2)
        }
    }
}

/// Writing to descriptors of this process; what cannot be written is lost, as with any compiler.
enum GuardOutput {
    static func write(_ bytes: [UInt8], to file: Int32) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(file, $0.baseAddress?.advanced(by: done), bytes.count - done)
            }
            if count >= 0 {
                done += count
            } else if errno == EAGAIN {
                var waiting = pollfd(fd: file, events: Int16(POLLOUT), revents: 0)
                poll(&waiting, 1, 1000)
            } else if errno != EINTR {
                return
            }
        }
    }

    /// One line for people. Under ccache it goes past what ccache keeps.
    static func say(_ line: String) {
        let file = getenv("UNCACHED_ERR_FD").flatMap { Int32(String(cString: $0)) } ?? 2
        write(Array("distcc-guard: \(line.printable)\n".utf8), to: file > 2 ? file : 2)
    }
}
