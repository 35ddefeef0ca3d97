import ArgumentParser
import BinpkgClient
import BinpkgModel
import CommandSupport
import PortageAPI
import Posix

/// Says why binary packages that are there do not fit.
struct BinpkgExplain: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say why an existing binary package does not fit this machine.",
        discussion: """
            Compares what this machine would build for an atom with what the service has, with the packages in PKGDIR \
            and with those in the indexes of binary package hosts that emerge has fetched. Each difference is named: \
            what this machine wants, then what is there. Exit codes: 0 one of them fits; 1 none does; 75 the service \
            is away, and nothing else fits; 2 anything else.
            """)

    @OptionGroup var options: ChoiceOfService

    @Argument(help: "An atom such as app-misc/hello or =app-misc/hello-1.0.")
    var atom: String

    @Flag(help: "Print the explanation as JSON.")
    var json = false

    /// A binary package and how it differs.
    private struct Finding: Encodable {
        let place: String
        let cpv: String
        let fits: Bool
        let differences: [String]
    }

    private struct Shape: Encodable {
        let cpv: String
        let repository: String
        let findings: [Finding]
    }

    func run(_ context: Context) async throws {
        let portage = try await childPortage(context)
        let settings = try await portage.settings(ChoiceOfService.names)
        let explanation = try await portage.explain(atom)
        var isAway = false
        var findings: [Finding] = []
        if let choice = try? options.choose(from: settings, context) {
            do throws(StageFailure) {
                findings = try await askService(choice, portage, explanation.cpv)
            } catch {
                if case .temporary = error { isAway = true }
                context.errors("binpkg: \(error.reason.printable)\n")
            }
        }
        findings += explanation.binaries.map {
            Finding(place: $0.place, cpv: $0.cpv, fits: $0.differences.isEmpty, differences: $0.differences)
        }
        try show(Shape(cpv: explanation.cpv, repository: explanation.repository, findings: findings), context)
        guard !findings.contains(where: \.fits) else { return }
        throw ExitCode((isAway ? ExitStatus.temporary : .negative).rawValue)
    }

    private func askService(
        _ choice: ServiceChoice, _ portage: PortageAPI, _ cpv: String
    ) async throws(StageFailure) -> [Finding] {
        let requester = PackageRequester(
            portage: portage, prefix: choice.prefix, service: choice.service, accuracy: choice.accuracy)
        let request = try await requester.prepare(atom).request
        let answer = try await ServiceLookup.answer(for: request, service: choice.service, prefix: choice.prefix)
        if answer.state == .ready {
            return [
                Finding(
                    place: choice.service, cpv: cpv, fits: answer.satisfies(choice.accuracy),
                    differences: answer.differences)
            ]
        }
        guard let nearest = answer.nearest else { return [] }
        return [Finding(place: choice.service, cpv: cpv, fits: false, differences: nearest.differences)]
    }

    private func show(_ shape: Shape, _ context: Context) throws {
        guard !json else {
            context.output(try JSONText.pretty(shape))
            return
        }
        context.output("\(shape.cpv.printable)::\(shape.repository.printable)\n")
        if shape.findings.isEmpty { context.output("  there is no binary package of this name\n") }
        for finding in shape.findings {
            context.output("  \(finding.place.printable): \(finding.fits ? "fits" : "does not fit")\n")
            finding.differences.forEach { context.output("    \($0.printable)\n") }
        }
    }
}
