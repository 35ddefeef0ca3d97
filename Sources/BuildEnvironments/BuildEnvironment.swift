/// One of the environments that a service builds in.
public struct BuildEnvironment: Equatable, Sendable {
    /// Its name, for people.
    public var name: String
    /// Where its root comes from.
    public var root: Root
    /// EPREFIX of the Portage in it, without a slash at its end; empty for a system that is no Prefix.
    public var eprefix: String

    /// An environment of these values.
    public init(name: String, root: Root, eprefix: String) {
        self.name = name
        self.root = root
        self.eprefix = eprefix
    }
}
