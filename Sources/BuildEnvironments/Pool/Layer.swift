public import BinpkgModel
import Posix

/// A kept environment: what installing packages over a root, or over another layer, wrote. It is a lower directory of
/// the overlays that are made of it, and is never written to.
public struct Layer: Codable, Equatable, Sendable {
    /// SHA-256 over the identity of the root, that of the layer below, and the content of every package installed here.
    public let id: String
    /// The name of the configured environment whose root is below.
    public let environment: String
    /// The identity of that root: the layer belongs to no other.
    public let root: String
    /// The layer below; nil for the root itself.
    public let parent: String?
    /// All that is installed in it, the root's packages included.
    public let packages: [InstalledPackage]
    /// What was installed for this layer.
    public let installed: [InstalledPackage]
    /// Its C library's CPV.
    public let libc: String
    /// The mounts of the root at which it has something, in the order of its directories.
    let places: [String]
    /// When it was made, in seconds since 1970.
    public let made: Double
    /// What it takes on disk.
    public let bytes: Int
    /// Whose requests may use it; nil when everybody's may, since nothing in it came from a client.
    public var trustDomain: String?
}

/// How often and when a layer was used last.
public struct LayerUse: Codable, Equatable, Sendable {
    /// Builds in it.
    public var count: Int
    /// The last one, in seconds since 1970.
    public var last: Double
}

/// A layer that is in use: nobody removes it, nor what it stands on, until the value goes.
final class HeldLayer: Sendable {
    let layer: Layer
    /// From itself down to the root: directories of overlays by their place.
    let chain: [(directory: String, places: [String])]
    private let locks: [LayerLock]

    init(layer: Layer, chain: [(directory: String, places: [String])], locks: [LayerLock]) {
        self.layer = layer
        self.chain = chain
        self.locks = locks
    }

    /// The lower directories at a mount of the root, the uppermost first.
    func directories(at place: String) -> [String] {
        chain.compactMap { directory, places in places.firstIndex(of: place).map { "\(directory)/\($0)" } }
    }
}

/// A lock that can be shared by values.
final class LayerLock: Sendable {
    private let lock: FileLock

    init?(_ path: String, isShared: Bool) throws(PosixError) {
        guard let lock = try FileLock(tryingPath: path, isShared: isShared) else { return nil }
        self.lock = lock
    }
}
