import Posix

/// The emerge that a phase belongs to.
struct EmergeProcess: Equatable, Sendable {
    /// Its process number, as the outermost visible namespace counts.
    let pid: Int32
    /// When it started, in clock ticks since boot.
    let started: UInt64
    /// The Python that runs it, as an absolute path that keeps a virtual environment's; nil when it is not to be seen.
    let python: String?
    /// The process on the chain.
    let link: ProcessChain.Link

    /// A name that no other emerge since boot has.
    var name: String { "\(pid)-\(started)" }

    /// The emerge on a process chain (nearest first); nil when `ebuild` started the phase, or nothing that is known.
    ///
    /// emerge forks helpers that look like itself, a new one for each phase: the outermost of them is meant.
    init?(chain: [ProcessChain.Link]) {
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

    /// What a command line runs: the script's name when it is a Python that runs one.
    static func program(_ arguments: [String]) -> String {
        var words = arguments[...]
        // A process that named itself has its whole title as one argument.
        if words.count == 1, let title = words.first {
            words = title.split(separator: " ").map(String.init)[...]
        }
        guard let first = words.popFirst() else { return "" }
        let name = lastComponent(first)
        guard isPython(name) else { return name }
        for word in words {
            if word == "-c" || word == "-m" { return name }
            if !word.hasPrefix("-") { return lastComponent(word) }
        }
        return name
    }

    private static func isPython(_ name: String) -> Bool { name.hasPrefix("python") || name.hasPrefix("pypy") }

    private static func lastComponent(_ path: String) -> String {
        path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[path.utf8.index(after: $0)...]) } ?? path
    }
}
