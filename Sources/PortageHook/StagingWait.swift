import AgentProtocol
import Glibc
import Posix

/// Waiting, in a source phase, for what the agent makes of the package: no socket and no network, only files of root's.
struct StagingWait {
    /// How the wait ended.
    enum Outcome: Equatable {
        /// The state file is there.
        case ended(StageState)
        /// Nobody holds the lock, and there is no state.
        case gone
        /// The lock is held, but its holder gave no sign of life for long.
        case hanging
        /// The time is over.
        case tooLong
    }

    let staging: StagingDirectory
    /// Writes a line for people.
    let say: (String) -> Void
    /// The time now.
    var now: () -> MonotonicTime = { .now }
    /// Pauses for so many milliseconds.
    var pause: (Int) -> Void = { usleep(UInt32($0) * 1000) }

    /// How long the agent may give no sign of life, in milliseconds. It touches its lock every few seconds.
    static let patience = 40_000

    private var shown = 0
    private var sign: Int64 = 0
    private var signSeen = MonotonicTime.now

    init(staging: StagingDirectory, say: @escaping (String) -> Void) {
        self.staging = staging
        self.say = say
    }

    /// Waits, and shows the agent's lines as they come.
    mutating func run(until deadline: MonotonicTime) -> Outcome {
        signSeen = now()
        let start = signSeen
        while true {
            // In this order: an agent tells its last line, then writes the state, then gives the lock back.
            let isHeld = FileLock.isHeld(staging.lock)
            let state = staging.readState()
            showProgress()
            if let state { return .ended(state) }
            if !isHeld { return .gone }
            if !isAlive() { return .hanging }
            let present = now()
            if present >= deadline { return .tooLong }
            let waited = present.nanoseconds - start.nanoseconds
            pause(waited < 500_000_000 ? 4 : waited < 10_000_000_000 ? 25 : 100)
        }
    }

    /// Whether the lock was touched lately: its time is only compared with itself, so a wrong clock does not matter.
    private mutating func isAlive() -> Bool {
        let touched = Files.status(staging.lock)?.modified ?? 0
        if touched != sign {
            sign = touched
            signSeen = now()
        }
        return now() < signSeen.advanced(byMilliseconds: Self.patience)
    }

    /// Shows the whole lines that were added since the last time.
    private mutating func showProgress() {
        guard let size = Files.status(staging.progress)?.size, size > shown,
            let bytes = try? Files.read(staging.progress, limit: 1 << 20), bytes.count > shown,
            let end = bytes.lastIndex(of: UInt8(ascii: "\n")), end >= shown
        else { return }
        for line in bytes[shown..<end].split(separator: UInt8(ascii: "\n")) {
            say("portmanteau: " + String(decoding: line, as: UTF8.self).printable)
        }
        shown = end + 1
    }
}
