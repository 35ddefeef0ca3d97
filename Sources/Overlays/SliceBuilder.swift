internal import Crypto
internal import EbuildRepository
internal import PackageModel
internal import PortageAPI
internal import Posix

/// Writes a slice: the packages of a closure out of an overlay's tree, with the eclasses, profile data, licences and
/// metadata cache that belong to them.
struct SliceBuilder {
    let overlay: Overlay
    let tree: OverlayTree
    let target: RepositoryDirectory
    /// The eclasses as Portage finds them for this overlay, by name.
    let eclasses: [String: EclassFile]

    /// Lines for people about what could not be taken over as it is.
    private(set) var notes: [String] = []
    private var content: [String: String] = [:]
    private var entries: [String: CacheEntry] = [:]

    static let fileLimit = 32 << 20

    init(overlay: Overlay, tree: OverlayTree, target: RepositoryDirectory, eclasses: [String: EclassFile]) {
        self.overlay = overlay
        self.tree = tree
        self.target = target
        self.eclasses = eclasses
    }

    /// The metadata cache's entry of a package; an entry that cannot be read refuses it.
    static func entry(of cpv: String, in tree: OverlayTree) throws(OverlaysError) -> CacheEntry {
        guard let text = try tree.text("metadata/md5-cache/" + cpv), let entry = CacheEntry(parsing: text) else {
            throw OverlaysError(.refused, "the overlay has no readable metadata cache of \(cpv)")
        }
        return entry
    }

    /// The overlay's layout.conf.
    static func layout(of tree: OverlayTree) throws(OverlaysError) -> RepositoryLayout {
        RepositoryLayout(parsing: try tree.text("metadata/layout.conf") ?? "")
    }

    /// Writes everything and returns the lock, which is written too.
    mutating func build(_ closure: Closure) throws(OverlaysError) -> SliceLock {
        let packages = try closure.packages.map { package throws(OverlaysError) -> CPV in
            guard let cpv = CPV(package.cpv) else {
                throw OverlaysError(.refused, "'\(package.cpv)' is not the name of a package")
            }
            entries[package.cpv] = try Self.entry(of: package.cpv, in: tree)
            return cpv
        }
        let layout = try Self.layout(of: tree)
        var hashes: [String: String] = [:]
        for (name, versions) in Dictionary(grouping: packages, by: \.categoryAndName).sorted(by: { $0.key < $1.key }) {
            let hash = try copyPackage(name, versions, isThin: layout.thinManifests)
            for cpv in versions { hashes[cpv.description] = hash }
        }
        let profilesEAPI = try tree.text("profiles/eapi")?.split(whereSeparator: \.isWhitespace).first.map(String.init)
        try storing { () throws(RepositoryError) in
            try target.writeSkeleton(
                RepositorySkeleton(
                    name: overlay.name, layout: layout, categories: packages.map(\.category),
                    profilesEAPI: profilesEAPI))
        }
        for path in ["metadata/layout.conf", "profiles/categories", "profiles/repo_name", "profiles/eapi"] {
            if let bytes = try? Files.read(target.path + "/" + path) { content[path] = Self.hash(bytes) }
        }
        try copyEclasses()
        try copyCache()
        try copyProfiles(Set(packages.map(\.categoryAndName)))
        try copyLicences()
        let source: String
        switch overlay.source {
        case .git(let uri), .local(let uri): source = uri
        }
        let lock = SliceLock(
            overlay: overlay.name, source: source, commit: tree.commit, content: Self.digest(content),
            packages: closure.packages.map {
                .init(cpv: $0.cpv, hash: hashes[$0.cpv] ?? "", requests: $0.requests, needers: $0.needers)
            })
        try lock.write(into: target)
        return lock
    }

    // MARK: - Packages

