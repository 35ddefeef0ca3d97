import AgentProtocol
import Glibc
import Posix

/// Asking the service for a package, by running `binpkg stage`, in bounded time.
struct Asking {
    /// How it ended.
    enum Outcome: Equatable {
        /// The package is staged.
        case staged
        /// It is not, and `binpkg stage` said why.
        case said
        /// It is not, for this reason.
        case failed(String)
    }

    let request: PhaseRequest
    let staging: StagingDirectory
    let emerge: EmergeProcess

    func run() -> Outcome {
        let service = request.configuration.service ?? ""
        let marks = EmergeMarks(directory: request.layout.run, emerge: emerge)
        if marks.has(.away) { return .failed("service \(service) was away a moment ago") }
        let result: ChildProcess.Result
        do throws(PosixError) {
            result = try ChildProcess.run(
                request.layout.program, ["binpkg", "stage"], environment: environment, input: encodedRequest,
                deadline: .now.advanced(byMilliseconds: request.configuration.policy.stageLimit * 1000))
        } catch {
            return .failed("service \(service) was not asked, \(error)")
        }
        switch result.outcome {
        case .exited(0):
            return staging.readState()?.outcome == .staged ? .staged : .failed("`binpkg stage` left nothing")
        case .exited(75):
            marks.leave(.away)
            return .said
        case .exited(1), .exited(2): return .said
        case .exited(let code): return .failed("`binpkg stage` ended with code \(code)")
        case .signalled(let signal): return .failed("`binpkg stage` was ended by signal \(signal)")
        case .timedOut: return .failed("`binpkg stage` took longer than the policy allows")
        }
    }

    /// The input of `binpkg stage`: what the phase told, the settings in effect, and the emerge.
    var encodedRequest: [UInt8] {
        var fields = request.setup.fields
        for (name, value) in request.configuration.values where name.hasPrefix("BINPKG_") { fields[name] = value }
        fields["EMERGE_PID"] = String(emerge.pid)
        fields["EMERGE_STARTED"] = String(emerge.started)
        return SetupRequest(fields: fields).encoded
    }

    private var environment: [String] { HelperEnvironment.make(for: request, python: emerge.python) }
}

/// The environment of a program that the hook starts: nothing of the package's.
enum HelperEnvironment {
    static func make(for request: PhaseRequest, python: String? = nil) -> [String] {
        let prefix = request.layout.prefix
        let system = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        let path =
            prefix.isEmpty ? system : "\(prefix)/usr/sbin:\(prefix)/usr/bin:\(prefix)/sbin:\(prefix)/bin:\(system)"
        var environment = [
            "PATH=\(path)", "HOME=\(getuid() == 0 ? "/root" : "/")", "LANG=C.UTF-8", "EPREFIX=\(prefix)",
        ]
        for name in ["ROOT", "PORTAGE_CONFIGROOT"] {
            if let value = request.setup.fields[name], !value.isEmpty { environment.append("\(name)=\(value)") }
        }
        // PORTAGE_PYTHON is resolved to the real file, which has lost a virtual environment.
        let python = python ?? request.setup["PORTAGE_PYTHON"]
        if python.hasPrefix("/") { environment.append("PORTMANTEAU_PYTHON=\(python)") }
        return environment
    }

    /// The same with what the user set for the emerge.
    static func make(for request: PhaseRequest, emerge: EmergeProcess, _ user: EmergeEnvironment) -> [String] {
        let own = make(for: request, python: emerge.python).filter { entry in
            !user.variables.keys.contains { entry.hasPrefix($0 + "=") }
        }
        return own + user.variables.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    }
}
