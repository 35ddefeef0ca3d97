import Glibc
import Posix
import Subprocess
import SystemPackage

/// What builds take on disk.
enum DiskUse {
    /// What the files below some directories take, in bytes; mounts are not followed.
    static func bytes(below directories: [String]) async -> Int {
        let result = try? await run(
            .path("/usr/bin/du"), arguments: Arguments(["-scx", "--block-size=1", "--"] + directories),
            output: .string(limit: 1 << 20), error: .discarded)
        let total = result?.standardOutput.split(separator: "\n").last?.split(separator: "\t").first
        return total.flatMap { Int($0) } ?? 0
    }

    /// What is free on the file system of a directory, in bytes; nil when that cannot be asked.
    static func free(at directory: String) -> Int? {
        var status = statvfs()
        guard statvfs(directory, &status) == 0 else { return nil }
        return Int(status.f_bavail) * Int(status.f_frsize)
    }
}

/// Runs something as long as it does not fill the disk.
struct DiskGuard: Sendable {
    /// What is written to; asked again each time.
    let directories: @Sendable () -> [String]
    let limits: BuildLimits

    private enum Event: Sendable {
        case done(Result<BuildResult, BuildError>)
        case full(String)
        case over
    }

    /// Runs a build; it is cancelled, and fails with a sentence, when it writes more than it may.
    func hold(
        _ body: @escaping @Sendable () async -> Result<BuildResult, BuildError>
    ) async throws(BuildError) -> BuildResult {
        let (result, reason) = await withTaskGroup(of: Event.self) { group in
            group.addTask { .done(await body()) }
            group.addTask { await watch() }
            var result: Result<BuildResult, BuildError> = .failure(.cancelled)
            var reason: String?
            while let event = await group.next() {
                switch event {
                case .done(let outcome): result = outcome
                case .full(let text): reason = text
                case .over: break
                }
                group.cancelAll()
            }
            return (result, reason)
        }
        if let reason, case .failure = result { throw .failed(reason: reason) }
        return try result.get()
    }

    /// Free space is looked at every half second; what was written, which takes longer to count, in a tenth of the time.
    private func watch() async -> Event {
        var next = MonotonicTime.now
        while !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(500))
            if Task.isCancelled { break }
            let directories = directories()
            if let first = directories.first, let free = DiskUse.free(at: first), free < limits.reserve {
                return .full("stopped: less than \(limits.reserve >> 20) MiB are free where it is built")
            }
            guard .now > next else { continue }
            let start = MonotonicTime.now
            let used = await DiskUse.bytes(below: directories)
            if used > limits.disk {
                return .full("stopped: it wrote more than \(limits.disk >> 20) MiB, which is the limit")
            }
            let taken = Int((MonotonicTime.now.nanoseconds - start.nanoseconds) / 1_000_000)
            next = MonotonicTime.now.advanced(byMilliseconds: max(1000, 10 * taken))
        }
        return .over
    }
}
