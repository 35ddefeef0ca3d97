/// How far one emerge is: its packages, and where each stands.
///
/// A value that only changes by what is told to it, so that the same story always gives the same state. The sources tell
/// it in any order and more than once; what a source cannot know, it leaves as it is.
public struct SessionState: Equatable, Sendable {
    /// Where a package stands.
    public enum Stage: Equatable, Sendable {
        /// Not begun.
        case waiting
        /// A phase of its build runs, or its binary package is fetched or unpacked.
        case building
        /// It is built, and waits until others are (FEATURES=merge-wait) to be merged.
        case built
        /// It is copied to the live system.
        case merging
        /// It is merged.
        case done
        /// Its build or merge failed.
        case failed
        /// It is no longer in the list, since what it needs failed (--keep-going).
        case dropped
    }

    /// What tells a package from all others of a merge list.
    public struct Key: Hashable, Sendable {
        /// `CATEGORY/PF`.
        public let cpv: String
        /// The root, with a slash at its end.
        public let root: String

        /// A key of these values.
        public init(cpv: String, root: String) {
            self.cpv = cpv
            self.root = root.hasSuffix("/") ? root : root + "/"
        }
    }

    /// A package of the merge list.
    public struct Package: Equatable, Sendable {
        /// Which one.
        public let key: Key
        /// Whether it is a binary package.
        public let isBinary: Bool
        /// Where it stands.
        public internal(set) var stage = Stage.waiting
        /// The phase that runs, if it is known.
        public internal(set) var phase: String?
        /// When it began, in seconds since 1970.
        public internal(set) var started: Double?
        /// When its build was over; merging can wait for others.
        public internal(set) var built: Double?
        /// When it was done or failed.
        public internal(set) var ended: Double?
        /// How long it will take, in seconds, as its earlier builds did.
        public var expected: Double?

        /// A package that waits.
        public init(key: Key, isBinary: Bool) {
            self.key = key
            self.isBinary = isBinary
        }

        /// How long it has taken, in seconds, as far as it is known: a built one's build.
        public func elapsed(now: Double) -> Double? { started.map { max(0, (built ?? ended ?? now) - $0) } }

        /// Whether emerge works on it.
        public var isRunning: Bool { stage == .building || stage == .merging }
        /// Whether emerge has begun and not ended with it.
        public var isBegun: Bool { isRunning || stage == .built }
    }

    /// The packages in merge order; empty while the list is not known.
    public internal(set) var packages: [Package] = []
    /// When emerge was started, in seconds since 1970.
    public let started: Double
    /// The most jobs at a time, as far as they are known or seen.
    public internal(set) var jobs = 1
    var indices: [Key: Int] = [:]
    /// How many packages the log counts, when the list was known too late to have them all.
    var mostPositions = 0
    /// What the log told before the list was known.
    var early: [EmergeLogLine] = []

    /// An emerge that has just been started.
    public init(started: Double) { self.started = started }

    /// The places in `packages` of what emerge works on.
    public var running: [Int] { packages.indices.filter { packages[$0].isRunning } }
    /// How many packages are at this stage.
    public func count(_ stage: Stage) -> Int { packages.count { $0.stage == stage } }

    /// The place of a package.
    public func index(of key: Key) -> Int? { indices[key] }

    /// How long the rest will take, in seconds, and whether every package left has a known time; nil when none has.
    public func left(now: Double) -> (seconds: Double, isComplete: Bool)? {
        var sum = 0.0
        var longest = 0.0
        var known = 0
        var isComplete = true
        for package in packages where package.stage == .waiting || package.stage == .building {
            guard let expected = package.expected else {
                isComplete = false
                continue
            }
            known += 1
            let rest = max(0, expected - (package.started.map { max(0, now - $0) } ?? 0))
            sum += rest
            longest = max(longest, rest)
        }
        return known == 0 ? nil : (max(longest, sum / Double(max(1, jobs))), isComplete)
    }
}

extension SessionState {
    /// How long packages will take, by CPV, in seconds.
    public mutating func expect(_ seconds: [String: Double]) {
        for index in packages.indices where !packages[index].isBinary {
            packages[index].expected = seconds[packages[index].key.cpv]
        }
    }
}
