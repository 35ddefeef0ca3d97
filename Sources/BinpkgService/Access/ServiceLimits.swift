/// What callers may take of the service.
public struct ServiceLimits: Equatable, Sendable {
    /// `limits.requests_per_second`: how many requests one caller may make each second, over time.
    public var requestsPerSecond = 200
    /// `limits.burst`: how many it may make at once after a rest.
    public var burst = 2000
    /// `limits.caller_requests`: requests of one caller at one time, readers of logs included.
    public var callerRequests = 128
    /// `limits.parallel_requests`: requests of all callers at one time.
    public var parallelRequests = 1024
    /// `limits.connections`: connections at one time; more wait until one ends.
    public var connections = 2048
    /// `limits.header_bytes`: the size of a request's head.
    public var headerBytes = 32 << 10
    /// `limits.idle_seconds`: the longest silence of a client before and between requests.
    public var idleSeconds = 30
    /// `limits.stall_seconds`: the longest that one who sends or reads may stand still.
    public var stallSeconds = 60

    /// The defaults.
    public init() {}

    /// The least that a client must send in ``stallSeconds`` while it sends, in bytes for each second.
    static let slowest = 256

    /// The keys of the file and their values.
    var values: [(key: String, value: Int)] {
        [
            ("requests_per_second", requestsPerSecond), ("burst", burst), ("caller_requests", callerRequests),
            ("parallel_requests", parallelRequests), ("connections", connections), ("header_bytes", headerBytes),
            ("idle_seconds", idleSeconds), ("stall_seconds", stallSeconds),
        ]
    }
}
