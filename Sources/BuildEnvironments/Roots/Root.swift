/// Where the root of an environment comes from. The sources differ only in how the root directory is obtained.
public enum Root: Equatable, Sendable {
    /// This machine's own root, under an overlay.
    case host
    /// An archive of a root, unpacked once below the state directory.
    case stage3(tarball: String)
    /// A directory with a root in it.
    case directory(String)
    /// An image of a container engine, unpacked once below the state directory.
    case image(ContainerImage)
    /// Another machine's root, read over sftp.
    case target(SSHTarget)

    /// The source's name in the configuration.
    public var source: String {
        switch self {
        case .host: "host"
        case .stage3: "stage3"
        case .directory: "directory"
        case .image: "image"
        case .target: "target"
        }
    }

    /// Whether somebody else can change the root while it is in use.
    var canChange: Bool {
        switch self {
        case .host, .directory, .target: true
        case .stage3, .image: false
        }
    }
}

/// A root directory that is there now.
struct MountedRoot: Equatable, Sendable {
    /// The directory; nil for this machine's own root.
    let directory: String?
    /// A process that sees the directory; nil when this one does.
    var process: Int32?

    /// Whether it is this machine's own, so that paths inside are paths of this process.
    var isHost: Bool { directory == nil }
}
