import CPosix
import Glibc

/// How long this process lives.
public enum ProcessLifetime {
    /// Ends this process (SIGTERM) when the one that started it ends: for work that only that one needs.
    public static func endWithParent() { cposix_die_with_parent() }
}

/// Who this process is.
public enum ProcessIdentity {
    /// Its effective user.
    public static var user: UInt32 { geteuid() }
}
