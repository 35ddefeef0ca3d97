internal import Glibc
internal import Posix
internal import Subprocess
internal import Synchronization
internal import SystemPackage

/// An interpreter in a process of its own: another root's, or one that must be stoppable.
///
/// Cancelling the task that waits for a call, or exceeding the time limit, kills the child with its process group; then
/// every further call fails with ``PythonError/closed``, and whoever wants to go on makes a new child.
public final class ChildPython: PythonTransport {
    /// How a child is started.
    public struct Configuration: Sendable {
        /// The interpreter's absolute path, as seen behind the prefix.
        public var interpreter: String
        /// A command and its arguments that runs the interpreter, e.g. `/usr/bin/bwrap … --`. It must not leave the
        /// interpreter running when it is killed itself.
        public var prefix: [String]
        /// The whole environment; nil for this process's.
        public var environment: [String: String]?
        /// The longest that one call may take; nil for no limit.
        public var timeLimit: Duration?

        /// A configuration of these values.
        public init(
            interpreter: String, prefix: [String] = [], environment: [String: String]? = nil,
            timeLimit: Duration? = nil
        ) {
            self.interpreter = interpreter
            self.prefix = prefix
            self.environment = environment
            self.timeLimit = timeLimit
        }
    }

    private let requests: AsyncStream<ChildRequest>.Continuation
    private let session: Task<Void, Never>
    private let control: ChildControl

    /// Starts a child. What goes wrong with that is the error of the first call.
    public init(_ configuration: Configuration) {
        let (stream, requests) = AsyncStream.makeStream(of: ChildRequest.self)
        let control = ChildControl()
        self.requests = requests
        self.control = control
        session = Task {
            let failure = await ChildSession(configuration: configuration, control: control).run(stream)
            requests.finish()
            for await request in stream { request.answer(.failure(failure ?? .closed)) }
        }
    }

    deinit { requests.finish() }

    /// Calls a function of the glue in the child.
    public func call(_ function: String, _ argument: [UInt8]) async throws(PythonError) -> [UInt8] {
        let isName = !function.isEmpty && function.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f }
        guard isName, !argument.contains(UInt8(ascii: "\n")) else {
            throw .startFailed(message: "the call cannot be written as one line")
        }
        let number = control.newNumber()
        let line = Array(function.utf8) + [UInt8(ascii: " ")] + argument + [UInt8(ascii: "\n")]
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let request = ChildRequest(number: number, line: line, continuation: continuation)
                if case .enqueued = requests.yield(request) { return }
                request.answer(.failure(.closed))
            }
        } onCancel: {
            control.cancel(number)
        }
        return try Reply.value(of: try result.get())
    }

    /// Lets the child finish what was asked, then end. A child that does not is killed after five seconds.
    public func close() async {
        requests.finish()
        await session.value
    }
}

/// One call on its way to the child.
struct ChildRequest: Sendable {
    let number: Int
    let line: [UInt8]
    let continuation: CheckedContinuation<Result<[UInt8], PythonError>, Never>

    func answer(_ result: Result<[UInt8], PythonError>) { continuation.resume(returning: result) }
}

/// What others may do to a running child: kill it, with a reason.
final class ChildControl: Sendable {
    private struct State {
        var lastNumber = 0
        var active: Int?
        var cancelled: Set<Int> = []
        var process: pid_t?
        var reason: PythonError?
    }

    private let state = Mutex(State())

    /// Why the child was killed; nil if it was not.
    var reason: PythonError? { state.withLock { $0.reason } }

    func newNumber() -> Int {
        state.withLock {
            $0.lastNumber += 1
            return $0.lastNumber
        }
    }

    /// The child that now runs, or nil once it is gone: its number may belong to another process from then on.
    func setProcess(_ process: pid_t?) {
        state.withLock { $0.process = process }
    }

    /// Marks a call as the one that the child works on. False if it was cancelled before.
    func begin(_ number: Int) -> Bool {
        state.withLock {
            guard $0.cancelled.remove(number) == nil else { return false }
            $0.active = number
            return true
        }
    }

    func end() {
        state.withLock { $0.active = nil }
    }

    /// Cancels a call: the child is killed if it works on it.
    func cancel(_ number: Int) {
        state.withLock {
            if $0.active == number {
                Self.kill(&$0, .cancelled)
            } else {
                $0.cancelled.insert(number)
            }
        }
    }

    func kill(_ reason: PythonError) {
        state.withLock { Self.kill(&$0, reason) }
    }

    private static func kill(_ state: inout State, _ reason: PythonError) {
        guard let process = state.process, state.reason == nil else { return }
        state.reason = reason
        killpg(process, SIGKILL)
    }
}
