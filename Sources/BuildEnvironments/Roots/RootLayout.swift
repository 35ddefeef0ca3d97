import Glibc
import Posix
import Sandbox

/// A root made ready to be entered: overlays whose changes go to one workspace, and where each of them appears inside.
struct RootLayout: Sendable {
    /// An overlay and the place inside where it appears.
    struct Layer: Equatable, Sendable {
        let overlay: SandboxCommand.Overlay
        let place: String
    }

    /// The first is the root; the others are mounts below it, nearest first.
    let layers: [Layer]
    /// Overlays that those stand on, where a kept layer and the root cannot be lower directories side by side.
    var bases: [SandboxCommand.Overlay] = []
    /// Directories that are hidden by an empty one.
    let hidden: [String]
    /// Directories that appear although a hidden one is above them.
    let kept: [String]
    /// Files in whose place an empty one appears.
    var hiddenFiles: [String] = []
    /// That empty file.
    var blank = ""
    /// A process that sees the root directory; nil when this one does.
    var process: Int32?

    /// Prepares a root.
    ///
    /// - Parameters:
    ///   - root: the root directory.
    ///   - kept: layers of installed packages over it; nil for the root alone.
    ///   - workspace: a directory of this build, for one layout.
    ///   - needed: directories that must be visible: the Prefix and the repositories.
    ///   - secret: directories and files that must not be.
    ///   - isOpen: whether the places where people and programs keep what is not part of the system stay visible.
    static func prepare(
        _ root: MountedRoot, with kept: HeldLayer? = nil, workspace: String, needed: [String], secret: [String],
        isOpen: Bool = false
    ) throws(BuildError) -> RootLayout {
        if let directory = root.directory {
            try other(directory, root.process, kept, workspace: workspace, needed: needed, isOpen: isOpen)
        } else {
            try host(kept, workspace: workspace, needed: needed, secret: secret)
        }
    }

    /// What a build does not see of a root: people's files, and what belongs to the moment.
    private static let privatePlaces = [
        "/tmp", "/var/tmp", "/root", "/home", "/mnt", "/media", "/srv", "/boot", "/run", "/etc/ssh",
    ]

    /// A root in a directory is one tree, whatever is mounted where on the machine that it comes from.
    private static func other(
        _ directory: String, _ process: Int32?, _ layers: HeldLayer?, workspace: String, needed: [String], isOpen: Bool
    ) throws(BuildError) -> RootLayout {
        let base = workspace + "/layers/0"
        let overlay = SandboxCommand.Overlay(
            lowers: (layers?.directories(at: "/") ?? []) + [directory], upper: base + "/upper", work: base + "/work",
            mountPoint: base + "/view")
        do {
            for path in [overlay.upper, overlay.work, overlay.mountPoint] { try Files.makeDirectories(path) }
            chmod(overlay.upper, 0o755)
            // Names are looked up as this machine does it.
            if let text = try? Files.read("/etc/resolv.conf", limit: 1 << 16) {
                try Files.makeDirectories(overlay.upper + "/etc")
                try Files.replace(overlay.upper + "/etc/resolv.conf", with: text)
            }
        } catch {
            throw .failed(reason: "\(error)")
        }
        let hidden = isOpen ? ["/run"] : privatePlaces
        let kept = needed.filter { path in hidden.contains { Paths.isWithin(path, $0) } }
        return RootLayout(
            layers: [Layer(overlay: overlay, place: "/")], hidden: hidden, kept: kept, process: process)
    }

    /// An overlay does not cross mounts, so every mount that a build needs gets one of its own.
    private static func host(
        _ kept: HeldLayer?, workspace: String, needed: [String], secret: [String]
    ) throws(BuildError) -> RootLayout {
        do {
            let table = try MountTable.current()
            guard table.type(at: workspace) != "overlay" else {
                throw BuildError.unusableHost(
                    reason: "\(workspace) is on an overlay, as in a container, and another overlay cannot keep its "
                        + "changes there: let the service keep its state in a directory on a file system of its own")
            }
            let points = table.mounts.filter { isPartOfRoot($0, needed: needed) }.map(\.point)
                .sorted { $0.utf8.count < $1.utf8.count }
            var layers: [Layer] = []
            var bases: [SandboxCommand.Overlay] = []
            for (index, point) in (["/"] + points).enumerated() {
                let base = "\(workspace)/layers/\(index)"
                var overlay = SandboxCommand.Overlay(
                    lowers: [point], upper: base + "/upper", work: base + "/work", mountPoint: base + "/view")
                for directory in [overlay.upper, overlay.work, overlay.mountPoint] {
                    try Files.makeDirectories(directory)
                }
                copyOwnerAndMode(from: point, to: overlay.upper)
                let directories = kept?.directories(at: point) ?? []
                if !directories.isEmpty {
                    // The layers lie below the mount itself, and one lower directory must not be inside another.
                    let below = base + "/base"
                    let own = SandboxCommand.Overlay(
                        lowers: [point], upper: below + "/upper", work: below + "/work", mountPoint: below + "/view")
                    for directory in [own.upper, own.work, own.mountPoint] { try Files.makeDirectories(directory) }
                    copyOwnerAndMode(from: point, to: own.upper)
                    bases.append(own)
                    overlay.lowers = directories + [own.mountPoint]
                }
                layers.append(Layer(overlay: overlay, place: point))
            }
            let always = privatePlaces.filter { Files.exists($0) }
            let shown = needed.filter { path in
                always.contains { Paths.isWithin(path, $0) } && !points.contains { Paths.isWithin(path, $0) }
            }
            let isDirectory = { (path: String) in Files.status(path)?.isDirectory == true }
            var layout = RootLayout(
                layers: layers, bases: bases, hidden: always + secret.filter(isDirectory), kept: shown)
            layout.hiddenFiles = secret.filter { !isDirectory($0) }
            if !layout.hiddenFiles.isEmpty {
                layout.blank = workspace + "/blank"
                try Files.replace(layout.blank, with: [], mode: 0o444)
            }
            return layout
        } catch let error as BuildError {
            throw error
        } catch {
            throw .unusableHost(reason: "\(error)")
        }
    }

