/// What one machine asks a binary-package service for: everything that makes a package what it is.
///
/// Two machines that send requests with the same ``primaryKey`` get the same package. What is in the key is described at
/// ``canonicalForm``. `buildDependencies`, `toolchain`, `libc` and `accuracy` are outside of it: they are what an artifact is compared
/// with before it is accepted (``DependencyComparison``). `dependencyEbuilds` say what the first of them can be made from, and are in
/// the request's name only. `plan` says how urgent it is and is in nothing.
///
/// A value can hold anything; ``validate()`` says whether it may be used.
public struct BuildRequest: Codable, Equatable, Sendable {
    /// The version of this structure and of the canonical form.
    public static let currentVersion = 1

    /// The version of the request; only ``currentVersion`` is accepted.
    public var version: Int
    /// `CATEGORY/PF`.
    public var cpv: String
    /// The name of the repository that the ebuild comes from.
    public var repository: String
    /// The ebuild's EAPI.
    public var eapi: String
    /// `SLOT`, or `SLOT/SUBSLOT` as the ebuild has it.
    public var slot: String
    /// The enabled USE flags that the package knows, with the implicit ones. A set; order does not matter.
    public var use: [String]
    /// The flags that the package knows, without the signs of their defaults. A set.
    public var iuse: [String]
    /// The host that the package is built for.
    public var chost: String
    /// The host that the package is built on.
    public var cbuild: String
    /// EPREFIX without a slash at its end; empty for a system that is no Prefix.
    public var eprefix: String
    /// PORTAGE_TMPDIR: its path gets into debug information, so it is part of what is built.
    public var tmpdir: String
    /// Variables that reach the compilers, as requested (not as the ebuild filters them). Only names of
    /// ``allowedVariables``; a variable that is not set is left out.
    public var variables: [String: String]
    /// The enabled ones of ``outputFeatures``. A set.
    public var features: [String]
    /// The identity of the profile: any text that is equal for equal profiles.
    public var profile: String
    /// Every file that takes part in the build, by its hash.
    public var content: [ContentItem]
    /// The installed packages that satisfy DEPEND and BDEPEND on the asking machine, or will when its turn comes.
    public var buildDependencies: [InstalledPackage]
    /// Ebuilds of what the package is built with that come from another than the main repository, with what these need in
    /// turn; nil when there are none.
    public var dependencyEbuilds: [DependencyEbuild]?
    /// The CPV of the asking machine's C library; empty when it is not a package.
    public var libc: String
    /// The compilers, linkers and headers that the asking machine builds with (``DependencyVector/toolchain``); nil when it
    /// does not say.
    public var toolchain: [InstalledPackage]?
    /// The least accuracy that the asking machine accepts.
    public var accuracy: Accuracy
    /// Where the package stands in the plan of the asking machine; nil when it is asked for alone.
    public var plan: PlanPlace?

    /// A request of these values.
    public init(
        cpv: String, repository: String, eapi: String, slot: String, use: [String], iuse: [String], chost: String,
        cbuild: String, eprefix: String, tmpdir: String, variables: [String: String], features: [String],
        profile: String, content: [ContentItem], buildDependencies: [InstalledPackage] = [],
        dependencyEbuilds: [DependencyEbuild]? = nil, libc: String = "",
        toolchain: [InstalledPackage]? = nil, accuracy: Accuracy = .abi, plan: PlanPlace? = nil
    ) {
        version = Self.currentVersion
        self.cpv = cpv
        self.repository = repository
        self.eapi = eapi
        self.slot = slot
        self.use = use
        self.iuse = iuse
        self.chost = chost
        self.cbuild = cbuild
        self.eprefix = eprefix
        self.tmpdir = tmpdir
        self.variables = variables
        self.features = features
        self.profile = profile
        self.content = content
        self.buildDependencies = buildDependencies
        self.dependencyEbuilds = dependencyEbuilds
        self.libc = libc
        self.toolchain = toolchain
        self.accuracy = accuracy
        self.plan = plan
    }

    /// What the asking machine has, or will have, to build with.
    public var vector: DependencyVector {
        DependencyVector(packages: buildDependencies, libc: libc, toolchain: toolchain)
    }

    /// The variables that a request may carry: they reach compilers and build systems and nothing else.
    public static let allowedVariables: Set<String> = [
        "ADAFLAGS", "AR", "AS", "ASFLAGS", "CC", "CFLAGS", "CPPFLAGS", "CPU_FLAGS_ARM", "CPU_FLAGS_PPC",
        "CPU_FLAGS_X86", "CXX", "CXXFLAGS", "EXTRA_ECONF", "EXTRA_EMAKE", "EXTRA_EMESON", "F77", "FC", "FCFLAGS",
        "FFLAGS", "GOFLAGS", "INSTALL_MASK", "LC_ALL", "LD", "LDFLAGS", "LINGUAS", "MYCMAKEARGS", "MYMESONARGS", "NM",
        "OBJCFLAGS", "OBJCOPY", "OBJCXXFLAGS", "OBJDUMP", "PKG_INSTALL_MASK", "PORTAGE_COMPRESS",
        "PORTAGE_COMPRESS_FLAGS", "PORTAGE_STRIP_FLAGS", "RANLIB", "READELF", "RUSTFLAGS", "STRIP", "VALAFLAGS",
    ]

    /// Those of ``allowedVariables`` in which `-march=native` and its like would name the processor of the machine that
    /// builds.
    public static let processorVariables: Set<String> = [
        "CFLAGS", "CPPFLAGS", "CXXFLAGS", "FCFLAGS", "FFLAGS", "LDFLAGS", "OBJCFLAGS", "OBJCXXFLAGS", "RUSTFLAGS",
    ]

    /// The FEATURES that change what is in a package.
    public static let outputFeatures: Set<String> = [
        "compressdebug", "dedupdebug", "force-prefix", "installsources", "nodoc", "noinfo", "noman", "nostrip",
        "packdebug", "selinux", "sfperms", "splitdebug", "suidctl", "test", "xattr",
    ]
}
