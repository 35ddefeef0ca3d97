import Posix

/// What can go wrong around a program, made on a machine.
extension Machine {
    /// Where a program is killed.
    public enum Moment: String, Sendable, CaseIterable {
        case before, after
    }

    /// The variables with which a program, and what it starts, gets SIGKILL before or after it renames a file to a path
    /// that ends in `name`.
    public func killingAtRename(to name: String, _ moment: Moment) async throws -> [String: String] {
        let library = prefix + "/tmp/kill-at-rename.so"
        try write("tmp/kill-at-rename.c", Self.killer)
        let compiled = try await run(["gcc", "-shared", "-fPIC", "-o", library, prefix + "/tmp/kill-at-rename.c"])
        guard compiled.succeeded else { throw TestbedError.command("gcc", reason: compiled.text) }
        return ["LD_PRELOAD": library, "KILL_AT": moment.rawValue, "KILL_NAME": name]
    }

    /// The variables with which a program, and what it starts, sees a clock that is wrong by so many seconds.
    public func withClockOff(by seconds: Int) async throws -> [String: String] {
        let library = prefix + "/tmp/wrong-clock.so"
        try write("tmp/wrong-clock.c", Self.wrongClock)
        let compiled = try await run(["gcc", "-shared", "-fPIC", "-o", library, prefix + "/tmp/wrong-clock.c"])
        guard compiled.succeeded else { throw TestbedError.command("gcc", reason: compiled.text) }
        return ["LD_PRELOAD": library, "CLOCK_OFF_BY": "\(seconds)"]
    }

    private static let wrongClock = """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <stdlib.h>
        #include <sys/time.h>
        #include <time.h>
        static long off(void) {
            const char *text = getenv("CLOCK_OFF_BY");
            return text ? atol(text) : 0;
        }
        int clock_gettime(clockid_t clock, struct timespec *time) {
            static int (*real)(clockid_t, struct timespec *);
            if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
            int code = real(clock, time);
            if (!code && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) time->tv_sec += off();
            return code;
        }
        int gettimeofday(struct timeval *time, void *zone) {
            struct timespec now;
            clock_gettime(CLOCK_REALTIME, &now);
            time->tv_sec = now.tv_sec;
            time->tv_usec = now.tv_nsec / 1000;
            return 0;
        }
        time_t time(time_t *result) {
            struct timespec now;
            clock_gettime(CLOCK_REALTIME, &now);
            if (result) *result = now.tv_sec;
            return now.tv_sec;
        }

        """

    private static let killer = """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <signal.h>
        #include <stdlib.h>
        #include <string.h>
        #include <unistd.h>
        int rename(const char *from, const char *to) {
            int (*real)(const char *, const char *) = dlsym(RTLD_NEXT, "rename");
            const char *at = getenv("KILL_AT"), *name = getenv("KILL_NAME");
            size_t length = strlen(to);
            int ours = at && name && length >= strlen(name) && !strcmp(to + length - strlen(name), name);
            if (ours && !strcmp(at, "before")) kill(getpid(), SIGKILL);
            int code = real(from, to);
            if (ours && !strcmp(at, "after")) kill(getpid(), SIGKILL);
            return code;
        }

        """

    /// Runs a command while the file system of a folder has no room for one byte more. The command works on a copy of
    /// the folder in memory; the folder itself is as before in any case.
    ///
    /// - Parameter folder: a path below EPREFIX.
    /// - Returns: what the command did, and whether the copy has the same files with the same content after it.
    public func runOnFullDisk(_ folder: String, _ command: [String]) async throws -> (output: Output, isSame: Bool) {
        let script = """
            place=$1
            shift
            sums() { (cd "$place" && find . -type f ! -name .filler -exec sha256sum {} + | sort); }
            set -e
            copy=$(mktemp -d)
            cp -a "$place/." "$copy"
            size=$(($(du -sk "$copy" | cut -f1) + 64))
            mount -t tmpfs -o "size=${size}k" full "$place"
            cp -a "$copy/." "$place"
            before=$(sums)
            cat /dev/zero > "$place/.filler" 2> /dev/null || true
            code=0
            "$@" || code=$?
            rm "$place/.filler"
            [[ $(sums) == "$before" ]] || touch "$TMPDIR/changed"
            exit "$code"
            """
        try write("tmp/full-disk", script)
        let output = try await run(["bash", prefix + "/tmp/full-disk", prefix + "/" + folder] + command)
        let changed = path("tmp/changed")
        let isSame = !Files.exists(changed)
        try Files.removeTree(changed)
        return (output, isSame)
    }
}
