/// One file that takes part in a build, named by its content.
public struct ContentItem: Codable, Equatable, Hashable, Sendable {
    /// What the file is, and what its name is relative to.
    public enum Role: String, Codable, CaseIterable, Sendable {
        /// The ebuild; its name is `PF.ebuild`.
        case ebuild
        /// An eclass, inherited directly or not; its name is `NAME.eclass`.
        case eclass
        /// A file of FILESDIR, by its path below it.
        case files
        /// The package's Manifest; its name is `Manifest`.
        case manifest
        /// A user patch, by its path below `etc/portage/patches`, as `CATEGORY/P/NAME.patch`.
        case patch
        /// A bashrc that applies: `bashrc` for the user's, `profile/PATH` for one of the profile. Hooks of this suite are not
        /// part of it.
        case bashrc
        /// A file of `etc/portage/env` that applies, by its path below `etc/portage/env`.
        case env
    }

    /// What the file is.
    public var role: Role
    /// A relative path without `.` and `..`; what it is relative to depends on the role.
    public var name: String
    /// SHA-256 of the bytes, in lower-case hexadecimal.
    public var sha256: String
    /// The number of bytes.
    public var size: Int

    /// An item of these values.
    public init(role: Role, name: String, sha256: String, size: Int) {
        self.role = role
        self.name = name
        self.sha256 = sha256
        self.size = size
    }
}

/// An installed package, as far as what is built against it can tell.
public struct InstalledPackage: Codable, Equatable, Hashable, Sendable {
    /// `CATEGORY/PF`.
    public var cpv: String
    /// `SLOT/SUBSLOT`; a sub-slot that equals the slot may be left out.
    public var slot: String
    /// The enabled USE flags that it knows. A set.
    public var use: [String]
    /// SHA-256 over what others are built against: its ebuild, the paths of its files, and the content of those that are
    /// no programs or libraries. nil when it is not known.
    public var content: String?

    /// A package of these values.
    public init(cpv: String, slot: String, use: [String], content: String? = nil) {
        self.cpv = cpv
        self.slot = slot
        self.use = use
        self.content = content
    }
}

/// How close the environment of a build was to the asking machine.
public enum Accuracy: String, Codable, CaseIterable, Comparable, Sendable {
    /// The primary key and the C library agree, nothing else is promised.
    case flags
    /// Also every build-time dependency has the same slot and sub-slot.
    case abi
    /// Also every build-time dependency has the same version and USE.
    case exact

    private var rank: Int {
        switch self {
        case .flags: 0
        case .abi: 1
        case .exact: 2
        }
    }

    /// Whether `a` promises less than `b`.
    public static func < (a: Accuracy, b: Accuracy) -> Bool { a.rank < b.rank }
}

/// Where a package stands in the list of packages that a machine is going to merge.
public struct PlanPlace: Codable, Equatable, Sendable {
    /// A name for the plan that its machine chose: letters, digits and `+_.-`, at most 64.
    public var id: String
    /// How many packages of the plan cannot be merged before this one.
    public var unblocks: Int

    /// The most packages that a place may say it unblocks.
    public static let maximumUnblocks = 100_000

    /// A place of these values.
    public init(id: String, unblocks: Int) {
        self.id = id
        self.unblocks = unblocks
    }
}
