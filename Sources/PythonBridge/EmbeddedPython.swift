internal import Glibc
internal import PythonShims
internal import Synchronization

/// The interpreter inside this process, for this machine's root.
///
/// There is one at most: Portage's settings belong to the process. It must not be used once the process has started
/// threads that hold locks over a fork, such as an HTTP server's: Portage forks.
public actor EmbeddedPython: PythonTransport {
    private let thread: PythonThread
    private var isClosed = false

    /// Python's own thread.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private static let isStarted = Mutex(false)

    private init(thread: PythonThread) {
        self.thread = thread
    }

    /// Starts the interpreter as the chosen Python would start: with its site packages, a virtual environment's too.
    ///
    /// - Parameter environment: where the interpreter is chosen from; see ``Interpreter/choose(environment:)``.
    public static func start(environment: [String: String]) async throws(PythonError) -> EmbeddedPython {
        let program = try await Interpreter.choose(environment: environment)
        let isFirst = isStarted.withLock { started in
            defer { started = true }
            return !started
        }
        guard isFirst else { throw .startFailed(message: "there is an interpreter in this process already") }
        let python = EmbeddedPython(thread: try PythonThread(program: program))
        try await python.checkStart()
        return python
    }

    /// The version of the linked library: `3.11`.
    public static var linkedVersion: String {
        var buffer = [CChar](repeating: 0, count: 32)
        pm_python_linked_version(&buffer, buffer.count)
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private func checkStart() throws(PythonError) {
        if let error = thread.startError { throw error }
    }

    /// Calls a function of the glue. It cannot be stopped: cancellation has no effect.
    public func call(_ function: String, _ argument: [UInt8]) async throws(PythonError) -> [UInt8] {
        guard !isClosed else { throw .closed }
        return try callNow(function, argument)
    }

    /// Lets Portage run its exit functions. The interpreter stays, since Python cannot be restarted.
    public func close() async {
        guard !isClosed else { return }
        _ = try? callNow("end", Array("{}".utf8))
        isClosed = true
    }

    private func callNow(_ function: String, _ argument: [UInt8]) throws(PythonError) -> [UInt8] {
        var length = 0
        var failure: UnsafeMutablePointer<CChar>?
        let reply = argument.withUnsafeBytes { bytes in
            pm_python_call(
                function, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count, &length, &failure)
        }
        guard let reply else {
            throw .raised(
                type: "SystemError", message: failure.map { PythonThread.take($0) } ?? "no reply", output: "")
        }
        defer { free(reply) }
        return try Reply.value(of: UnsafeRawBufferPointer(start: reply, count: length))
    }
}
