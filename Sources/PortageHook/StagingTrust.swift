import Glibc
import Posix

/// Whether a staging directory can be believed. PORTAGE_TMPDIR may be open to everybody (`/var/tmp`), so somebody else
/// could have made the directory first.
enum StagingTrust {
    /// Says what is wrong with a staging directory, or with one above it up to PORTAGE_TMPDIR; nil when nothing is.
    /// Directories that are not there are fine.
    ///
    /// - Parameter owner: the user that Portmanteau's own files belong to; root's are fine as well.
    static func problem(with path: String, below base: String, owner: UInt32) -> String? {
        guard path.hasPrefix(base + "/") else { return "\(path.printable) is not below \(base.printable)" }
        var current = base
        for component in path.dropFirst(base.count + 1).split(separator: "/") {
            current += "/" + component
            guard let status = Files.status(current) else { return nil }
            guard status.isDirectory else { return "\(current.printable) is not a directory" }
            guard status.owner == 0 || status.owner == owner else {
                return "\(current.printable) belongs to user \(status.owner)"
            }
            guard status.mode & 0o022 == 0 else { return "\(current.printable) can be written by others" }
        }
        return nil
    }

    /// The owner of what is installed below a prefix: root, or the user of an unprivileged Prefix.
    static func owner(of layout: InstallLayout) -> UInt32 { Files.status(layout.prefix + "/usr/libexec")?.owner ?? 0 }
}