    private static let pseudoTypes: Set<String> = [
        "autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts", "devtmpfs", "efivarfs",
        "fusectl", "hugetlbfs", "mqueue", "nsfs", "proc", "pstore", "ramfs", "rpc_pipefs", "securityfs", "sysfs",
        "tracefs",
    ]

    /// Whether a mount belongs to what a build sees: the system's own directories, and what is needed.
    private static func isPartOfRoot(_ mount: MountTable.Mount, needed: [String]) -> Bool {
        guard mount.point != "/", !pseudoTypes.contains(mount.type), Files.status(mount.point)?.isDirectory == true
        else { return false }
        if needed.contains(where: { Paths.isWithin($0, mount.point) || Paths.isWithin(mount.point, $0) }) {
            return true
        }
        let whole = ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/usr", "/etc", "/opt"]
        let single = ["/var", "/var/db", "/var/db/pkg", "/var/lib", "/var/lib/portage", "/var/cache"]
        return whole.contains { Paths.isWithin(mount.point, $0) } || single.contains(mount.point)
    }

    private static func copyOwnerAndMode(from source: String, to target: String) {
        var raw = stat()
        guard stat(source, &raw) == 0 else { return }
        chown(target, raw.st_uid, raw.st_gid)
        chmod(target, raw.st_mode & 0o7777)
    }

    /// Where something must be written, before the mounts are made, to appear at `path` inside.
    func upper(of path: String) -> String {
        let layer = layers.last { Paths.isWithin(path, $0.place) } ?? layers[0]
        let rest = layer.place == "/" ? path : String(path.dropFirst(layer.place.utf8.count))
        return layer.overlay.upper + rest
    }

    /// The sandbox with this root and nothing else in it.
    var sandbox: SandboxCommand {
        var sandbox = SandboxCommand()
        sandbox.overlays = bases + layers.map(\.overlay)
        sandbox.mountsOfProcess = process
        let first = layers[0].overlay.mountPoint
        sandbox.steps = [.bind(first, at: "/")]
        sandbox.steps += hidden.filter(isOpenPlace).map { .empty($0, mode: Self.mode(ofHidden: $0)) }
        for layer in layers.dropFirst() { sandbox.show(layer.overlay.mountPoint, at: layer.place) }
        for path in kept { sandbox.show(first + path, at: path) }
        sandbox.steps += hidden.filter { !isOpenPlace($0) }.map { .empty($0, mode: Self.mode(ofHidden: $0)) }
        sandbox.steps += hiddenFiles.filter(isInSight).map { .readOnly(blank, at: $0) }
        return sandbox
    }

    /// Whether a file is in no hidden directory, or in something below one that is shown all the same.
    private func isInSight(_ path: String) -> Bool {
        let shown = (kept + layers.dropFirst().map(\.place)).filter { Paths.isWithin(path, $0) }
        return !hidden.contains { place in
            Paths.isWithin(path, place) && !shown.contains { Paths.isWithin($0, place) }
        }
    }

    /// Whether a hidden directory lies above what is shown, and so must be covered before it.
    private func isOpenPlace(_ path: String) -> Bool {
        kept.contains { Paths.isWithin($0, path) } || layers.dropFirst().contains { Paths.isWithin($0.place, path) }
    }

    private static func mode(ofHidden path: String) -> String {
        path == "/tmp" || path == "/var/tmp" ? "1777" : "0755"
    }
}

extension SandboxCommand {
    /// Binds a directory at a place; the directories above it are made with the usual mode (bwrap's own are closed to
    /// other users).
    mutating func show(_ source: String, at place: String, readOnly: Bool = false) {
        for parent in Paths.parents(of: place) where !steps.contains(.directory(parent)) {
            steps.append(.directory(parent))
        }
        steps.append(readOnly ? .readOnly(source, at: place) : .bind(source, at: place))
    }
}
