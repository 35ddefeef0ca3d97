import Glibc
import Posix

/// One of the slots that distcc keeps for compilers on this machine, held as long as the value lives. Record locks end
/// with the process, however that dies.
struct LocalSlot: ~Copyable {
    private let file: Int32

    /// Waits for a slot, as distcc does. Nil when the directory cannot be used: then compilers are not counted.
    init?(directory: String, slots: Int) {
        var pause: useconds_t = 5_000
        while true {
            var isUsable = false
            for number in 0..<max(slots, 1) {
                let path = "\(directory)/cpu_localhost_\(number)"
                let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666)
                guard file >= 0 else { continue }
                var lock = Glibc.flock()
                lock.l_type = Int16(F_WRLCK)
                lock.l_whence = Int16(SEEK_SET)
                if fcntl(file, F_SETLK, &lock) == 0 {
                    self.file = file
                    return
                }
                isUsable = isUsable || errno == EAGAIN || errno == EACCES
                close(file)
            }
            guard isUsable else { return nil }
            usleep(pause)
            pause = min(pause * 2, 200_000)
        }
    }

    /// Lets the slot go when this process ends, whatever program it has become by then.
    consuming func keepUntilExit() {
        _ = fcntl(file, F_SETFD, 0)
        discard self
    }

    deinit { close(file) }
}
