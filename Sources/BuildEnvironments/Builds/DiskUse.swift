import Glibc
import Subprocess
import SystemPackage

/// What builds take on disk.
enum DiskUse {
    /// What the files below some directories take, in bytes; mounts are not followed.
    static func bytes(below directories: [String]) async -> Int {
        let result = try? await run(
            .path("/usr/bin/du"), arguments: Arguments(["-scx", "--block-size=1", "--"] + directories),
            output: .string(limit: 1 << 20), error: .discarded)
        let total = result?.standardOutput.split(separator: "\n").last?.split(separator: "\t").first
        return total.flatMap { Int($0) } ?? 0
    }

    /// What is free on the file system of a directory, in bytes; nil when that cannot be asked.
    static func free(at directory: String) -> Int? {
        var status = statvfs()
        guard statvfs(directory, &status) == 0 else { return nil }
        return Int(status.f_bavail) * Int(status.f_frsize)
    }
}
