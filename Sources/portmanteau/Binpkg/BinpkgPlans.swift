import ArgumentParser
import BinpkgClient
import CommandSupport
import Glibc
import PortageAPI
import Posix

/// Lists the plans that were sent and not merged.
struct BinpkgPlans: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "plans",
        abstract: "List the plans that were sent to a service and are not merged yet.",
        discussion:
            "'binpkg emerge --attach ID' goes on with one of them. Plans of more than two weeks go by themselves.")

    @Option(help: ArgumentHelp("Forget a plan and the packages that were fetched for it.", valueName: "id"))
    var forget: String?

    @Option(
        help: ArgumentHelp(
            "Take a plan back: what nobody else waits for is not built. The plan and its packages are forgotten.",
            valueName: "id"))
    var cancel: String?

    @Flag(help: "Print the plans as JSON.")
    var json = false

    func run(_ context: Context) async throws {
        let portage = try await childPortage(context)
        let prefix = try await portage.settings(["EPREFIX"])["EPREFIX"] ?? ""
        let directory = PlanDirectory(prefix: prefix)
        if let cancel {
            try await Self.cancel(try await facing { try directory.load(cancel) }, prefix: prefix, context)
            return
        }
        if let forget {
            try await facing {
                _ = try directory.load(forget)
                try directory.remove(forget)
            }
            return
        }
        let plans = directory.all()
        if json {
            context.output(try JSONText.pretty(plans.map(Shape.init)))
            return
        }
        if plans.isEmpty { context.errors("binpkg: there are no plans\n") }
        for plan in plans {
            let shape = Shape(plan)
            let age = duration(Double(max(0, time(nil) - plan.created)))
            context.output(
                "\(plan.id)  \(age) ago  \(shape.here) of \(shape.packages) packages are here  "
                    + "emerge \(plan.arguments.joined(separator: " ").printable)\n")
        }
    }

    /// Takes a plan back, and says what came of it.
    static func cancel(_ plan: Plan, prefix: String, _ context: Context) async throws {
        let counts = try await facing { try await PlanCancelling(prefix: prefix).cancel(plan) }
        var line = "plan \(plan.id) is cancelled; "
        line += counts.cancelled == 1 ? "1 build is not made" : "\(counts.cancelled) builds are not made"
        if counts.wanted > 0 {
            line += ", \(counts.wanted) \(counts.wanted == 1 ? "goes" : "go") on, since others wait"
        }
        context.errors("binpkg: \(line)\n")
    }

    private struct Shape: Encodable {
        let plan: String
        let created: Int
        let service: String
        let arguments: [String]
        let packages: Int
        let here: Int

        init(_ plan: Plan) {
            self.plan = plan.id
            created = plan.created
            service = plan.service
            arguments = plan.arguments
            packages = plan.packages.count { $0.request != nil }
            here = plan.packages.count { $0.file != nil }
        }
    }
}
