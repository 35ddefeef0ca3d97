internal import Synchronization

/// Which packages were used since that was last written down.
final class PackageUses: Sendable {
    private let state = Mutex<[String: Double]>([:])

    /// A package was answered with, or fetched.
    func note(_ id: String) {
        let now = Store.now
        state.withLock { $0[id] = now }
    }

    /// All uses by package, in seconds since 1970; afterwards there are none.
    func take() -> [String: Double] {
        state.withLock { uses in
            defer { uses = [:] }
            return uses
        }
    }
}
