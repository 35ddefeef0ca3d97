import BinpkgModel
import Crypto
import FoundationEssentials
import Glibc
public import Posix

/// The layers of a state directory. Several processes may use it at once: a layer appears by one rename, and one that is
/// in use is locked.
public struct LayerStore: Equatable, Sendable {
    /// `STATE/layers`.
    public let directory: String

    /// The layers of a state directory.
    public init(stateDirectory: String) { directory = stateDirectory + "/layers" }

    func path(_ id: String) -> String { "\(directory)/\(id)" }

    /// Every layer, each after the one it stands on. What cannot be read, or stands on what is not there, is left out.
    public func layers() -> [Layer] {
        var rest = ((try? Files.list(directory)) ?? []).filter { !$0.hasPrefix(".") }.compactMap(layer)
        var result: [Layer] = []
        var known: Set<String> = []
        while true {
            let next = rest.filter { $0.parent.map(known.contains) ?? true }
            guard !next.isEmpty else { return result }
            result += next.sorted { $0.made < $1.made }
            known.formUnion(next.map(\.id))
            rest.removeAll { known.contains($0.id) }
        }
    }

    /// A layer by its identity.
    public func layer(_ id: String) -> Layer? {
        guard let bytes = try? Files.read(path(id) + "/layer.json", limit: 16 << 20),
            let layer = try? JSONDecoder().decode(Layer.self, from: Data(bytes)), layer.id == id
        else { return nil }
        return layer
    }

    /// How a layer was used.
    public func use(of id: String) -> LayerUse {
        guard let bytes = try? Files.read(path(id) + "/use.json", limit: 4096),
            let use = try? JSONDecoder().decode(LayerUse.self, from: Data(bytes))
        else { return LayerUse(count: 0, last: 0) }
        return use
    }

    /// Counts a use.
    func countUse(of id: String) {
        var use = use(of: id)
        use.count += 1
        use.last = Date().timeIntervalSince1970
        if let data = try? JSONEncoder().encode(use) { try? Files.replace(path(id) + "/use.json", with: Array(data)) }
    }

    /// Whether a build uses the layer now, or one that stands on it.
    public func isInUse(_ id: String) -> Bool {
        (try? LayerLock(path(id) + "/lock", isShared: false)) == nil
    }

    /// Takes a layer for a build, with all it stands on; nil when it is not there, or is just going.
    func hold(_ id: String) -> HeldLayer? {
        var locks: [LayerLock] = []
        var chain: [(directory: String, places: [String])] = []
        guard let top = layer(id) else { return nil }
        var current: Layer? = top
        while let layer = current {
            guard let lock = try? LayerLock(path(layer.id) + "/lock", isShared: true),
                Files.exists(path(layer.id) + "/0")
            else { return nil }
            locks.append(lock)
            chain.append((path(layer.id), layer.places))
            current = layer.parent.flatMap(self.layer)
            if layer.parent != nil, current == nil { return nil }
        }
        return HeldLayer(layer: top, chain: chain, locks: locks)
    }

    /// Removes a layer that nothing stands on and no build uses. Returns whether it is gone.
    @discardableResult
    public func remove(_ id: String) throws(PosixError) -> Bool {
        guard Files.exists(path(id)) else { return true }
        guard !layers().contains(where: { $0.parent == id }) else { return false }
        guard try LayerLock(path(id) + "/lock", isShared: false) != nil else { return false }
        let gone = "\(directory)/.gone-\(id)"
        try Files.removeTree(gone)
        try Files.move(path(id), to: gone)
        try Files.removeTree(gone)
        return true
    }

    /// A new directory for making a layer, with a lock that says that its maker is alive.
    func makeDraft() throws(PosixError) -> (path: String, lock: LayerLock) {
        try Files.makeDirectories(directory, mode: 0o700)
        while true {
            let path = "\(directory)/.new-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
            if Files.exists(path) { continue }
            try Files.makeDirectories(path)
            if let lock = try LayerLock(path + "/lock", isShared: true) { return (path, lock) }
        }
    }

    /// Removes what died half made, and layers without their parents. Returns the names of the directories.
    @discardableResult
    public func sweep() throws(PosixError) -> [String] {
        guard Files.exists(directory) else { return [] }
        var removed: [String] = []
        let whole = Set(layers().map(\.id))
        for name in try Files.list(directory) where !whole.contains(name) {
            let path = "\(directory)/\(name)"
            guard try LayerLock(path + "/lock", isShared: false) != nil else { continue }
            try Files.removeTree(path)
            removed.append(name)
        }
        return removed
    }

    /// How many layers may stand on each other.
    static let deepest = 8

    /// The layers as the choice sees them.
    ///
    /// - Parameters:
    ///   - root: only those over this root, whose packages these are; nil for all.
    func pooled(over root: String? = nil, packages: PackageSet = PackageSet([])) -> [PooledEnvironment] {
        layers().filter { root == nil || $0.root == root }.map { layer in
            let all = PackageSet(layer.packages)
            let use = use(of: layer.id)
            return PooledEnvironment(
                id: layer.id, parent: layer.parent ?? layer.root, packages: all,
                layered: all.changes(since: packages).count, libc: layer.libc, bytes: layer.bytes,
                lastUse: max(use.last, layer.made), uses: use.count, isBusy: isInUse(layer.id),
                trustDomain: layer.trustDomain)
        }
    }

    /// Makes a layer out of a draft, whose overlays' upper directories are at `layers/N/upper`. If there is one of the
    /// same content, the draft goes and that one is meant.
    func adopt(draft: String, layer: Layer) throws(PosixError) {
        for (index, _) in layer.places.enumerated() {
            try Files.move("\(draft)/layers/\(index)/upper", to: "\(draft)/\(index)")
        }
        let kept = Set(["lock"] + layer.places.indices.map(String.init))
        for name in try Files.list(draft) where !kept.contains(name) { try Files.removeTree("\(draft)/\(name)") }
        guard let data = try? JSONEncoder().encode(layer) else { throw PosixError("write", draft, code: EINVAL) }
        try Files.replace(draft + "/layer.json", with: Array(data))
        if Files.exists(path(layer.id)) {
            try Files.removeTree(draft)
        } else {
            try Files.move(draft, to: path(layer.id))
        }
    }

    /// The identity of a layer.
    static func identity(
        root: String, parent: String?, digests: [String: String], trustDomain: String? = nil
    ) -> String {
        var hash = SHA256()
        func add(_ text: String) { hash.update(data: Array("\(text.utf8.count) \(text)\n".utf8)) }
        add("layer 1")
        add(root)
        add(parent ?? "")
        for (cpv, digest) in digests.sorted(by: { $0.key < $1.key }) {
            add(cpv)
            add(digest)
        }
        if let trustDomain { add("of \(trustDomain)") }
        return hash.finalize().map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
