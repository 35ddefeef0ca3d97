import Glibc
import Synchronization

/// Whether the person pressed Ctrl-C. A second time ends the program at once.
enum Interruption {
    private static let flag = Atomic<Bool>(false)

    /// Whether it happened since ``watch()``.
    static var happened: Bool { flag.load(ordering: .relaxed) }

    /// Begins to watch.
    static func watch() {
        flag.store(false, ordering: .relaxed)
        signal(SIGINT) { _ in
            Interruption.flag.store(true, ordering: .relaxed)
            signal(SIGINT, SIG_DFL)
        }
    }
}
