public import BinpkgModel
import Posix

/// The packages that an emerge is going to merge, and what a service says of each.
public struct Plan: Codable, Equatable, Sendable {
    /// Its name on this machine.
    public let id: String
    /// The arguments of emerge.
    public let arguments: [String]
    /// The service's address.
    public let service: String
    /// Whether nothing may be compiled here.
    public let isRequired: Bool
    /// The least accuracy that is accepted.
    public let accuracy: Accuracy
    /// When it was made, in seconds since 1970.
    public let created: Int
    /// What Portage had to say about the list, for people.
    public var messages: String
    /// The packages in the order of their merge.
    public var packages: [PlanPackage]

    /// A new plan without packages.
    init(arguments: [String], service: String, isRequired: Bool, accuracy: Accuracy, created: Int) {
        id = String(UInt32.random(in: 1 << 30 ... .max), radix: 36)
        self.arguments = arguments
        self.service = service
        self.isRequired = isRequired
        self.accuracy = accuracy
        self.created = created
        messages = ""
        packages = []
    }

    /// How many packages have this verdict.
    public func count(_ verdict: PlanPackage.Verdict) -> Int { packages.count { $0.verdict == verdict } }

    /// About how long the service needs for what is not there, in seconds, if it builds one after the other; nil when
    /// nothing is known.
    public var estimateSeconds: Double? {
        let known = packages.filter { $0.verdict == .build || $0.verdict == .near }.compactMap(\.estimateSeconds)
        return known.isEmpty ? nil : known.reduce(0, +)
    }
}

/// A package of a plan.
public struct PlanPackage: Codable, Equatable, Sendable {
    /// What is to be expected of it.
    public enum Verdict: String, Codable, CaseIterable, Sendable {
        /// The service has it.
        case hit
        /// The service has one that does not fit, and builds another.
        case near
        /// The service builds it.
        case build
        /// The service does not provide it.
        case cannot
        /// It needs no compiler, and is merged from its ebuild.
        case ebuild
    }

    /// Category, name and version.
    public let cpv: String
    /// The repository's name.
    public let repository: String
    /// `SLOT/SUBSLOT`.
    public let slot: String
    /// The installed package that it replaces.
    public let replaces: String?
    /// What is to be expected of it.
    public var verdict: Verdict
    /// Why the service does not provide it, or why what it has does not fit, a line each.
    public var reasons: [String]
    /// What is asked for; nil when nothing is.
    public var request: BuildRequest?
    /// The service's last answer.
    public var answer: RequestAnswer?

    /// The package, verified, below the plan's directory of packages; nil as long as it is not there.
    public var file: String?

    /// How long the service will take for it, in seconds; nil when that is not known.
    public var estimateSeconds: Double? { answer?.etaSeconds ?? answer?.estimateSeconds }

    /// Whether the service was asked for it and has not given a final answer.
    var isOpen: Bool { isWanted && file == nil && !(answer?.state.isFinal ?? true) }

    /// Whether the service is to be asked for it.
    var isWanted: Bool { verdict == .hit || verdict == .near || verdict == .build }

    /// Sets verdict and reasons by what the service says.
    ///
    /// - Parameter wasOnlyLookedUp: whether nothing is built yet.
    mutating func judge(_ item: PlanItem, wasOnlyLookedUp: Bool) {
        answer = item.answer
        guard let answer = item.answer, let request else {
            verdict = .cannot
            reasons = [(item.problem ?? "the service says nothing of it").printable]
            return
        }
        let message = answer.message.map { [$0.printable] } ?? []
        let differences = (answer.state == .ready ? answer.differences : answer.nearest?.differences ?? [])
            .map(\.printable)
        switch answer.state {
        case .ready where answer.satisfies(request.accuracy) && answer.artifact != nil:
            verdict = .hit
            reasons = differences
        case .queued, .building:
            verdict = answer.nearest == nil ? .build : .near
            reasons = differences
        case .declined where wasOnlyLookedUp && item.canBeBuilt:
            verdict = answer.nearest == nil ? .build : .near
            reasons = differences
        case .ready, .failed, .declined:
            verdict = .cannot
            reasons = message + (answer.state == .ready ? differences : [])
            if reasons.isEmpty { reasons = ["the service could not build it"] }
        }
    }
}
