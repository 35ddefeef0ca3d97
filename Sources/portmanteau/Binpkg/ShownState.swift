import BinpkgClient
import BinpkgModel
import CommandSupport
import Synchronization

/// Prints on standard error when the state of a request changes.
final class ShownState: Sendable {
    private let context: Context
    private let isQuiet: Bool
    private let last = Mutex<RequestState?>(nil)

    init(_ context: Context, isQuiet: Bool) {
        self.context = context
        self.isQuiet = isQuiet
    }

    /// Shows an answer that is not the final one and not like the one before.
    func show(_ answer: RequestAnswer) {
        let isNew = last.withLock { state in
            defer { state = answer.state }
            return state != answer.state
        }
        guard isNew, !isQuiet, !answer.state.isFinal else { return }
        let estimate = answer.estimateSeconds.map { ", about \(duration($0))" } ?? ""
        context.errors("\(answer.state.rawValue)\(estimate)\n")
    }
}
