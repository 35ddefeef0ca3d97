import AgentProtocol
import Glibc
import Posix

/// Asking the service for a package: the agent does it beside emerge, or, when there is none, `binpkg stage` does it now,
/// in bounded time.
struct Asking {
    /// How it ended.
    enum Outcome: Equatable {
        /// The agent works on it; the unpack phase waits for the state file.
        case handedOver
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
    /// Whether that emerge still runs: nobody else waits for the package.
    let isWanted: () -> Bool

    /// Milliseconds within which an agent answers. It only takes the request: one that needs longer is none.
    private static let agentTime = 1000

    func run() -> Outcome {
        let service = request.configuration.service ?? ""
        let breaker = ServiceBreaker(directory: request.layout.run, service: service)
        if request.configuration.policy != .require, case .away(let reason) = breaker.verdict() {
            return .failed("service \(service) was away a moment ago (\(reason.printable))")
        }
        let deadline = MonotonicTime.now.advanced(byMilliseconds: Self.agentTime)
        switch AgentReply.ask(request.layout.agentSocket, encodedRequest, deadline: deadline) {
        case .accepted: return .handedOver
        case .local(let reason): return .failed(reason.printable)
        case .refused, nil: break
        }
        let result: ChildProcess.Result
        do throws(PosixError) {
            result = try ChildProcess.run(
                request.layout.program, ["binpkg", "stage"], environment: environment, input: encodedRequest.encoded,
                deadline: .now.advanced(byMilliseconds: request.configuration.policy.stageLimit * 1000),
                isWanted: isWanted)
        } catch {
            return .failed("service \(service) was not asked, \(error)")
        }
        switch result.outcome {
        case .exited(0):
            return staging.readState()?.outcome == .staged ? .staged : .failed("`binpkg stage` left nothing")
        case .exited(1), .exited(2), .exited(75): return .said
        case .exited(let code): return .failed("`binpkg stage` ended with code \(code)")
        case .signalled(let signal): return .failed("`binpkg stage` was ended by signal \(signal)")
        case .timedOut: return .failed("`binpkg stage` took longer than the policy allows")
        }
    }

    /// What is asked: what the phase told, the settings in effect, and the emerge.
    var encodedRequest: SetupRequest {
        var fields = request.setup.fields
        for (name, value) in request.configuration.values where name.hasPrefix("BINPKG_") { fields[name] = value }
        fields["EMERGE_PID"] = String(emerge.pid)
        fields["EMERGE_STARTED"] = String(emerge.started)
        return SetupRequest(fields: fields)
    }

    private var environment: [String] {
        HelperEnvironment.make(for: request.setup, prefix: request.layout.prefix, python: emerge.python)
    }
}
