/// Where overlayman's files are.
public struct OverlaysPaths: Equatable, Sendable {
    /// The list of wanted packages.
    public let packages: String
    /// Where overlays come from.
    public let configuration: String
    /// Intermediate clones.
    public let cache: String
    /// The published slices.
    public let slices: String
    /// Portage's list of repositories.
    public let repositoriesConf: String

    /// The files of a machine.
    ///
    /// - Parameters:
    ///   - eprefix: where the Prefix is; empty outside one.
    ///   - configRoot: PORTAGE_CONFIGROOT.
    public init(eprefix: String, configRoot: String) {
        packages = eprefix + "/etc/overlayman/packages"
        configuration = eprefix + "/etc/overlayman/overlays.conf"
        cache = eprefix + "/var/cache/portmanteau/overlays"
        slices = eprefix + "/var/lib/portmanteau/slices"
        repositoriesConf = (configRoot.hasSuffix("/") ? configRoot : configRoot + "/") + "etc/portage/repos.conf"
    }
}
