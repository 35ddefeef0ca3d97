import Glibc
import Posix

/// Ending all processes of a command or a machine, those in namespaces and sessions of their own too. They are known
/// by their mounts: what a command started has the mount that marks its namespace, or a copy of it.
enum ProcessTree {
    /// Kills everything that the command with this mark started.
    static func end(run: String) async {
        await end { pid in
            guard let text = try? Files.readText("/proc/\(pid)/mountinfo", limit: 4 << 20) else { return false }
            return text.contains(" testbed-run-\(run) ")
        }
    }

    /// Kills everything that sees this folder at `prefix`.
    static func end(machine folder: String, prefix: String) async {
        guard let inode = Files.status(folder)?.inode else { return }
        await end { pid in Files.status("/proc/\(pid)/root\(prefix)")?.inode == inode }
    }

    private static func end(where matches: (pid_t) -> Bool) async {
        for _ in 0..<100 {
            let found = pids().filter(matches)
            if found.isEmpty { return }
            for pid in found { kill(pid, SIGKILL) }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    private static func pids() -> [pid_t] {
        let own = getpid()
        return ((try? Files.list("/proc")) ?? []).compactMap { pid_t($0) }.filter { $0 != own }
    }
}
