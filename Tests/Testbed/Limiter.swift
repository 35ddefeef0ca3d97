import Synchronization

/// Lets a number of tasks through at a time; the others wait in their order without holding a thread.
public actor Limiter {
    /// For emerges of this process: more than two at a time only slow each other.
    public static let emerges = Limiter(2)
    /// For tests with machines: what waits for a service or a build in one of them has to share the cores with few others.
    static let machines = Limiter(6)
    /// Whether the task counts among those with machines already.
    @TaskLocal static var hasMachine = false
    /// The folders of the machines that tests have or wait for.
    private static let taken = Mutex<Set<String>>([])

    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// A limiter for so many tasks.
    public init(_ count: Int) { free = count }

    /// Runs the body when it is its turn.
    public nonisolated func run<R: Sendable>(_ body: () async throws -> R) async rethrows -> R {
        await enter()
        do {
            let result = try await body()
            await leave()
            return result
        } catch {
            await leave()
            throw error
        }
    }

    /// Runs the body when a machine may be made for it: at once inside of another such body.
    ///
    /// - Parameter folder: the machine's, which no other body of this process may have meanwhile.
    static func withMachine<R: Sendable>(in folder: String, _ body: () async throws -> R) async throws -> R {
        guard taken.withLock({ $0.insert(folder).inserted }) else { throw TestbedError.machineTaken(folder) }
        defer { taken.withLock { _ = $0.remove(folder) } }
        if hasMachine { return try await body() }
        return try await machines.run { try await $hasMachine.withValue(true, operation: body) }
    }

    private func enter() async {
        if free > 0 {
            free -= 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    private func leave() {
        if waiting.isEmpty {
            free += 1
        } else {
            waiting.removeFirst().resume()
        }
    }
}
