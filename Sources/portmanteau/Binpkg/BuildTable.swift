import BinpkgClient
import BinpkgModel
import CommandSupport
import Posix
import Synchronization
import TerminalDrawing

/// The builds of a plan while they run: a table that is drawn again and again on a terminal, else a line for each change.
final class BuildTable: Sendable {
    private struct State {
        var known: [String: String] = [:]
        var drawn = 0
    }

    private let context: Context
    private let hasKeys: Bool
    private let state = Mutex(State())
    /// The most rows of the table.
    private static let rows = 12

    /// A table.
    ///
    /// - Parameter hasKeys: whether ``TableKeys`` are there, which the last line names.
    init(_ context: Context, hasKeys: Bool) {
        self.context = context
        self.hasKeys = hasKeys
    }

    /// Shows how the plan stands.
    func show(_ plan: Plan) {
        if let size = context.terminalSize {
            state.withLock { state in
                let lines = Self.table(plan, width: size.columns, hasKeys: hasKeys)
                context.output(Self.up(state.drawn) + lines.map { $0 + "\u{1b}[K\n" }.joined() + "\u{1b}[J")
                state.drawn = lines.count
            }
        } else {
            let lines = state.withLock { state in
                plan.packages.compactMap { package -> String? in
                    let status = Self.status(package, isBrief: true)
                    guard package.request != nil, state.known.updateValue(status, forKey: package.cpv) != status else {
                        return nil
                    }
                    return "\(package.cpv.printable): \(status)\n"
                }
            }
            lines.forEach(context.output)
        }
    }

    /// Leaves the table as it is.
    func end() { state.withLock { $0.drawn = 0 } }

    private static func up(_ lines: Int) -> String { lines == 0 ? "" : "\u{1b}[\(lines)A" }

    /// What is being built first, then what waits; and a line of totals.
    static func table(_ plan: Plan, width: Int, hasKeys: Bool) -> [String] {
        let asked = plan.packages.filter { $0.request != nil }
        let here = asked.count { $0.file != nil }
        let lost = asked.count { $0.verdict == .cannot }
        let open = asked.filter { $0.file == nil && $0.verdict != .cannot }
            .sorted { (rank($0), $0.answer?.position ?? 0) < (rank($1), $1.answer?.position ?? 0) }
        var lines = open.prefix(rows).map { "  \($0.cpv.printable): \(status($0))" }
        if open.count > rows { lines.append("  … and \(open.count - rows) more") }
        var total = "\(here) of \(asked.count) packages are here"
        if lost > 0 { total += ", \(lost) will not come" }
        total += " (plan \(plan.id))" + (hasKeys ? "; c cancels, d detaches" : "")
        return (lines + [total]).map { DisplayWidth.shortened($0, to: max(20, width - 1)) }
    }

    private static func rank(_ package: PlanPackage) -> Int {
        switch package.answer?.state {
        case .ready: 0
        case .building: 1
        default: 2
        }
    }

    private static func status(_ package: PlanPackage, isBrief: Bool = false) -> String {
        if package.file != nil { return "here" }
        if package.verdict == .cannot { return "not provided: \(package.reasons.first?.printable ?? "")" }
        if isBrief, let state = package.answer?.state { return state.rawValue }
        let left = package.answer?.etaSeconds.map { ", about \(duration($0))" } ?? ""
        switch package.answer?.state {
        case .ready: return "ready"
        case .building: return "building\(left)"
        case .queued:
            return (package.answer?.position).map { "queued, place \($0)\(left)" } ?? "queued"
        default: return "asked for"
        }
    }
}
