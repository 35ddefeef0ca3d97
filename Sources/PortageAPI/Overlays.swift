/// A repository that Portage is configured with.
public struct ConfiguredRepository: Codable, Equatable, Sendable {
    /// Its name, from profiles/repo_name.
    public let name: String
    /// Its directory, with links resolved.
    public let location: String
    /// Further names.
    public let aliases: [String]
    /// Whether it is the main repository.
    public let isMain: Bool
}

/// An overlay that Portage need not be configured with: a directory with profiles, eclasses and metadata cache. Its
/// ebuilds need not be there, and are not read.
public struct OverlayLocation: Codable, Equatable, Sendable {
    /// The repository's name.
    public let name: String
    /// Its directory, absolute.
    public let location: String
    /// The directory of the published slices; what is enabled from there does not count as the local tree.
    public let slices: String

    /// An overlay of these values.
    public init(name: String, location: String, slices: String) {
        self.name = name
        self.location = location
        self.slices = slices
    }
}

/// A dependency of a package of an overlay that no other repository satisfies.
public struct OverlayNeed: Codable, Equatable, Sendable {
    /// The atom, evaluated with the package's USE.
    public let atom: String
    /// `DEPEND`, `RDEPEND`, …, sorted.
    public let kinds: [String]
    /// The version of the overlay that satisfies it; nil if nothing does.
    public let cpv: String?

    /// A need of these values.
    public init(atom: String, kinds: [String], cpv: String?) {
        self.atom = atom
        self.kinds = kinds
        self.cpv = cpv
    }
}

/// An eclass as ebuilds of an overlay inherit it.
public struct EclassFile: Codable, Equatable, Sendable {
    /// The file: the overlay's own or one of its masters'.
    public let path: String
    /// The MD5 of its text.
    public let md5: String
}

extension PortageAPI {
    /// The repositories that this machine is configured with.
    public func repositories() async throws(PortageError) -> [ConfiguredRepository] {
        try await ask("repositories", [String: String]())
    }

    /// The version of the overlay that is taken for each atom: of those that match, one that is not masked, whose
    /// licence and keywords are accepted, that is not live, and then the highest; nil where none matches.
    public func overlayChoices(
        _ overlay: OverlayLocation, atoms: [String]
    ) async throws(PortageError) -> [String?] {
        try await ask("overlay_choices", OverlayQuestion(overlay, atoms: atoms))
    }

    /// For each package of the overlay the dependencies, under this machine's USE, that no package of the other
    /// repositories satisfies by version, slot and USE, masked ones not counted and keywords not regarded.
    ///
    /// - Parameter packages: category, name and version of each.
    public func overlayNeeds(
        _ overlay: OverlayLocation, packages: [String]
    ) async throws(PortageError) -> [[OverlayNeed]] {
        try await ask("overlay_needs", OverlayQuestion(overlay, packages: packages))
    }

    /// The eclasses of these names as ebuilds of the overlay would inherit them; unknown ones are absent.
    public func overlayEclasses(
        _ overlay: OverlayLocation, names: [String]
    ) async throws(PortageError) -> [String: EclassFile] {
        try await ask("overlay_eclasses", OverlayQuestion(overlay, names: names))
    }

    /// The packages of a configured repository whose entries in metadata/md5-cache Portage would not take, because
    /// ebuild or eclasses have other checksums.
    public func unreadCacheEntries(repository: String, packages: [String]) async throws(PortageError) -> [String] {
        try await ask("unread_cache_entries", CacheQuestion(repository: repository, packages: packages))
    }
}

private struct OverlayQuestion: Encodable {
    struct Overlay: Encodable {
        let name: String
        let location: String
    }

    let overlay: Overlay
    let ours: String
    let atoms: [String]?
    let packages: [String]?
    let names: [String]?

    init(
        _ overlay: OverlayLocation, atoms: [String]? = nil, packages: [String]? = nil, names: [String]? = nil
    ) {
        self.overlay = Overlay(name: overlay.name, location: overlay.location)
        self.ours = overlay.slices
        self.atoms = atoms
        self.packages = packages
        self.names = names
    }
}

private struct CacheQuestion: Encodable {
    let repository: String
    let packages: [String]
}
