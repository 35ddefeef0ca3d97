public import Posix

/// The emerge that a phase belongs to.
public struct EmergeProcess: Equatable, Sendable {
    /// Its process number, as the outermost visible namespace counts.
    public let pid: Int32
    /// When it started, in clock ticks since boot.
    public let started: UInt64
    /// The Python that runs it, as an absolute path that keeps a virtual environment's; nil when it is not to be seen.
    public let python: String?
    /// The process on the chain.
    public let link: ProcessChain.Link

    /// A name that no other emerge since boot has.
    public var name: String { "\(pid)-\(started)" }

    /// An emerge that is known by number and start.
    public init(pid: Int32, started: UInt64) {
        self.pid = pid
        self.started = started
        link = ProcessChain.Link(pid: pid, started: started, arguments: [])
        python = nil
    }

    /// The emerge on a process chain (nearest first); nil when `ebuild` started the phase, or nothing that is known.
    ///
    /// emerge forks helpers that look like itself, a new one for each phase: the outermost of them is meant.
    public init?(chain: [ProcessChain.Link]) {
        guard let first = chain.firstIndex(where: { ["emerge", "ebuild"].contains(Self.program($0.arguments)) }),
            Self.program(chain[first].arguments) == "emerge"
        else { return nil }
        let same = chain[first...].prefix { $0.arguments == chain[first].arguments }
        let link = same.last ?? chain[first]
        self.link = link
        pid = link.pid
        started = link.started
        let interpreter = link.arguments.first ?? ""
        python = interpreter.hasPrefix("/") && Self.isPython(Self.lastComponent(interpreter)) ? interpreter : nil
    }

    /// What a command line runs.
    public static func program(_ arguments: [String]) -> String { ProcessChain.program(arguments) }

    private static func isPython(_ name: String) -> Bool { ProcessChain.isPython(name) }

    private static func lastComponent(_ path: String) -> String {
        path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[path.utf8.index(after: $0)...]) } ?? path
    }
}
