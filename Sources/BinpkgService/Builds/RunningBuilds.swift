/// The builds that run, so that one of them can be stopped.
actor RunningBuilds {
    private var tasks: [String: Task<Void, Never>] = [:]
    private var withdrawn: Set<String> = []

    /// Runs a build to its end. It is cancelled with the calling task, or by ``stop(_:)``.
    func run(_ id: String, _ body: @escaping @Sendable () async -> Void) async {
        let task = Task { await body() }
        tasks[id] = task
        // It was taken back between its way out of the queue and here.
        if withdrawn.contains(id) { task.cancel() }
        await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
        tasks[id] = nil
        withdrawn.remove(id)
    }

    /// Stops a build, since nobody waits for it. One that is on its way out of the queue is stopped when it gets here.
    func stop(_ id: String) {
        withdrawn.insert(id)
        tasks[id]?.cancel()
    }

    /// Forgets that a build was to be stopped, unless it still runs: it had ended by itself.
    func forgetStop(_ id: String) {
        if tasks[id] == nil { withdrawn.remove(id) }
    }

    /// Whether a build ends because nobody waits for it, and not because the service does.
    func isWithdrawn(_ id: String) -> Bool { withdrawn.contains(id) }
}
