import CPosix
import Glibc

/// Which program started this one, and who started that: read from `/proc`, through a pid sandbox.
///
/// In a phase with FEATURES=pid-sandbox the visible `/proc` shows only the sandbox. The real one lies below it; a
/// child in a mount namespace of its own uncovers it, and `/proc/self` there is that child as the outside sees it.
public enum ProcessChain {
    /// A process on the chain.
    public struct Link: Equatable, Sendable {
        /// Its number as the outermost visible pid namespace counts.
        public let pid: Int32
        /// When it started, in clock ticks since boot: with the number, a name that no other process gets.
        public let started: UInt64
        /// Its arguments.
        public let arguments: [String]

        /// A link of the chain.
        public init(pid: Int32, started: UInt64, arguments: [String]) {
            self.pid = pid
            self.started = started
            self.arguments = arguments
        }
    }

    /// The processes above this one, nearest first, as far as they can be seen.
    public static func ancestors() -> [Link] {
        let visible = readChain()
        guard isSandboxed(visible) else { return visible }
        // The first link below is this process, as the outside sees it.
        let whole = uncovered { Array(readChain().dropFirst()) } ?? []
        return whole.isEmpty ? visible : whole
    }

    /// The environment that a process of the chain was started with, as `NAME=VALUE`; nil when it cannot be read.
    public static func environment(of link: Link) -> [String]? {
        func read() -> [UInt8] {
            guard isAlive(link.pid, started: link.started) else { return [] }
            return (try? Files.read("/proc/\(link.pid)/environ", limit: 4 << 20)) ?? []
        }
        let bytes = isSandboxed(readChain()) ? uncovered(read) : read()
        guard let bytes, !bytes.isEmpty else { return nil }
        return bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }

    /// A process and those above it, nearest first, as far as they can be seen in this process's own `/proc`.
    public static func chain(from pid: Int32) -> [Link] {
        pid > 0 ? readChain(from: pid) : []
    }

    /// Whether a process is still the one that a link names.
    public static func isAlive(_ pid: Int32, started: UInt64) -> Bool { stat(of: String(pid))?.started == started }

    /// Whether a process of the chain still runs, as far as that can be seen: seen from inside a sandbox, too.
    public static func isAlive(_ link: Link) -> Bool {
        func look() -> Bool { isAlive(link.pid, started: link.started) }
        return (isSandboxed(readChain()) ? uncovered(look) : look()) != false
    }

    /// Whether the visible `/proc`, in which the chain is this one, is that of a pid sandbox.
    private static func isSandboxed(_ visible: [Link]) -> Bool {
        visible.last?.arguments.contains { $0.hasSuffix("pid-ns-init") } == true
    }

    /// What is read below the sandbox's `/proc`; nil when that is not allowed.
    private static func uncovered<Result>(_ read: () -> Result) -> Result? {
        withoutActuallyEscaping(read) { read in
            var result: Result?
            var call = { result = read() }
            let code = withUnsafeMutablePointer(to: &call) { call in
                cposix_below_proc({ $0?.assumingMemoryBound(to: (() -> Void).self).pointee() }, call)
            }
            // Half of something may have been written: nothing can be done any more, not even free it.
            if code < 0 { _exit(0) }
            return result
        }
    }

    /// Follows parents from `/proc/self` upwards, this process's parent first.
    private static func readChain() -> [Link] {
        stat(of: "self").map { readChain(from: $0.parent) } ?? []
    }

    private static func readChain(from first: Int32) -> [Link] {
        var links: [Link] = []
        var next = first
        while next > 0, links.count < 64, let (parent, started) = stat(of: String(next)) {
            links.append(Link(pid: next, started: started, arguments: arguments(of: next)))
            next = parent
        }
        return links
    }

    /// What a command line runs: the script's name when it is a Python that runs one.
    public static func program(_ arguments: [String]) -> String {
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

    /// Whether this is a name of a Python interpreter.
    public static func isPython(_ name: String) -> Bool { name.hasPrefix("python") || name.hasPrefix("pypy") }

    private static func lastComponent(_ path: String) -> String {
        path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[path.utf8.index(after: $0)...]) } ?? path
    }

    /// All processes that can be seen, with their parents, lowest number first.
    public static func all() -> [(link: Link, parent: Int32)] {
        ((try? Files.list("/proc")) ?? []).compactMap { Int32($0) }.sorted().compactMap { pid in
            guard let (parent, started) = stat(of: String(pid)) else { return nil }
            return (Link(pid: pid, started: started, arguments: arguments(of: pid)), parent)
        }
    }

    /// When a process started, in clock ticks since boot; nil when there is none.
    public static func started(_ pid: Int32) -> UInt64? { stat(of: String(pid))?.started }

    /// That time in seconds since 1970.
    public static func date(ofTicks ticks: UInt64) -> Double? {
        guard let text = try? Files.readText("/proc/stat", limit: 4 << 20),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("btime ") }),
            let boot = Double(line.dropFirst(6))
        else { return nil }
        return boot + Double(ticks) / Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
    }

    private static func arguments(of pid: Int32) -> [String] {
        let raw = (try? Files.read("/proc/\(pid)/cmdline", limit: 1 << 20)) ?? []
        return raw.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Parent and start time from `/proc/PID/stat`; the command's name may hold blanks and brackets.
    private static func stat(of name: String) -> (parent: Int32, started: UInt64)? {
        guard let text = try? Files.read("/proc/\(name)/stat", limit: 4096),
            let bracket = text.lastIndex(of: UInt8(ascii: ")"))
        else { return nil }
        // Of bytes: each phase reads some of these, and what knows of Unicode is slow.
        let fields = text[(bracket + 1)...].split(separator: UInt8(ascii: " "))
        guard fields.count > 19, let parent = Int32(String(decoding: fields[1], as: UTF8.self)),
            let started = UInt64(String(decoding: fields[19], as: UTF8.self))
        else { return nil }
        return (parent, started)
    }
}
