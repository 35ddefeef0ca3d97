import BinpkgModel
import Posix
import Sandbox

/// Where the root of an environment comes from. The sources differ only in how the root directory is obtained.
public enum Root: Equatable, Sendable {
    /// This machine's own root, under an overlay.
    case host
    /// An archive of a root, unpacked once below the state directory.
    case stage3(tarball: String)
    /// Another machine's root, read over sftp.
    case target(SSHTarget)

    /// The source's name in the configuration.
    public var source: String {
        switch self {
        case .host: "host"
        case .stage3: "stage3"
        case .target: "target"
        }
    }

    /// Whether somebody else can change the root while it is in use.
    var canChange: Bool {
        if case .target = self { true } else { false }
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

extension Root {
    /// Makes the root directory available for the time of the body, and nothing of it stays mounted afterwards.
    ///
    /// - Parameters:
    ///   - place: a directory of this build that does not exist yet.
    ///   - library: where unpacked archives are kept.
    func mount<Value: Sendable>(
        at place: String, library: String,
        _ body: @escaping @Sendable (MountedRoot) async -> Result<Value, BuildError>
    ) async throws(BuildError) -> Value {
        switch self {
        case .host: return try await body(MountedRoot(directory: nil)).get()
        case .stage3(let tarball):
            let archive = RootArchive(tarball: tarball, library: library)
            return try await body(MountedRoot(directory: try await archive.unpacked(scratch: place))).get()
        case .target(let target):
            do {
                try Files.makeDirectories(place)
            } catch {
                throw .failed(reason: "\(error)")
            }
            let outcome: Result<Value, BuildError>
            do {
                outcome = try await HeldMount(command: try await target.mountCommand(at: place), place: place)
                    .hold { await body(MountedRoot(directory: place, process: $0)) }
            } catch let error as HeldMountError {
                switch error {
                case .cancelled: throw .cancelled
                case .notMounted(let reason):
                    throw .unusableHost(reason: "cannot read the root of \(target): \(reason)")
                case .lost(let reason):
                    throw .failed(reason: "the connection to \(target) was lost during the build: \(reason)")
                }
            } catch let error as BuildError {
                throw error
            } catch {
                throw .failed(reason: "\(error)")
            }
            return try outcome.get()
        }
    }
}
