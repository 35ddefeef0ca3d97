import Glibc
import Posix

/// A group of processes that share limits: control groups of the kernel, version 1 or 2.
public struct ControlGroup: Equatable, Sendable {
    /// The group's directories, one for each hierarchy.
    public let directories: [String]
    /// The longest list of processes and the memory, for sentences.
    private let memory: Int?
    private let processes: Int

    /// Makes a group of this name; nil when this system has no control groups that can be written to.
    ///
    /// - Parameters:
    ///   - memory: what its processes may use together, in bytes; nil for no limit.
    ///   - processes: how many processes and threads there may be at once.
    public static func make(_ name: String, memory: Int?, processes: Int) -> ControlGroup? {
        guard let text = try? Files.readText("/proc/self/mountinfo", limit: 4 << 20) else { return nil }
        let own = (try? Files.readText("/proc/self/cgroup", limit: 1 << 20)) ?? ""
        let parents = Hierarchy.find(mountinfo: text, own: own)
        guard !parents.isEmpty else { return nil }
        var made: [String] = []
        for parent in parents {
            let directory = "\(parent.path)/\(name)"
            guard parent.isReady, mkdir(directory, 0o755) == 0 || errno == EEXIST else {
                for directory in made { rmdir(directory) }
                return nil
            }
            made.append(directory)
            for (file, value) in parent.settings(memory: memory, processes: processes) {
                try? write(value, to: "\(directory)/\(file)")
            }
        }
        return ControlGroup(directories: made, memory: memory, processes: processes)
    }

    private static func write(_ value: String, to path: String) throws(PosixError) {
        let fd = open(path, O_WRONLY | O_CLOEXEC)
        guard fd >= 0 else { throw PosixError("write", path, code: errno) }
        defer { close(fd) }
        try Files.writeAll(fd, Array(value.utf8), path: path)
    }

    /// The files that a process writes its number to, to join.
    var doors: [String] { directories.map { $0 + "/cgroup.procs" } }

    /// How often a process of it could not make another one, because there were as many as there may be.
    public var refusedProcesses: Int { count("pids.events", "max") }

    /// What is said of a build that wants more processes than there may be.
    public var processExcess: String { "it wanted more than \(processes) processes at once, which is the limit" }

    /// Which limit was met, as a sentence; nil when none was.
    public var excess: String? {
        if let memory, count("memory.oom_control", "oom_kill") + count("memory.events", "oom_kill") > 0 {
            return "it wanted more than \(memory >> 20) MiB of memory, which is the limit"
        }
        return refusedProcesses > 0 ? processExcess : nil
    }

    /// What stands behind a word in a file of the group; 0 when it is not there.
    private func count(_ file: String, _ key: String) -> Int {
        for directory in directories {
            guard let text = try? Files.readText("\(directory)/\(file)", limit: 1 << 16) else { continue }
            for line in text.split(separator: "\n") {
                let words = line.split(separator: " ")
                if words.count == 2, words[0] == key { return Int(words[1]) ?? 0 }
            }
        }
        return 0
    }

    /// Removes the group. What is still in it is killed first.
    public func remove() {
        for directory in directories {
            for _ in 0..<200 where rmdir(directory) != 0 && errno == EBUSY {
                let text = (try? Files.readText(directory + "/cgroup.procs", limit: 1 << 20)) ?? ""
                for pid in text.split(separator: "\n").compactMap({ Int32($0) }) where pid > 1 { kill(pid, SIGKILL) }
                usleep(10_000)
            }
        }
    }
}

/// A place where groups can be made.
private struct Hierarchy {
    /// The directory of the parent group.
    let path: String
    let hasMemory: Bool
    let hasProcesses: Bool
    let isUnified: Bool

    /// The hierarchies with the controllers for memory and for the number of processes; empty when one is missing.
    static func find(mountinfo: String, own: String) -> [Hierarchy] {
        var found: [Hierarchy] = []
        for line in mountinfo.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 6, let dash = fields[6...].firstIndex(of: "-"), dash + 3 < fields.endIndex else {
                continue
            }
            let point = String(fields[4])
            let options = fields[dash + 3].split(separator: ",")
            if fields[dash + 1] == "cgroup" {
                let memory = options.contains("memory")
                let processes = options.contains("pids")
                guard memory || processes else { continue }
                // Below the service's own group, whose limits go on to hold.
                let name: Substring = memory ? "memory" : "pids"
                let group = own.split(separator: "\n").compactMap { line -> Substring? in
                    let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
                    return parts.count == 3 && parts[1].split(separator: ",").contains(name) ? parts[2] : nil
                }.first.map { $0 == "/" ? "" : String($0) }
                let path = [point + (group ?? ""), point].first(where: Files.exists) ?? point
                found.append(
                    Hierarchy(path: path, hasMemory: memory, hasProcesses: processes, isUnified: false))
            } else if fields[dash + 1] == "cgroup2" {
                let controllers =
                    (try? Files.readText(point + "/cgroup.controllers", limit: 4096))?
                    .split(whereSeparator: { $0 == " " || $0 == "\n" }) ?? []
                guard controllers.contains("memory"), controllers.contains("pids") else { continue }
                found.append(
                    Hierarchy(path: point + "/portmanteau", hasMemory: true, hasProcesses: true, isUnified: true))
            }
        }
        let whole = found.filter(\.isUnified)
        if let whole = whole.first { return [whole] }
        return found.contains(where: \.hasMemory) && found.contains(where: \.hasProcesses) ? found : []
    }

    /// Whether groups can be made; in version 2 controllers have to be handed down first.
    var isReady: Bool {
        guard isUnified else { return true }
        let root = String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)])
        try? ControlGroup.enable(root)
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else { return false }
        try? ControlGroup.enable(path)
        return (try? Files.readText(path + "/cgroup.subtree_control", limit: 4096))?.contains("pids") == true
    }

    func settings(memory: Int?, processes: Int) -> [(String, String)] {
        var result: [(String, String)] = []
        if hasProcesses { result.append(("pids.max", "\(processes)")) }
        if hasMemory {
            let value = memory.map { "\($0)" }
            result.append(isUnified ? ("memory.max", value ?? "max") : ("memory.limit_in_bytes", value ?? "-1"))
        }
        return result
    }
}

extension ControlGroup {
    fileprivate static func enable(_ directory: String) throws(PosixError) {
        try write("+memory +pids", to: directory + "/cgroup.subtree_control")
    }
}
