/// A command in a root of its own: overlay mounts in a private mount namespace, and on top of them `bwrap`.
///
/// The value is turned into arguments only; ``arguments`` can be the prefix of any command. All that is mounted goes
/// away with the last process in it.
public struct SandboxCommand: Equatable, Sendable {
    /// A writable view of a directory: what is written goes to `upper`.
    public struct Overlay: Equatable, Sendable {
        /// The directories below, the uppermost first; none is ever changed, and none is inside another.
        public var lowers: [String]
        /// Where changes go.
        public var upper: String
        /// An empty directory on the file system of `upper`.
        public var work: String
        /// Where the view is mounted, outside the sandbox.
        public var mountPoint: String

        /// An overlay of these directories.
        public init(lowers: [String], upper: String, work: String, mountPoint: String) {
            self.lowers = lowers
            self.upper = upper
            self.work = work
            self.mountPoint = mountPoint
        }
    }

    /// One step in making the inside; later ones cover earlier ones.
    public enum Step: Equatable, Sendable {
        /// A directory or file of the outside, at a place inside.
        case bind(String, at: String)
        /// The same, and nothing can be written to it.
        case readOnly(String, at: String)
        /// An empty directory in memory.
        case empty(String, mode: String)
        /// A directory, made when it is not there.
        case directory(String)
    }

    /// A process whose mounts are the outside; nil for those of this process.
    public var mountsOfProcess: Int32?
    /// The overlays, mounted in this order. The first step usually binds the mount point of one to `/`.
    public var overlays: [Overlay] = []
    /// How the inside is made.
    public var steps: [Step] = []
    /// The whole environment of the command.
    public var environment: [String: String] = [:]
    /// Whether the command has the network of the outside; without, it has only a loopback interface of its own.
    public var hasNetwork = false
    /// The group whose limits hold for all in it; nil for none.
    public var controlGroup: ControlGroup?
    /// The largest file that may be written, in bytes; nil for no limit.
    public var largestFile: Int?
    /// What each directory in memory that everybody may write to may hold, in bytes; others hold a sixteenth of it. nil for
    /// what the kernel gives, half of the machine's memory.
    public var memoryBytes: Int?
    /// Whether standard input is the command's. If not, the command gets none, and the end of standard input kills it:
    /// hold the other end of a pipe, and the command cannot outlive you.
    public var hasInput = false

    /// An empty sandbox.
    public init() {}

    /// What root in the sandbox may do: own, read and change all files that are shown, switch users, end processes. Not
    /// mount, nor reach devices, the kernel, the network's settings, or files by their number, which would lead out of it.
    private static let capabilities = [
        "CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL",
        "CAP_NET_BIND_SERVICE", "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT",
    ]

    /// The command line up to the command itself, from the program that makes the namespaces on.
    public var arguments: [String] {
        var line: [String] = []
        if let process = mountsOfProcess { line = ["/usr/bin/nsenter", "--mount=/proc/\(process)/ns/mnt", "--"] }
        line += [
            "/usr/bin/unshare", "--mount", "--propagation", "private", "/bin/bash", "-c", Self.script, "sandbox",
        ]
        line.append(hasInput ? "input" : "hold")
        line.append(largestFile.map { "\(max(1, $0 / 1024))" } ?? "unlimited")
        line += (controlGroup?.doors ?? []) + ["--"]
        for overlay in overlays {
            line += [overlay.lowers.joined(separator: ":"), overlay.upper, overlay.work, overlay.mountPoint]
        }
        line += ["--", "bwrap"]
        line += ["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--hostname", "builder"]
        if !hasNetwork { line.append("--unshare-net") }
        line += ["--die-with-parent", "--new-session", "--cap-drop", "ALL"]
        for capability in Self.capabilities { line += ["--cap-add", capability] }
        let size = memoryBytes.map { ["--size", "\($0)"] } ?? []
        let small = memoryBytes.map { ["--size", "\(max(4096, $0 / 16))"] } ?? []
        for step in steps {
            switch step {
            case .bind(let source, let place): line += ["--bind", source, place]
            case .readOnly(let source, let place): line += ["--ro-bind", source, place]
            case .empty(let place, let mode):
                line += ["--perms", mode] + (mode == "1777" ? size : small) + ["--tmpfs", place]
            case .directory(let place): line += ["--perms", "0755", "--dir", place]
            }
            if step == steps.first {
                // /dev is in memory too, and nothing is to be made there.
                line += ["--dev", "/dev", "--proc", "/proc", "--perms", "1777"] + size + ["--tmpfs", "/dev/shm"]
                line += ["--remount-ro", "/dev"]
            }
        }
        line.append("--clearenv")
        for (name, value) in environment.sorted(by: { $0.key < $1.key }) { line += ["--setenv", name, value] }
        return line + ["--chdir", "/", "--"]
    }

    /// Mounts the overlays, then runs the rest. The shell stays as the parent: it has one thread, so the death signal
    /// that `bwrap --die-with-parent` asks for comes when it ends and not before.
    private static let script = """
        set -eu
        mode=$1 largest=$2
        shift 2
        while [ "$1" != -- ]; do
            echo "$$" > "$1"
            shift
        done
        shift
        ulimit -f "$largest"
        while [ "$1" != -- ]; do
            mount -t overlay overlay -o "lowerdir=$1,upperdir=$2,workdir=$3" "$4"
            shift 4
        done
        shift
        code=0
        if [ "$mode" = input ]; then
            "$@" || code=$?
            exit "$code"
        fi
        exec 3<&0 </dev/null
        "$@" 3<&- &
        child=$!
        { read -r _ <&3 || :; kill -KILL "$child" "$$"; } >/dev/null 2>&1 &
        watch=$!
        disown "$watch"
        exec 3<&-
        wait "$child" || code=$?
        kill -KILL "$watch" 2>/dev/null || :
        exit "$code"
        """
}
