/// Tells those who wait for something that it changed. What is told is only that; they look for themselves.
actor Changes {
    private var waiters: [String: [Int: AsyncStream<Void>.Continuation]] = [:]
    private var lastNumber = 0
    private(set) var isClosed = false

    /// A stream with an element now, and one after changes of this name; several changes may give one element. It ends
    /// when the service does.
    func stream(of name: String) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        continuation.yield()
        guard !isClosed else {
            continuation.finish()
            return stream
        }
        lastNumber += 1
        let number = lastNumber
        waiters[name, default: [:]][number] = continuation
        continuation.onTermination = { _ in Task { await self.remove(name, number) } }
        return stream
    }

    /// Something of this name changed.
    func tell(_ name: String) {
        for continuation in waiters[name, default: [:]].values { continuation.yield() }
    }

    /// Wakes everybody: whoever writes to somebody far away learns whether that one is still there.
    func tellAll() {
        for continuation in waiters.values.flatMap(\.values) { continuation.yield() }
    }

    /// Ends all streams, and every one that is asked for from now on.
    func close() {
        isClosed = true
        for continuation in waiters.values.flatMap(\.values) { continuation.finish() }
        waiters = [:]
    }

    private func remove(_ name: String, _ number: Int) {
        waiters[name]?[number] = nil
        if waiters[name]?.isEmpty == true { waiters[name] = nil }
    }
}
