import Glibc
import Posix
import Sandbox
import Synchronization

/// A target's root that stays mounted between builds, so that what was read once need not be read again.
///
/// It is mounted in a namespace of its own and goes away with this process, however that ends. Without a user it ends
/// after some time.
final class WarmMount: Sendable {
    /// How it ended, if it did.
    final class Ending: Sendable {
        private struct State {
            var reason: String?
            var waiting: [CheckedContinuation<String, Never>] = []
        }

        private let state = Mutex(State())

        /// Why there is no mount any more; nil as long as there is one.
        var reason: String? { state.withLock(\.reason) }

        func set(_ reason: String) {
            let waiting = state.withLock { state in
                defer { state.waiting = [] }
                state.reason = state.reason ?? reason
                return state.waiting
            }
            for continuation in waiting { continuation.resume(returning: reason) }
        }

        /// Waits for it.
        func wait() async -> String {
            await withCheckedContinuation { continuation in
                let known = state.withLock { state in
                    if state.reason == nil { state.waiting.append(continuation) }
                    return state.reason
                }
                if let known { continuation.resume(returning: known) }
            }
        }
    }

    /// Where the root appears.
    let place: String
    /// A process that sees it there.
    let process: Int32
    /// What was installed when it was mounted.
    let stamp: RootStamp
    let ending: Ending

    private struct Users {
        var count = 1
        /// How often somebody took it.
        var turns = 0
        /// Whether it ends with its last user.
        var isStale = false
    }

    private let users = Mutex(Users())
    private let stop: AsyncStream<Void>.Continuation
    private let idleSeconds: Int

    private init(
        place: String, process: Int32, stamp: RootStamp, ending: Ending, stop: AsyncStream<Void>.Continuation,
        idleSeconds: Int
    ) {
        self.place = place
        self.process = process
        self.stamp = stamp
        self.ending = ending
        self.stop = stop
        self.idleSeconds = idleSeconds
    }

    deinit { stop.finish() }

    /// Mounts a root for the caller, who releases it.
    static func make(
        _ target: SSHTarget, place: String, stamp: RootStamp, idleSeconds: Int
    ) async throws(BuildError) -> WarmMount {
        let command = try await target.mountCommand(at: place)
        do {
            try Files.makeDirectories(place)
        } catch {
            throw .failed(reason: "\(error)")
        }
        let ending = Ending()
        let (ready, announce) = AsyncStream.makeStream(of: Result<Int32, BuildError>.self)
        let (stopped, stop) = AsyncStream.makeStream(of: Void.self)
        Task.detached {
            do throws(HeldMountError) {
                _ = try await HeldMount(command: command, place: place).hold { process in
                    announce.yield(.success(process))
                    for await _ in stopped {}
                    return Result<Bool, BuildError>.success(true)
                }
                ending.set("the mount was ended")
            } catch {
                announce.yield(.failure(.unusableHost(reason: "cannot read the root of \(target): \(error)")))
                if case .lost(let reason) = error { ending.set(reason) } else { ending.set("\(error)") }
            }
            announce.finish()
            rmdir(place)
        }
        for await answer in ready {
            return WarmMount(
                place: place, process: try answer.get(), stamp: stamp, ending: ending, stop: stop,
                idleSeconds: idleSeconds)
        }
        throw .cancelled
    }

    /// One more user; false when it is there no longer.
    func take() -> Bool {
        guard ending.reason == nil else { return false }
        users.withLock { users in
            users.count += 1
            users.turns += 1
        }
        return true
    }

    /// One user less.
    func release() {
        let (turn, isStale) = users.withLock { users in
            users.count -= 1
            return (users.count == 0 ? users.turns : nil, users.isStale)
        }
        guard let turn else { return }
        if isStale {
            stop.finish()
            return
        }
        let seconds = idleSeconds
        Task { [weak self] in
            try? await Task.sleep(for: .seconds(seconds))
            self?.endIfIdle(since: turn)
        }
    }

    private func endIfIdle(since turn: Int) {
        if users.withLock({ $0.count == 0 && $0.turns == turn }) { stop.finish() }
    }

    /// Lets it end with its last user: it does not show any more what is there.
    func retire() {
        let isIdle = users.withLock { users in
            users.isStale = true
            return users.count == 0
        }
        if isIdle { stop.finish() }
    }

    /// Unmounts.
    func end() async {
        stop.finish()
        _ = await ending.wait()
    }
}
