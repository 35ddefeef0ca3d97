import Glibc
public import Posix

/// How long packages took to build on this machine.
public struct BuildHistory: Equatable, Sendable {
    /// The builds known, oldest first.
    public let builds: [PastBuild]

    /// How many of the latest builds of a package count.
    public static let window = 10
    /// How much of the log's end is read: about 100,000 lines.
    public static let readLimit = 8 << 20

    /// A history of these builds.
    public init(builds: [PastBuild]) { self.builds = builds }

    /// Reads the end of a log. A log that is not there is an empty history.
    ///
    /// - Parameters:
    ///   - path: `/var/log/emerge.log`, or where `EMERGE_LOG_DIR` puts it.
    ///   - staged: which of its packages were not compiled.
    ///   - limit: the bytes to read from the end; the line that is cut there is left out.
    public init(
        log path: String, excluding staged: StagedRecord, limit: Int = BuildHistory.readLimit
    ) throws(PosixError) {
        self = BuildHistory(builds: EmergeLog.builds(in: try readEnd(of: path, limit: limit)))
            .excluding(staged.entries)
    }

    /// The history without the builds that these packages and times belong to: a package that was staged and not
    /// compiled stands in the log like any other.
    ///
    /// - Parameter staged: CPV and time of staging, in seconds since 1970.
    func excluding(_ staged: [(cpv: String, time: Int)]) -> BuildHistory {
        guard !staged.isEmpty else { return self }
        var times: [String: [Int]] = [:]
        for (cpv, time) in staged { times[cpv, default: []].append(time) }
        return BuildHistory(
            builds: builds.filter { build in
                // The log has whole seconds, and the merge comes after the staging.
                let isStaged = times[build.cpv]?.contains { time in
                    (build.ended - build.seconds - 600...build.ended + 1).contains(time)
                }
                return isStaged != true
            })
    }

    /// The medians of the last builds of these versions' packages, of whatever version, in seconds, by CPV; what was
    /// never built is left out.
    public func medians(of cpvs: some Sequence<String>) -> [String: Double] {
        let past = Dictionary(grouping: builds) { package(of: $0.cpv) }
        return cpvs.reduce(into: [:]) { result, cpv in
            if result[cpv] == nil, let builds = past[package(of: cpv)] { result[cpv] = middle(of: builds) }
        }
    }

    /// The median of the last builds, in seconds.
    private func middle(of builds: [PastBuild]) -> Double? {
        let seconds = builds.suffix(Self.window).map(\.seconds).sorted()
        guard !seconds.isEmpty else { return nil }
        let middle = seconds.count / 2
        return seconds.count % 2 == 1 ? Double(seconds[middle]) : Double(seconds[middle - 1] + seconds[middle]) / 2
    }
}

/// `CATEGORY/NAME` of a CPV: without the version, and the revision if there is one.
private func package(of cpv: String) -> Substring {
    var parts = cpv.split(separator: "-", omittingEmptySubsequences: false)
    if parts.count > 2, let last = parts.last, last.first == "r", last.dropFirst().allSatisfy(\.isNumber) {
        parts.removeLast()
    }
    let length = parts.dropLast().reduce(-1) { $0 + $1.count + 1 }
    return length > 0 ? cpv.prefix(length) : cpv[...]
}

/// The last bytes of a file, from the beginning of a line on; empty when there is no such file.
private func readEnd(of path: String, limit: Int) throws(PosixError) -> [UInt8] {
    let fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard fd >= 0 else {
        if errno == ENOENT { return [] }
        throw PosixError("read", path, code: errno)
    }
    defer { close(fd) }
    var status = stat()
    guard fstat(fd, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
        throw PosixError("read", path, code: EINVAL)
    }
    let start = max(0, Int(status.st_size) - limit)
    guard lseek(fd, start, SEEK_SET) >= 0 else { throw PosixError("read", path, code: errno) }
    // The log may grow while it is read.
    let bytes = try Files.readAll(fd, path: path, limit: limit + (1 << 20))
    return start == 0 ? bytes : Array(bytes.drop { $0 != 10 }.dropFirst())
}
