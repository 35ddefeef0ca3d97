/// One of the environments that a service builds in.
public struct BuildEnvironment: Equatable, Sendable {
    /// Its name, for people.
    public var name: String
    /// Where its root comes from.
    public var root: Root
    /// EPREFIX of the Portage in it, without a slash at its end; empty for a system that is no Prefix.
    public var eprefix: String
    /// What `-march=native` means for the programs of the root, as another value of `-march`; nil when that is not said.
    public var cpu: String?

    /// An environment of these values.
    public init(name: String, root: Root, eprefix: String, cpu: String? = nil) {
        self.name = name
        self.root = root
        self.eprefix = eprefix
        self.cpu = cpu
    }

    /// Whether a value for ``cpu`` is one that can be compared with this machine's processor.
    public static func isKnown(cpu: String) -> Bool { Processor(march: cpu) != nil }
}
