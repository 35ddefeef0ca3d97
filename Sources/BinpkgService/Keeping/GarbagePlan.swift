/// What may be removed from the service's disk, and what is: a decision without looking at anything.
public struct GarbagePlan: Sendable {
    /// Something that can be removed.
    public struct Item: Equatable, Sendable, Encodable {
        /// What it is.
        public enum Kind: String, Sendable, Encodable {
            case package, content, log, distfile
        }

        /// What it is.
        public let kind: Kind
        /// A package's name in the store, content's hash, a request's name, or a trust domain's directory and a file in
        /// it.
        public let name: String
        /// Its size on disk.
        public let bytes: Int
        /// Seconds since 1970 of its last use.
        public let lastUse: Double
    }

    /// What goes, least recently used first.
    public let removed: [Item]
    /// What stays, in bytes.
    public let kept: Int

    /// The shortest time that something stays after its last use, in seconds: who was told of it may fetch it.
    static let lease = 3600.0

    /// Decides.
    ///
    /// - Parameter items: all that may go if there is a reason; what is in use now is not among them.
    /// - Parameter fixed: the size of what counts and cannot go.
    init(_ items: [Item], fixed: Int, settings: KeepingSettings, now: Double) {
        let day = 86400.0
        let stays = max(Double(settings.keepDays) * day, Self.lease)
        var total = fixed + items.reduce(0) { $0 + $1.bytes }
        var removed: [Item] = []
        for item in items.sorted(by: { ($0.lastUse, $0.name) < ($1.lastUse, $1.name) }) {
            let age = now - item.lastUse
            guard age > stays else { continue }
            let isOld = settings.maximumDays.map { age > Double($0) * day } ?? false
            let isTooMuch = settings.maximumBytes.map { total > $0 } ?? false
            guard isOld || isTooMuch else { continue }
            removed.append(item)
            total -= item.bytes
        }
        self.removed = removed
        kept = total
    }
}
