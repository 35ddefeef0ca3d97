internal import Glibc
internal import PythonShims
internal import Synchronization

/// The one thread that the embedded interpreter lives on, as an executor for an actor.
///
/// The interpreter is started in the thread's body, so that this is the thread that Python takes for its main one. Its
/// stack has 16 MB: dependencies and metadata nest as deeply as their authors like.
final class PythonThread: SerialExecutor, Sendable {
    static let stackSize = 16 << 20

    private let program: String
    private let state = Mutex<[UnownedJob]>([])
    private let outcome = Mutex<PythonError?>(nil)
    private let wakeUp: UnsafeSemaphore

    /// Starts the thread; it ends with the process.
    init(program: String) throws(PythonError) {
        self.program = program
        wakeUp = UnsafeSemaphore()
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, Self.stackSize)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        var thread = pthread_t()
        let retained = Unmanaged.passRetained(self)
        let code = pthread_create(
            &thread, &attributes,
            { context in
                guard let context else { return nil }
                Unmanaged<PythonThread>.fromOpaque(context).takeRetainedValue().run()
            }, retained.toOpaque())
        guard code == 0 else {
            retained.release()
            throw .startFailed(message: String(cString: strerror(code)))
        }
    }

    /// Why the interpreter did not start. Asked on the thread itself, so that it has tried.
    var startError: PythonError? { outcome.withLock { $0 } }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { $0.append(job) }
        wakeUp.signal()
    }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

    private func run() -> Never {
        // The thread that made this one may block signals, as those of Swift's pool do. Portage's children would
        // inherit that, and never see SIGCHLD or SIGTERM.
        var none = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, nil)
        let error = start()
        outcome.withLock { $0 = error }
        while true {
            wakeUp.wait()
            let job = state.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            job?.runSynchronously(on: asUnownedSerialExecutor())
        }
    }

    private func start() -> PythonError? {
        if let message = pm_python_start(program) { return .startFailed(message: Self.take(message)) }
        for module in Glue.modules {
            let failure = module.source.withUnsafeBytes { bytes in
                pm_python_load(module.name, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
            }
            if let failure { return .startFailed(message: Self.take(failure)) }
        }
        if let message = pm_python_prepare(Glue.calls) { return .startFailed(message: Self.take(message)) }
        return nil
    }

    /// The text of a C string that is ours; frees it.
    static func take(_ text: UnsafeMutablePointer<CChar>) -> String {
        defer { free(text) }
        return String(cString: text)
    }
}

/// A counting semaphore with a stable address.
private final class UnsafeSemaphore: @unchecked Sendable {
    // The pointer is set once and the semaphore behind it is made for use by many threads.
    private let semaphore: UnsafeMutablePointer<sem_t>

    init() {
        semaphore = .allocate(capacity: 1)
        sem_init(semaphore, 0, 0)
    }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func signal() { sem_post(semaphore) }

    func wait() { while sem_wait(semaphore) != 0 {} }
}
