/// An ebuild of something that a package is built with, or that this needs in turn, out of a repository that the service
/// may not have: an overlay, a slice of one, the asking machine's own.
public struct DependencyEbuild: Codable, Equatable, Hashable, Sendable {
    /// `CATEGORY/PF`.
    public var cpv: String
    /// The name of the repository that it comes from.
    public var repository: String
    /// `SLOT/SUBSLOT`; a sub-slot that equals the slot may be left out.
    public var slot: String
    /// The flags that the asking machine has it with, or would have it with. A set.
    public var use: [String]
    /// Its files: ebuild, eclasses, those of FILESDIR, Manifest.
    public var content: [ContentItem]

    /// An ebuild of these values.
    public init(cpv: String, repository: String, slot: String, use: [String], content: [ContentItem]) {
        self.cpv = cpv
        self.repository = repository
        self.slot = slot
        self.use = use
        self.content = content
    }

    /// What is installed by it.
    public var package: InstalledPackage { InstalledPackage(cpv: cpv, slot: slot, use: use) }

    /// The most of them that a request may carry.
    public static let maximumCount = 256

    /// The roles that its content may have: a machine's patches and settings are for its own packages.
    static let roles: Set<ContentItem.Role> = [.ebuild, .eclass, .files, .manifest]
}

extension BuildRequest {
    /// All files that may have to be sent: of the package, and of what it is built with.
    public var allContent: [ContentItem] { content + (dependencyEbuilds ?? []).flatMap(\.content) }
}