    /// Copies one package directory with the ebuilds of these versions only, and returns the hash over its files.
    private mutating func copyPackage(
        _ name: String, _ versions: [CPV], isThin: Bool
    ) throws(OverlaysError) -> String {
        let ebuilds = Set(versions.map { $0.nameAndVersion + ".ebuild" })
        var taken: Set<String> = []
        for (path, kind) in try tree.paths(below: name) {
            let inner = String(path.dropFirst(name.count + 1))
            let isWanted =
                ebuilds.contains(inner) || inner.hasPrefix("files/") || inner == "Manifest" || inner == "metadata.xml"
            guard isWanted else { continue }
            switch kind {
            case .link(let linkTarget) where inner.hasPrefix("files/"):
                try storing { () throws(RepositoryError) in try target.link(path, to: linkTarget, inside: name) }
                content[path] = "link " + linkTarget
            case .link(let linkTarget):
                throw OverlaysError(.refused, "\(path) is a symbolic link (to '\(linkTarget)'), which is not taken")
            case .other:
                throw OverlaysError(.refused, "\(path) is not a file")
            case .file(let isExecutable):
                var bytes = try tree.read(path, limit: Self.fileLimit) ?? []
                if inner == "Manifest" {
                    let text = String(decoding: bytes, as: UTF8.self)
                    bytes = Array(ProfileLines.manifest(text, keeping: ebuilds).utf8)
                }
                if ebuilds.contains(inner) { try check(inner, of: name, bytes) }
                taken.insert(inner)
                try write(path, bytes, mode: isExecutable ? 0o755 : 0o644)
            }
        }
        if let missing = ebuilds.subtracting(taken).sorted().first {
            throw OverlaysError(
                .refused, "the metadata cache of \(overlay.name) has \(name)/\(missing), but the overlay does not")
        }
        if !isThin, !taken.contains("Manifest") {
            throw OverlaysError(.refused, "\(name) has no Manifest, and the overlay's Manifests are not thin")
        }
        return Self.digest(content.filter { $0.key.hasPrefix(name + "/") })
    }

    /// The cache must be about this very ebuild: it decided the closure.
    private func check(_ ebuild: String, of name: String, _ bytes: [UInt8]) throws(OverlaysError) {
        let category = name.prefix { $0 != "/" }
        let entry = entries["\(category)/\(ebuild.dropLast(".ebuild".count))"]
        guard entry?.ebuildMD5.lowercased() == CacheEntry.md5(bytes) else {
            throw OverlaysError(
                .refused, "the metadata cache of \(overlay.name) is not that of \(name)/\(ebuild)",
                hint: "its maintainer must update the cache; nothing of an overlay is run here to make it")
        }
    }

    // MARK: - Eclasses and the cache

    private mutating func copyEclasses() throws(OverlaysError) {
        for (name, (cpv, md5)) in wantedEclasses().sorted(by: { $0.key < $1.key }) {
            let path = "eclass/\(name).eclass"
            guard let kind = tree.kind(path) else {
                guard eclasses[name] != nil else {
                    throw OverlaysError(.refused, "\(cpv) needs the eclass \(name), which is in no repository")
                }
                continue
            }
            guard case .file = kind, let bytes = try tree.read(path) else {
                throw OverlaysError(.refused, "\(path) of \(overlay.name) is not a file")
            }
            guard CacheEntry.md5(bytes) == md5.lowercased() else {
                throw OverlaysError(
                    .refused, "the metadata cache of \(cpv) is older than \(path) of \(overlay.name)",
                    hint: "its maintainer must update the cache; nothing of an overlay is run here to make it")
            }
            try write(path, bytes)
        }
    }

    /// Every eclass, with a package that has it and the checksum that the cache says. Two packages that say different
    /// checksums are found when the file is compared.
    private func wantedEclasses() -> [String: (cpv: String, md5: String)] {
        var wanted: [String: (cpv: String, md5: String)] = [:]
        for (cpv, entry) in entries.sorted(by: { $0.key < $1.key }) {
            for (name, md5) in entry.eclasses where wanted[name] == nil { wanted[name] = (cpv, md5) }
        }
        return wanted
    }

