import BinpkgClient
import BinpkgModel
import CommandSupport
import Posix
import TerminalDrawing

/// A plan for people, and as JSON.
enum PlanText {
    /// A line for each package, its reasons below it, and the totals.
    static func lines(of plan: Plan) -> [String] {
        let width = min(plan.packages.map { DisplayWidth.columns(of: $0.cpv) }.max() ?? 0, 60)
        var lines: [String] = []
        for package in plan.packages {
            let name = DisplayWidth.printable(package.cpv)
            let gap = String(repeating: " ", count: max(0, width - DisplayWidth.columns(of: name)) + 2)
            lines.append(name + gap + word(package) + detail(package))
            lines += shownReasons(package).map { "    " + $0.printable }
        }
        return lines + [totals(of: plan)]
    }

    private static func word(_ package: PlanPackage) -> String {
        switch package.verdict {
        case .hit: "hit"
        case .near: "near hit"
        case .build: "to build"
        case .cannot: "cannot"
        case .ebuild: "from its ebuild: needs no compiler"
        }
    }

    private static func detail(_ package: PlanPackage) -> String {
        switch package.verdict {
        case .hit: package.answer?.accuracy.map { ", " + $0.rawValue } ?? ""
        case .near, .build: package.estimateSeconds.map { ", about " + duration($0) } ?? ""
        case .cannot: package.reasons.first.map { ": " + $0.printable } ?? ""
        case .ebuild: ""
        }
    }

    /// What is said below the line: how a hit differs, why what is near does not fit.
    private static func shownReasons(_ package: PlanPackage) -> [String] {
        switch package.verdict {
        case .hit, .near: package.reasons
        case .cannot: Array(package.reasons.dropFirst())
        case .build, .ebuild: []
        }
    }

    /// One line: how many there are of each kind.
    static func totals(of plan: Plan) -> String {
        let words: [(PlanPackage.Verdict, String, String)] = [
            (.hit, "hit", "hits"), (.near, "near hit", "near hits"), (.build, "to build", "to build"),
            (.cannot, "cannot be provided", "cannot be provided"), (.ebuild, "from its ebuild", "from their ebuilds"),
        ]
        let parts = words.compactMap { verdict, one, many in
            let count = plan.count(verdict)
            return count == 0 ? nil : "\(count) \(count == 1 ? one : many)"
        }
        let count = plan.packages.count
        var line = count == 1 ? "1 package" : "\(count) packages"
        if !parts.isEmpty { line += ": " + parts.joined(separator: ", ") }
        if let seconds = plan.estimateSeconds { line += "; about \(duration(seconds)) of building" }
        return line
    }

    /// The same for programs.
    static func json(_ plan: Plan) throws -> String {
        try JSONText.pretty(
            PlanShape(
                plan: plan.id, arguments: plan.arguments, service: plan.service,
                policy: plan.isRequired ? "require" : nil,
                packages: plan.packages.map(PackageShape.init),
                totals: Dictionary(
                    uniqueKeysWithValues: PlanPackage.Verdict.allCases.map { ($0.rawValue, plan.count($0)) }),
                estimateSeconds: plan.estimateSeconds))
    }

    private struct PlanShape: Encodable {
        let plan: String
        let arguments: [String]
        let service: String
        let policy: String?
        let packages: [PackageShape]
        let totals: [String: Int]
        let estimateSeconds: Double?
    }

    private struct PackageShape: Encodable {
        let cpv: String
        let repository: String
        let slot: String
        let replaces: String?
        let verdict: PlanPackage.Verdict
        let reasons: [String]
        let id: String?
        let key: String?
        let state: RequestState?
        let accuracy: Accuracy?
        let estimateSeconds: Double?
        let unblocks: Int?
        let file: String?

        init(_ package: PlanPackage) {
            cpv = package.cpv
            repository = package.repository
            slot = package.slot
            replaces = package.replaces
            verdict = package.verdict
            reasons = package.reasons
            id = package.answer?.id
            key = package.answer?.key
            state = package.answer?.state
            accuracy = package.answer?.accuracy
            estimateSeconds = package.estimateSeconds
            unblocks = package.request?.plan?.unblocks
            file = package.file
        }
    }
}
