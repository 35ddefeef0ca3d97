import Glibc
import Synchronization

/// Whether the person pressed Ctrl-C. A second time ends the program at once.
enum Interruption {
    private static let flag = Atomic<Bool>(false)

    /// Whether it happened since ``watch()``.
    static var happened: Bool { flag.load(ordering: .relaxed) }

    /// What the terminal was before its keys were taken; a second Ctrl-C gives it back.
    nonisolated(unsafe) private static var terminal = termios()
    private static let hasTerminal = Atomic<Bool>(false)

    /// What to give back to the terminal when the program is ended; nil: nothing any more.
    static func restore(_ settings: termios?) {
        hasTerminal.store(false, ordering: .releasing)
        guard let settings else { return }
        terminal = settings
        hasTerminal.store(true, ordering: .releasing)
    }

    /// Begins to watch.
    static func watch() {
        flag.store(false, ordering: .relaxed)
        signal(SIGINT) { _ in
            let isSecond = Interruption.flag.exchange(true, ordering: .relaxed)
            guard isSecond else { return }
            if Interruption.hasTerminal.load(ordering: .acquiring) { tcsetattr(0, TCSANOW, &Interruption.terminal) }
            signal(SIGINT, SIG_DFL)
            raise(SIGINT)
        }
    }
}
