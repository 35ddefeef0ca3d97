import Glibc

/// The modes of a terminal: saved, made raw, and set again.
public struct TerminalMode: Sendable {
    private let saved: termios

    /// The present modes of the terminal behind a descriptor; nil when it is none.
    public init?(descriptor: Int32) {
        var modes = termios()
        guard tcgetattr(descriptor, &modes) == 0 else { return nil }
        saved = modes
    }

    /// Sets these modes.
    public func set(_ descriptor: Int32) {
        var modes = saved
        while tcsetattr(descriptor, TCSADRAIN, &modes) != 0, errno == EINTR {}
    }

    /// Sets these modes but raw: every byte goes through in both directions, and none is a signal.
    public func setRaw(_ descriptor: Int32) {
        var modes = saved
        cfmakeraw(&modes)
        while tcsetattr(descriptor, TCSADRAIN, &modes) != 0, errno == EINTR {}
    }

    /// Whether this process is in the foreground of the terminal behind a descriptor.
    public static func isForeground(_ descriptor: Int32) -> Bool { tcgetpgrp(descriptor) == getpgrp() }
}
