/// What one build may take. Beyond it, it is stopped.
public struct BuildLimits: Equatable, Sendable {
    /// From its beginning to its end, with what it needs installed; in seconds.
    public var seconds: Int
    /// Memory of all its processes together, in bytes; nil for no limit.
    public var memory: Int?
    /// Processes and threads at one time.
    public var processes: Int
    /// What it may write, in bytes.
    public var disk: Int
    /// What it may write to each place that is in memory (`/tmp`, `/var/tmp`, `/dev/shm`, `/root` and the like), in bytes.
    public var memoryFiles: Int
    /// Free space that must stay on the file system of the state directory, in bytes.
    public var reserve: Int
    /// Other limits for single packages, by `CATEGORY/NAME`.
    public var packages: [String: Own]

    /// Limits of one package; nil takes the general one.
    public struct Own: Equatable, Sendable {
        /// See ``BuildLimits/seconds``.
        public var seconds: Int?
        /// See ``BuildLimits/memory``.
        public var memory: Int?
        /// See ``BuildLimits/disk``.
        public var disk: Int?

        /// Limits of these values.
        public init(seconds: Int? = nil, memory: Int? = nil, disk: Int? = nil) {
            self.seconds = seconds
            self.memory = memory
            self.disk = disk
        }
    }

    /// Limits of these values.
    public init(
        seconds: Int = 24 * 3600, memory: Int? = nil, processes: Int = 4096, disk: Int = 64 << 30,
        memoryFiles: Int = 1 << 30, reserve: Int = 256 << 20, packages: [String: Own] = [:]
    ) {
        self.seconds = seconds
        self.memory = memory
        self.processes = processes
        self.disk = disk
        self.memoryFiles = memoryFiles
        self.reserve = reserve
        self.packages = packages
    }

    /// What a place in memory holds: never more than a build may write at all, or have in memory.
    var inMemory: Int { max(4096, min(memoryFiles, disk, memory ?? .max)) }

    /// What is said of a build that found no room, while the file system has some.
    var inMemorySentence: String {
        "no space was left: places in memory, as /tmp, hold \(inMemory >> 20) MiB each (limits.memory_files_bytes)"
    }

    /// What holds for a package, by `CATEGORY/NAME`.
    public func limits(of name: String) -> BuildLimits {
        guard let own = packages[name] else { return self }
        var result = self
        result.seconds = own.seconds ?? seconds
        result.memory = own.memory ?? memory
        result.disk = own.disk ?? disk
        return result
    }
}
