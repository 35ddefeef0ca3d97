import AgentProtocol
import Posix

/// The setup phase: removes what an earlier run staged, draws the graph, and asks the service for the package.
struct SetupPhase {
    let request: PhaseRequest
    let context: HookContext

    func run() {
        request.messages.forEach { context.say("portmanteau: \($0)") }
        let staging = request.staging
        let problem = staging.map(clear) ?? "its name cannot be a directory"
        let wantsGraph = request.configuration.graph != .off
        let wantsPackage =
            request.isSourceBuild && !request.setup["A"].isEmpty
            && request.configuration.refusal(of: request.setup) == nil
        guard wantsGraph || wantsPackage, let emerge = EmergeProcess(chain: context.ancestors()) else { return }
        // The graph comes first where the package is waited for, so that it is seen meanwhile; the agent does not wait.
        if wantsGraph { GraphPicture(request: request, emerge: emerge, context: context).show() }
        guard wantsPackage else { return }
        guard let staging, problem == nil else {
            notStaged("nothing can be staged, \(problem ?? "")")
            return
        }
        context.limitTime(request.configuration.policy.stageLimit + 30)
        let asking = Asking(request: request, staging: staging, emerge: emerge) { context.isAlive(emerge.link) }
        switch asking.run() {
        case .staged, .handedOver: break
        case .said: notStaged(nil)
        case .failed(let reason): notStaged(reason)
        }
    }

    /// Removes what is staged for the package, and says nothing.
    func forget() {
        if let staging = request.staging { _ = clear(staging) }
    }

    /// Removes an older staging directory of the package. Returns what is wrong with the place; nil when nothing is.
    private func clear(_ staging: StagingDirectory) -> String? {
        guard Files.exists(request.temporaryDirectory + "/portmanteau") else { return nil }
        if let problem = request.problem(with: staging) { return problem }
        do throws(PosixError) {
            try Files.removeTree(staging.path)
        } catch {
            return error.description
        }
        return nil
    }

    /// Ends an attempt without a staged package: one line, unless `binpkg stage` wrote it; under `require` the emerge
    /// ends here.
    private func notStaged(_ reason: String?) {
        if request.configuration.policy == .require {
            let text = reason ?? "the service does not provide it"
            context.output(
                ShellCode.command("die", "portmanteau: \(request.name): \(text), and BINPKG_POLICY is `require`"))
        } else if let reason {
            context.say("portmanteau: \(request.name): \(reason): building here")
        }
    }
}
