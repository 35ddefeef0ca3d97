import Posix
import Synchronization

/// Ends work that makes no progress, or takes too long in all.
///
/// The work moves the deadline while it gets on; a task beside it wakes at the deadline and cancels the work when it
/// was not moved.
final class Watchdog: Sendable {
    /// What the work was doing when its time was over.
    struct Expired: Error {
        let waitedForAnswer: Bool
    }

    private struct State {
        var deadline: MonotonicTime
        var isAnswered = false
    }

    private let state: Mutex<State>
    private let end: MonotonicTime?
    private let idle: Int

    /// A watchdog that expects the first sign of life within `answer` milliseconds, every further one within `idle`,
    /// and all of it within `whole`.
    init(answer: Int, idle: Int, whole: Int?) {
        let now = MonotonicTime.now
        end = whole.map(now.advanced(byMilliseconds:))
        self.idle = idle
        state = Mutex(State(deadline: now.advanced(byMilliseconds: answer)))
    }

    /// The other side gave a sign of life.
    func progress() {
        let deadline = MonotonicTime.now.advanced(byMilliseconds: idle)
        state.withLock {
            $0.deadline = deadline
            $0.isAnswered = true
        }
    }

    /// Whether the other side has answered.
    var isAnswered: Bool { state.withLock { $0.isAnswered } }

    /// Runs the work until it ends or its time is over; then it is cancelled and `Expired` thrown.
    func run<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) async throws -> Value {
        try await withThrowingTaskGroup(of: Value.self) { group in
            group.addTask(operation: work)
            group.addTask {
                while true {
                    let left = self.millisecondsLeft
                    guard left > 0 else { throw Expired(waitedForAnswer: !self.isAnswered) }
                    // The first sign of life can bring the deadline nearer.
                    try await Task.sleep(for: .milliseconds(min(left, max(self.idle, 1))))
                }
            }
            defer { group.cancelAll() }
            guard let value = try await group.next() else { throw CancellationError() }
            return value
        }
    }

    private var millisecondsLeft: Int {
        let deadline = state.withLock { $0.deadline }
        return min(deadline.millisecondsLeft, end?.millisecondsLeft ?? Int.max)
    }
}
