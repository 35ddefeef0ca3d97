/// All that makes a package what it is on this machine: what the primary key of a binary package is computed from.
public struct KeyInputs: Codable, Equatable, Sendable {
    /// A file, its name for the key, and where it is here.
    public struct File: Codable, Equatable, Hashable, Sendable {
        /// The name that does not depend on the machine: an eclass's name, a path below FILESDIR or the patch directory.
        public let name: String
        /// The absolute path here.
        public let path: String

        /// A file of these values.
        public init(name: String, path: String) {
            self.name = name
            self.path = path
        }
    }

    /// A file of SRC_URI.
    public struct SourceFile: Codable, Equatable, Sendable {
        /// The file's name in DISTDIR.
        public let name: String
        /// Its size in bytes as the Manifest states it; nil if it states none.
        public let size: Int?
        /// Hexadecimal digests of the Manifest by name: `BLAKE2B`, `SHA512`.
        public let hashes: [String: String]
        /// Where it can be had, with mirrors still as `mirror://`.
        public let uris: [String]
    }

    /// An ebuild of what the package is built with, that is not of the main repository.
    public struct DependencyEbuild: Codable, Equatable, Sendable {
        /// Category, name and version.
        public let cpv: String
        /// The repository's name.
        public let repository: String
        /// The slot, without sub-slot.
        public let slot: String
        /// The sub-slot; equal to the slot where the ebuild names none.
        public let subSlot: String
        /// The flags that it knows and has, or would get.
        public let use: [String]
        /// The ebuild's path.
        public let ebuild: String
        /// Every eclass that it inherits, sorted by name.
        public let eclasses: [File]
        /// The files below FILESDIR; names are paths relative to it.
        public let files: [File]
        /// The package's Manifest; nil if there is none.
        public let manifest: String?
    }

    /// Category, name and version.
    public let cpv: String
    /// The repository's name.
    public let repository: String
    /// The EAPI.
    public let eapi: String
    /// The slot, without sub-slot.
    public let slot: String
    /// The sub-slot; equal to the slot where the ebuild names none.
    public let subSlot: String

    /// The ebuild's path.
    public let ebuild: String
    /// Every eclass that it inherits, sorted by name.
    public let eclasses: [File]
    /// The files below FILESDIR; names are paths relative to it.
    public let files: [File]
    /// The package's Manifest; nil if there is none.
    public let manifest: String?
    /// User patches in the order of their application; names are paths relative to EPREFIX/etc/portage/patches.
    public private(set) var patches: [File]
    /// bashrc files in the order of sourcing: of the profiles (named `profile:…`), of /etc/portage (`user:…`). A file
    /// whose code is only hooks of this suite is among them: the caller knows its own lines.
    public private(set) var bashrcs: [File]
    /// Files of /etc/portage/env that apply, in the order of sourcing; names are paths relative to it.
    public private(set) var envs: [File]

    /// What the ebuild sees as set, sorted: effective flags within `iuse` and the profile's implicit ones.
    public let use: [String]
    /// The declared flags without default sign, sorted.
    public let iuse: [String]

    /// What the package is built for.
    public let chost: String
    /// What it is built on.
    public let cbuild: String
    /// Where the Prefix is; empty outside one.
    public let eprefix: String
    /// PORTAGE_TMPDIR.
    public let tmpdir: String
    /// The asked variables as they are configured for this package (package.env included), before the ebuild filters
    /// them; unset ones are absent.
    public let variables: [String: String]
    /// What `-march=native` and `-mtune=native` in these variables mean for the compiler here, by word; none where they
    /// are not there, or nobody can say.
    public let nativeFlags: [String: String]?
    /// The FEATURES that change what is packaged, sorted.
    public let features: [String]
    /// The profile's directories, from the farthest parent to the user's own.
    public let profiles: [String]
    /// SHA-256, in hexadecimal, over names and content of the files of these profiles.
    public let profileDigest: String
    /// The keywords that Portage accepts for this package.
    public let acceptedKeywords: [String]
    /// The files that SRC_URI names with these USE flags.
    public let sources: [SourceFile]
    /// PROPERTIES with these USE flags, sorted.
    public let properties: [String]
    /// RESTRICT with these USE flags, sorted.
    public let restrict: [String]
    /// The installed packages that satisfy DEPEND and BDEPEND now, sorted by CPV.
    public let buildDependencies: [InstalledDependency]
    /// The compilers, linkers and headers that are in use, whether DEPEND names them or not, sorted by CPV.
    public let toolchain: [InstalledDependency]
    /// Ebuilds of what satisfies DEPEND and BDEPEND, or would be merged for them, that come from another than the main
    /// repository, with those of what they need in turn; sorted by CPV.
    public let dependencyEbuilds: [DependencyEbuild]
    /// Atoms of DEPEND and BDEPEND that nothing installed satisfies.
    public let unsatisfied: [String]
    /// The installed C library; empty if Portage knows none.
    public let libc: String
}

extension KeyInputs {
    /// The same without what the machine's user adds to packages: patches, bashrc and env files.
    public var withoutUserFiles: KeyInputs {
        var result = self
        result.patches = []
        result.envs = []
        result.bashrcs.removeAll { !$0.name.hasPrefix("profile:") }
        return result
    }

    /// The variables that belong to every primary key.
    public static let standardVariables = [
        "CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "FFLAGS", "FCFLAGS", "RUSTFLAGS", "CC", "CXX", "LD", "EXTRA_ECONF",
        "EXTRA_EMAKE", "AR", "NM", "RANLIB", "AS", "OBJCOPY", "STRIP", "CPU_FLAGS_X86", "CPU_FLAGS_ARM",
        "CPU_FLAGS_PPC",
        "INSTALL_MASK", "PKG_INSTALL_MASK", "PORTAGE_COMPRESS", "PORTAGE_COMPRESS_FLAGS", "PORTAGE_STRIP_FLAGS",
        "LINGUAS", "EXTRA_EMESON", "MYMESONARGS", "MYCMAKEARGS", "LC_ALL",
    ]
}
