import ArgumentParser
import BinpkgClient
import CommandSupport
import Glibc
import PortageAPI
import Posix

/// Lets the service build what emerge would merge, and merges it.
struct BinpkgEmerge: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "emerge",
        abstract: "Let the service build what emerge would merge, then run emerge with the packages.",
        discussion: """
            Takes the arguments of emerge and plans as 'binpkg plan' does. All packages are asked for at once; each is \
            fetched and verified as soon as it is built; then emerge runs with these packages as its PKGDIR. What the \
            service does not provide is compiled here, unless --require or BINPKG_POLICY=require forbids it. Ctrl-C \
            while the service builds leaves the builds running, as the key d does: 'binpkg emerge --attach ID' goes on. \
            The key c cancels what nobody else waits for. Exit codes: those of emerge; before it runs: 1 the service \
            cannot provide what must be provided, or emerge finds no way; 75 the service is away; 130 interrupted; \
            2 anything else.
            """)

    @OptionGroup var options: ChoiceOfService

    @Flag(help: "Compile nothing here: end before anything is changed if a package is not provided.")
    var require = false

    @Option(help: ArgumentHelp("Go on with a plan that was sent before.", valueName: "id"))
    var attach: String?

    @Argument(parsing: .allUnrecognized, help: "The arguments of emerge.")
    var arguments: [String] = []

    func run(_ context: Context) async throws {
        let portage = try await childPortage(context)
        let settings = try await portage.settings(ChoiceOfService.names)
        let prefix = settings["EPREFIX"] ?? ""
        let directory = PlanDirectory(prefix: prefix)
        directory.sweep(now: time(nil))
        Interruption.watch()
        let keys = TableKeys(isWanted: context.terminalSize != nil)
        defer { keys.end() }
        let table = BuildTable(context, hasKeys: keys.isActive)
        let run = PlanRun(
            portage: portage, prefix: prefix, progress: { table.show($0) },
            isInterrupted: { Interruption.happened || keys.key != nil })
        let plan: Plan
        if let attach {
            guard arguments.isEmpty else {
                throw CommandError("--attach takes no further arguments: the plan has them")
            }
            plan = try await facing { try directory.load(attach) }
        } else {
            plan = try await send(run, portage, settings, context)
        }
        guard !plan.packages.isEmpty || attach != nil else {
            // emerge says so itself, and may have to write the world file.
            await portage.close()
            let code = try mergeNothing(plan, directory, context)
            if code != 0 { throw ExitCode(code) }
            return
        }
        let finished: Plan
        switch try await follow(plan, run, table, context) {
        case .finished(let plan): finished = plan
        case .detached(let plan):
            if keys.key == .cancel {
                try await BinpkgPlans.cancel(plan, prefix: prefix, context)
            } else {
                context.errors("binpkg: interrupted; the service goes on\n" + Self.reattach(plan))
            }
            throw ExitCode(128 + SIGINT)
        }
        keys.end()
        do {
            try Self.refuse(finished)
        } catch {
            try? directory.remove(finished.id)
            throw error
        }
        await portage.close()
        let code = try merge(finished, directory, context)
        await keep(finished, directory, context)
        guard code != 0 else {
            try? directory.remove(finished.id)
            return
        }
        context.errors("binpkg: emerge ended with \(code); its packages are kept\n" + Self.reattach(finished))
        throw ExitCode(code)
    }

    /// Plans, and asks for everything.
    private func send(
        _ run: PlanRun, _ portage: PortageAPI, _ settings: [String: String], _ context: Context
    ) async throws -> Plan {
        let choice = try options.choose(from: settings, context)
        let maker = choice.maker(portage)
        let isRequired = require || choice.isRequired
        return try await facing {
            let draft = try await maker.plan(arguments, isRequired: isRequired)
            context.errors(DisplayLines.printable(draft.plan.messages))
            context.errors("binpkg: \(PlanText.totals(of: draft.plan))\n")
            try Self.refuse(draft.plan)
            return draft.plan.packages.isEmpty ? draft.plan : try await run.send(draft)
        }
    }

    private func follow(
        _ plan: Plan, _ run: PlanRun, _ table: BuildTable, _ context: Context
    ) async throws -> PlanRun.Outcome {
        defer { table.end() }
        return try await facing {
            do {
                return try await run.follow(plan)
            } catch let error as StageFailure {
                if case .temporary = error { context.errors(Self.reattach(plan)) }
                throw error
            }
        }
    }

    private static func reattach(_ plan: Plan) -> String { "binpkg: 'binpkg emerge --attach \(plan.id)' goes on\n" }

    /// Ends here when something is not provided and must be.
    private static func refuse(_ plan: Plan) throws {
        let lost = plan.packages.filter { $0.verdict == .cannot }
        guard plan.isRequired, !lost.isEmpty else { return }
        let lines = lost.map { "\n  \($0.cpv.printable): \($0.reasons.first?.printable ?? "not provided")" }
        throw CommandError(
            "the service does not provide all of it, and nothing may be compiled here:" + lines.joined(),
            exitStatus: .negative)
    }

    /// With FEATURES=buildpkg emerge left packages of its own beside those of the plan.
    private func keep(_ plan: Plan, _ directory: PlanDirectory, _ context: Context) async {
        let known = plan.packages.compactMap(\.file)
        guard directory.hasOthers(plan.id, than: known) else { return }
        do {
            let portage = try await childPortage(context)
            try await portage.keepPackages(directory.packages(plan.id), except: known)
            await portage.close()
        } catch {
            context.errors(
                "binpkg: packages that emerge made stay in \(directory.packages(plan.id)): \(error.message)\n")
        }
    }

    /// Runs emerge with the arguments of a plan that has no packages. Where nothing may be compiled, nothing is.
    private func mergeNothing(_ plan: Plan, _ directory: PlanDirectory, _ context: Context) throws -> Int32 {
        let path = context.environment["PATH"] ?? ""
        guard plan.isRequired else { return try EmergeRun.start(plan.arguments, packages: nil, path: path) }
        defer { try? directory.remove(plan.id) }
        return try EmergeRun.start(
            plan.arguments + EmergeRun.options(isRequired: true), packages: directory.packages(plan.id), path: path)
    }

    /// Runs emerge with the plan's packages.
    private func merge(_ plan: Plan, _ directory: PlanDirectory, _ context: Context) throws -> Int32 {
        for package in plan.packages where package.verdict == .cannot {
            context.errors(
                "binpkg: \(package.cpv.printable) is built here: \(package.reasons.first?.printable ?? "")\n")
        }
        return try EmergeRun.start(
            plan.arguments + EmergeRun.options(isRequired: plan.isRequired), packages: directory.packages(plan.id),
            path: context.environment["PATH"] ?? "")
    }
}
