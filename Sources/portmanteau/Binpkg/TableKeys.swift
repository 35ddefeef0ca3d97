import Glibc
import Synchronization

/// The keys of the live table: `c` cancels the plan, `d` leaves it to the service.
///
/// Only where standard input is the terminal of the foreground. The terminal is as before after ``end()``, and after a
/// second Ctrl-C.
final class TableKeys: Sendable {
    /// What was pressed.
    enum Key: Sendable {
        case cancel, detach
    }

    private let before: termios?
    private let pressed = Mutex<Key?>(nil)

    /// Begins to take keys.
    ///
    /// - Parameter isWanted: whether there is a table at all.
    init(isWanted: Bool) {
        var settings = termios()
        guard isWanted, tcgetattr(0, &settings) == 0, tcgetpgrp(0) == getpgrp() else {
            before = nil
            return
        }
        before = settings
        settings.c_lflag &= ~tcflag_t(ICANON | ECHO)
        tcsetattr(0, TCSANOW, &settings)
        Interruption.restore(before)
    }

    /// Whether there are keys.
    var isActive: Bool { before != nil }

    /// What was pressed so far.
    var key: Key? {
        guard isActive else { return nil }
        return pressed.withLock { pressed in
            var waiting = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
            var byte: UInt8 = 0
            while pressed == nil, poll(&waiting, 1, 0) == 1, waiting.revents & Int16(POLLIN) != 0,
                read(0, &byte, 1) == 1
            {
                switch byte {
                case UInt8(ascii: "c"): pressed = .cancel
                case UInt8(ascii: "d"): pressed = .detach
                default: break
                }
            }
            return pressed
        }
    }

    /// Gives the terminal back.
    func end() {
        guard var before else { return }
        tcsetattr(0, TCSANOW, &before)
        Interruption.restore(nil)
    }
}