    /// Copies the entries that Portage will take here: those whose eclasses have the same text on this machine.
    private mutating func copyCache() throws(OverlaysError) {
        var stale: [String: [String]] = [:]
        for (cpv, entry) in entries.sorted(by: { $0.key < $1.key }) {
            let other = entry.eclasses.filter { eclasses[$0.key]?.md5.lowercased() != $0.value.lowercased() }
            guard other.isEmpty else {
                for name in other.keys { stale[name, default: []].append(cpv) }
                continue
            }
            try write("metadata/md5-cache/" + cpv, Array(entry.text.utf8))
        }
        for (name, packages) in stale.sorted(by: { $0.key < $1.key }) {
            notes.append(
                "\(overlay.name): its metadata cache knows another \(name).eclass than this machine has; Portage reads "
                    + "\(packages.count == 1 ? packages[0] : "\(packages.count) packages") itself")
        }
    }

    // MARK: - Profiles and licences

    private static let wholeFiles = [
        "use.mask", "use.force", "use.stable.mask", "use.stable.force",
    ]
    private static let packageFiles = [
        "package.mask", "package.use", "package.use.mask", "package.use.force", "package.use.stable.mask",
        "package.use.stable.force",
    ]

    private mutating func copyProfiles(_ packages: Set<String>) throws(OverlaysError) {
        for name in Self.wholeFiles {
            for (path, bytes) in try profileFiles(name) { try write(path, bytes) }
        }
        for name in Self.packageFiles {
            for (path, bytes) in try profileFiles(name) {
                let text = ProfileLines.about(packages, in: String(decoding: bytes, as: UTF8.self))
                if !text.isEmpty { try write(path, Array(text.utf8)) }
            }
        }
        for (_, bytes) in try profileFiles("package.unmask") {
            let text = ProfileLines.about(packages, in: String(decoding: bytes, as: UTF8.self))
            if !text.isEmpty {
                notes.append("\(overlay.name): its package.unmask names packages of the slice; it is not taken")
            }
        }
        let mirrors = entries.values.reduce(into: Set<String>()) {
            $0.formUnion(ProfileLines.mirrors(in: $1.fields["SRC_URI"] ?? ""))
        }
        for (path, bytes) in try profileFiles("thirdpartymirrors") {
            let text = ProfileLines.thirdPartyMirrors(mirrors, in: String(decoding: bytes, as: UTF8.self))
            if !text.isEmpty { try write(path, Array(text.utf8)) }
        }
    }

    /// A file of profiles/, or the files of a directory of that name.
    private func profileFiles(_ name: String) throws(OverlaysError) -> [(path: String, bytes: [UInt8])] {
        let single = "profiles/" + name
        var paths = try tree.paths(below: single)
        if let kind = tree.kind(single) { paths = [(single, kind)] }
        return try paths.map { path, kind throws(OverlaysError) in
            guard case .file = kind, let bytes = try tree.read(path) else {
                throw OverlaysError(.refused, "\(path) of \(overlay.name) is not a file, and says what is masked")
            }
            return (path, bytes)
        }
    }

    private mutating func copyLicences() throws(OverlaysError) {
        let names = entries.values.reduce(into: Set<String>()) {
            $0.formUnion(ProfileLines.licences($1.fields["LICENSE"] ?? ""))
        }
        for name in names.sorted() where RepositoryNames.isSafePath(name) && !name.contains("/") {
            if let bytes = try tree.read("licenses/" + name) { try write("licenses/" + name, bytes) }
        }
    }

    // MARK: - Writing

    private mutating func write(_ path: String, _ bytes: [UInt8], mode: UInt32 = 0o644) throws(OverlaysError) {
        try storing { () throws(RepositoryError) in try target.write(path, bytes, mode: mode) }
        content[path] = Self.hash(bytes) + (mode == 0o755 ? "x" : "")
    }

    private static func hash(_ bytes: [UInt8]) -> String { hexadecimal(SHA256.hash(data: bytes)) }

    private static func digest(_ files: [String: String]) -> String {
        var hasher = SHA256()
        for (path, hash) in files.sorted(by: { $0.key < $1.key }) {
            hasher.update(data: Array("\(path)\0\(hash)\n".utf8))
        }
        return hexadecimal(hasher.finalize())
    }

    private static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
