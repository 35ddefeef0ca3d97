import AgentProtocol
import Posix

/// The unpack phase: when the package is staged, prints the code that prepares its installation in place of a build.
struct UnpackPhase {
    let request: PhaseRequest
    let context: HookContext

    func run() {
        guard let staging = request.staging, Files.exists(staging.state) || Files.exists(staging.lock) else { return }
        if let problem = request.problem(with: staging) {
            context.say("portmanteau: \(request.name): \(problem): building here")
            return
        }
        guard let state = wait(staging) else { return }
        guard state.outcome == .staged else {
            // `binpkg stage` said so itself, in setup.
            if Files.exists(staging.progress) { fail(state.reason.printable) }
            return
        }
        guard state.cpv == request.setup.cpv, Files.status(staging.image)?.isDirectory == true else {
            fail("the staged image is not of this package")
            return
        }
        let message = "portmanteau: \(request.name): the builder's environment cannot be used"
        if request.configuration.policy == .require {
            context.output("___pm_inject \(ShellCode.quoted(staging.path)) || \(ShellCode.command("die", message))")
        } else {
            let line = ShellCode.command("echo", "\(message): building here")
            context.output("___pm_inject \(ShellCode.quoted(staging.path)) || \(line.dropLast()) >&2\n")
        }
    }

    /// Waits for what the agent makes of the package; nil when there will be nothing, which was said.
    private func wait(_ staging: StagingDirectory) -> StageState? {
        // Without the agent, setup has shown all lines.
        if !Files.exists(staging.progress), let state = staging.readState() { return state }
        let policy = request.configuration.policy
        context.limitTime(policy.stageLimit + 60)
        var waiting = StagingWait(staging: staging, say: context.say)
        switch waiting.run(until: .now.advanced(byMilliseconds: (policy.stageLimit + 30) * 1000)) {
        case .ended(let state): return state
        case .gone:
            fail("the agent is gone")
        case .hanging:
            fail("the agent does nothing any more")
        case .tooLong:
            fail("the agent took longer than the policy allows")
        }
        return nil
    }

    private func fail(_ reason: String) {
        if request.configuration.policy == .require {
            context.output(ShellCode.command("die", "portmanteau: \(request.name): \(reason)"))
        } else {
            context.say("portmanteau: \(request.name): \(reason): building here")
        }
    }
}

/// The install phase of a package that was prepared so: prints the code that moves the image into place.
struct InstallPhase {
    let request: PhaseRequest
    let context: HookContext

    func run() {
        guard let staging = request.staging, request.problem(with: staging) == nil,
            Files.status(staging.image)?.isDirectory == true
        else { return }
        context.output(ShellCode.command("___pm_take", staging.path))
    }
}
