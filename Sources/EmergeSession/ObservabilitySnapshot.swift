internal import FoundationEssentials

/// What an emerge with `FEATURES=observability` tells of itself (Portage 3.0.82 and later, schema 1).
///
/// Every input is either read or nil. What is missing or of another type is left out; an unknown schema is read as far as
/// it is like this one.
public struct ObservabilitySnapshot: Equatable, Sendable {
    /// A package that it works on.
    public struct Task: Equatable, Sendable {
        /// `CATEGORY/PF`.
        public var cpv: String
        /// The root it is merged to.
        public var root: String
        /// Whether it is built already, and only merged.
        public var isMerge: Bool
        /// The phase that runs, or `merge-wait`.
        public var phase: String?
        /// When its build began, in seconds since 1970.
        public var started: Double?

        /// A task of these values.
        public init(cpv: String, root: String, isMerge: Bool, phase: String? = nil, started: Double? = nil) {
            self.cpv = cpv
            self.root = root
            self.isMerge = isMerge
            self.phase = phase
            self.started = started
        }
    }

    /// The process number of the emerge.
    public var pid: Int32
    /// When this was so, in seconds since 1970.
    public var time: Double
    /// Packages that are merged.
    public var completed: Int
    /// Packages in the list.
    public var total: Int
    /// Packages that failed.
    public var failed: Int
    /// The most jobs at a time; nil when there is no limit.
    public var mostJobs: Int?
    /// What it works on, in the order in which it began.
    public var tasks: [Task]

    /// More than this is not read: thousands of tasks take less.
    public static let sizeLimit = 4 << 20

    /// A snapshot of these values.
    public init(
        pid: Int32, time: Double, completed: Int, total: Int, failed: Int, mostJobs: Int?, tasks: [Task]
    ) {
        self.pid = pid
        self.time = time
        self.completed = completed
        self.total = total
        self.failed = failed
        self.mostJobs = mostJobs
        self.tasks = tasks
    }

    /// Reads one JSON object. Nil when it is none, or of another kind.
    public init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count <= Self.sizeLimit, let raw = try? JSONDecoder().decode(Raw.self, from: Data(bytes)),
            raw.type == "snapshot", let pid = raw.pid, pid > 0
        else { return nil }
        self.init(
            pid: pid, time: raw.time ?? 0, completed: raw.completed ?? 0, total: raw.total ?? 0,
            failed: raw.failed ?? 0, mostJobs: raw.mostJobs, tasks: raw.tasks.compactMap(\.task))
    }

    private struct Raw: Decodable {
        var type: String?
        var pid: Int32?
        var time: Double?
        var completed: Int?
        var total: Int?
        var failed: Int?
        var mostJobs: Int?
        var tasks: [RawTask]

        private enum Keys: String, CodingKey { case type, emerge_pid, timestamp, jobs, tasks }
        private enum JobKeys: String, CodingKey { case completed, total, failed, max }

        init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: Keys.self)
            type = values.lenient(String.self, .type)
            pid = values.lenient(Int32.self, .emerge_pid)
            time = values.lenient(Double.self, .timestamp)
            let jobs = try? values.nestedContainer(keyedBy: JobKeys.self, forKey: .jobs)
            completed = jobs?.lenient(Int.self, .completed)
            total = jobs?.lenient(Int.self, .total)
            failed = jobs?.lenient(Int.self, .failed)
            mostJobs = jobs?.lenient(Int.self, .max)
            tasks = values.lenient([RawTask].self, .tasks) ?? []
        }
    }

    private struct RawTask: Decodable {
        var task: Task?

        private enum Keys: String, CodingKey { case cpv, root, kind, phase, start_time }

        init(from decoder: any Decoder) throws {
            guard let values = try? decoder.container(keyedBy: Keys.self), let cpv = values.lenient(String.self, .cpv)
            else { return }
            task = Task(
                cpv: cpv, root: values.lenient(String.self, .root) ?? "/",
                isMerge: values.lenient(String.self, .kind) == "merge", phase: values.lenient(String.self, .phase),
                started: values.lenient(Double.self, .start_time))
        }
    }
}

extension KeyedDecodingContainer {
    /// The value, or nil when it is not there or of another type.
    fileprivate func lenient<T: Decodable>(_ type: T.Type, _ key: Key) -> T? { try? decode(type, forKey: key) }
}
