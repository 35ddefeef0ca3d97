import Posix
import Sandbox

/// Runs a build, or the making of an environment, as long as it takes no more than it may of what nobody else bounds in time.
struct BuildWatch: Sendable {
    /// What is written to; asked again each time.
    let directories: @Sendable () -> [String]
    let limits: BuildLimits
    /// What bounds its processes; nil where nothing does.
    let group: ControlGroup?

    private enum Event<Value: Sendable>: Sendable {
        case done(Result<Value, BuildError>)
        case excess(String)
        case over
    }

    /// Runs a build; it is cancelled, and fails with a sentence, when it takes more than it may.
    func hold<Value: Sendable>(
        _ body: @escaping @Sendable () async throws(BuildError) -> Value
    ) async throws(BuildError) -> Value {
        let (result, reason) = await withTaskGroup(of: Event<Value>.self) { group in
            group.addTask {
                do throws(BuildError) { return .done(.success(try await body())) } catch {
                    return .done(.failure(error))
                }
            }
            group.addTask { await watch().map { .excess($0) } ?? .over }
            var result: Result<Value, BuildError> = .failure(.cancelled)
            var reason: String?
            while let event = await group.next() {
                switch event {
                case .done(let outcome): result = outcome
                case .excess(let text): reason = text
                case .over: break
                }
                group.cancelAll()
            }
            return (result, reason)
        }
        if let reason, case .failure = result { throw .failed(reason: reason) }
        return try result.get()
    }

    /// Waits until too much is taken, and says of what; nil when it is cancelled.
    ///
    /// Free space and processes are looked at every half second; what was written, which takes longer to count, in a
    /// tenth of the time.
    private func watch() async -> String? {
        var next = MonotonicTime.now
        var refusals = ProcessRefusals()
        while !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(500))
            if Task.isCancelled { break }
            let directories = directories()
            if let first = directories.first, let free = DiskUse.free(at: first), free < limits.reserve {
                return "stopped: less than \(limits.reserve >> 20) MiB are free where it is built"
            }
            if let group, refusals.goOn(group.refusedProcesses) { return "stopped: \(group.processExcess)" }
            guard .now > next else { continue }
            let start = MonotonicTime.now
            let used = await DiskUse.bytes(below: directories)
            if used > limits.disk {
                return "stopped: it wrote more than \(limits.disk >> 20) MiB, which is the limit"
            }
            let taken = Int((MonotonicTime.now.nanoseconds - start.nanoseconds) / 1_000_000)
            next = MonotonicTime.now.advanced(byMilliseconds: max(1000, 10 * taken))
        }
        return nil
    }
}

/// Tells a build that makes processes without end from one that met the limit and goes on.
///
/// The first would keep the machine busy until its time is over, and its own end would need processes too.
struct ProcessRefusals {
    /// How many refusals a build recovers from, if they come in looks that follow each other.
    static let bearable = 20

    private var total = 0
    /// Looks in a row with a refusal since the one before, and the refusals up to the first of them.
    private var looks = 0
    private var before = 0

    /// Whether refusals go on: some at each of three looks, so that the time between two is full of them, and many.
    ///
    /// - Parameter count: how many there were from the beginning.
    mutating func goOn(_ count: Int) -> Bool {
        if count > total {
            if looks == 0 { before = total }
            looks += 1
        } else {
            looks = 0
        }
        total = count
        return looks >= 3 && total - before > Self.bearable
    }
}
