/// A package of a repository, as Portage names it.
public struct PackageIdentity: Codable, Equatable, Hashable, Sendable {
    /// Category, name and version.
    public let cpv: String
    /// The repository's name.
    public let repository: String
    /// The slot, without sub-slot.
    public let slot: String
    /// The sub-slot; equal to the slot where the ebuild names none.
    public let subSlot: String

    /// A package of these values.
    public init(cpv: String, repository: String, slot: String, subSlot: String) {
        self.cpv = cpv
        self.repository = repository
        self.slot = slot
        self.subSlot = subSlot
    }
}

/// Which package a question is about.
public struct PackageSelector: Codable, Equatable, Sendable {
    /// Category, name and version.
    public var cpv: String
    /// The repository; nil for the one that Portage prefers.
    public var repository: String?
    /// The effective USE flags, instead of those that the configuration gives; nil for the configuration's.
    public var useOverride: [String]?

    /// A selector of these values.
    public init(cpv: String, repository: String? = nil, useOverride: [String]? = nil) {
        self.cpv = cpv
        self.repository = repository
        self.useOverride = useOverride
    }
}

/// An installed package that satisfies a dependency.
public struct InstalledDependency: Codable, Equatable, Sendable {
    /// Category, name and version.
    public let cpv: String
    /// The slot, without sub-slot.
    public let slot: String
    /// The sub-slot.
    public let subSlot: String
    /// The flags it was built with, sorted.
    public let use: [String]
    /// The repository it came from; empty if unknown.
    public let repository: String
    /// SHA-256 over what others are built against: its ebuild, the paths of its files, the content of those that are no
    /// programs or libraries. nil if it was not asked for, or cannot be known.
    public let content: String?

    /// A package of these values.
    public init(
        cpv: String, slot: String, subSlot: String, use: [String], repository: String, content: String? = nil
    ) {
        self.content = content
        self.cpv = cpv
        self.slot = slot
        self.subSlot = subSlot
        self.use = use
        self.repository = repository
    }
}

/// What is installed in a root.
public struct InstalledSystem: Codable, Equatable, Sendable {
    /// Every package, sorted by CPV.
    public let packages: [InstalledDependency]
    /// The C library's CPV; empty if Portage knows none.
    public let libc: String
}

/// The USE flags of one package.
public struct UseFlags: Codable, Equatable, Sendable {
    /// What the ebuild sees as set: effective flags within IUSE and the profile's implicit ones, sorted.
    public let use: [String]
    /// The flags that the ebuild declares, without their default sign, sorted.
    public let iuse: [String]
    /// Flags that the profile forces, within `iuse`.
    public let forced: [String]
    /// Flags that the profile masks, within `iuse`.
    public let masked: [String]
}

/// What a verified binary package says of itself.
public struct BinaryPackageMetadata: Codable, Equatable, Sendable {
    /// Category, name and version.
    public let cpv: String
    /// The files of build-info that are text, by name, without the newline at the end: `RDEPEND`, `USE`, `SLOT`, …
    public let fields: [String: String]

    /// A field of build-info; empty if it is absent.
    public subscript(_ name: String) -> String { fields[name] ?? "" }
}
