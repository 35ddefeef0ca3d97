public import BinpkgModel
import Glibc
public import PortageAPI
import Posix

/// A plan that was just made, and the content that the service may ask for.
public struct PlanDraft: Sendable {
    /// The plan.
    public var plan: Plan
    /// The files of its packages, by hash.
    let content: [String: [UInt8]]
}

/// Makes the plan of an emerge: Portage resolves as if the service had every package, and the service is asked which of
/// the list it has. What it does not provide is taken from its ebuild, and the list is resolved again.
public struct PlanMaker: Sendable {
    private let openPortage: @Sendable () async throws(PortageError) -> PortageAPI
    private let service: String
    private let accuracy: Accuracy
    private let paths: ClientPaths
    private let answerTimeout: Int
    private let refusal: @Sendable (PlannedPackage) -> String?

    /// Variables of this machine that decide whether a package is asked for; none of them is sent.
    private static let settings = ["BINPKG_SERVICE", "BINPKG_POLICY", "BINPKG_NEVER"]

    /// How often the list is resolved: each time more packages are taken from their ebuilds.
    private static let maximumRounds = 12

    /// A maker for this machine. Portage is started when the service was found to be there.
    ///
    /// - Parameters:
    ///   - prefix: EPREFIX.
    ///   - service: the service's address.
    ///   - answerTimeout: milliseconds within which a service that is there answers.
    ///   - refusal: why this machine's configuration does not let a package be asked for; nil when it does.
    public init(
        prefix: String, service: String, accuracy: Accuracy,
        answerTimeout: Int = ServiceClient.usualAnswerTimeout,
        refusal: @escaping @Sendable (PlannedPackage) -> String? = { _ in nil },
        openPortage: @escaping @Sendable () async throws(PortageError) -> PortageAPI
    ) {
        paths = ClientPaths(prefix: prefix)
        self.service = service
        self.accuracy = accuracy
        self.answerTimeout = answerTimeout
        self.refusal = refusal
        self.openPortage = openPortage
    }

    /// Plans `emerge ARGUMENTS`. Nothing is built, and nothing is written.
    ///
    /// - Parameter isRequired: whether nothing may be compiled here. Then what the service does not provide stays in the
    ///   list, and everything else is a binary package too.
    public func plan(_ arguments: [String], isRequired: Bool = false) async throws(StageFailure) -> PlanDraft {
        let client = try await ServiceClient.reach(service, paths: paths, answerTimeout: answerTimeout)
        do {
            return try await plan(arguments, isRequired, client, openPortage())
        } catch {
            throw StageFailure(any: error)
        }
    }

    private func plan(
        _ arguments: [String], _ isRequired: Bool, _ client: ServiceClient, _ portage: PortageAPI
    ) async throws -> PlanDraft {
        var plan = Plan(
            arguments: arguments, service: service, isRequired: isRequired, accuracy: accuracy, created: time(nil))
        var refused: [PackageSelector] = []
        var reasons: [String: [String]] = [:]
        var content = ContentCache()
        for _ in 0..<Self.maximumRounds {
            let merge = try await portage.plan(
                arguments, refused: refused, variables: RequestMaker.variables + Self.settings, onlyBinary: isRequired)
            guard merge.isSolved else { throw StageFailure.negative(Self.unsolved(merge, reasons)) }
            plan.messages = merge.messages
            plan.packages = merge.packages.map { package in
                prepare(package, plan: plan.id, reasons: reasons, &content)
            }
            try await lookUp(&plan.packages, client)
            let lost = plan.packages.filter { $0.verdict == .cannot && reasons[$0.key] == nil }
            if isRequired || lost.isEmpty { return PlanDraft(plan: plan, content: content.bytes) }
            for package in lost {
                reasons[package.key] = package.reasons
                refused.append(PackageSelector(cpv: package.cpv, repository: package.repository))
            }
        }
        throw StageFailure.negative("the list still changes after \(Self.maximumRounds) rounds")
    }

    /// The package with its request.
    private func prepare(
        _ package: PlannedPackage, plan: String, reasons: [String: [String]], _ content: inout ContentCache
    ) -> PlanPackage {
        var result = PlanPackage(
            cpv: package.cpv, repository: package.repository, slot: "\(package.slot)/\(package.subSlot)",
            replaces: package.replaces, verdict: .ebuild, reasons: [])
        if let known = reasons[result.key] {
            result.verdict = .cannot
            result.reasons = known
        }
        guard let inputs = package.inputs else {
            // Whatever made Portage take the ebuild, such as --usepkg-exclude: nobody may think that it needs no compiler.
            if package.isCompiled, result.verdict == .ebuild {
                result.verdict = .cannot
                result.reasons = ["emerge takes its ebuild, by its options or the configuration"]
            }
            return result
        }
        // What needs no compiler is asked for only where everything must be a binary package.
        if package.isCompiled, let reason = refusal(package) {
            result.verdict = .cannot
            result.reasons = [reason]
            return result
        }
        do throws(RequestError) {
            let prepared = try RequestMaker.request(for: inputs, accuracy: accuracy, known: &content.files)
            content.add(prepared.content)
            var request = prepared.request
            request.plan = PlanPlace(id: plan, unblocks: min(package.unblocks, PlanPlace.maximumUnblocks))
            result.request = request
        } catch {
            result.verdict = .cannot
            result.reasons = [error.description]
        }
        return result
    }

    private func lookUp(_ packages: inout [PlanPackage], _ client: ServiceClient) async throws(ServiceError) {
        let asked = packages.indices.filter { packages[$0].request != nil }
        let items = try await client.plan(asked.compactMap { packages[$0].request }, build: false)
        for (index, item) in zip(asked, items) { packages[index].judge(item, wasOnlyLookedUp: true) }
    }

    private static func unsolved(_ merge: MergePlan, _ reasons: [String: [String]]) -> String {
        var text = "emerge finds no way to do this"
        for (key, lines) in reasons.sorted(by: { $0.key < $1.key }) {
            text += "\n  \(key) must be built here: \(lines.first ?? "")"
        }
        let said = merge.messages.split(separator: "\n").map { "\n  " + String($0).printable }
        return text + said.joined()
    }
}

extension PlanPackage {
    /// What a package is called in a plan.
    var key: String { "\(cpv)::\(repository)" }
}

/// The files of several packages, each once.
private struct ContentCache {
    var files = KnownFiles()
    private(set) var bytes: [String: [UInt8]] = [:]

    mutating func add(_ content: [String: [UInt8]]) { bytes.merge(content) { old, _ in old } }
}
