extension BuildRequest {
    /// Eclasses that fetch a moving source while the package is built.
    static let liveEclasses: Set<String> = ["bzr", "cvs", "darcs", "git-r3", "mercurial", "subversion"]
    /// Eclasses of what is built against the kernel that is found in `/usr/src`.
    static let kernelEclasses: Set<String> = ["linux-mod", "linux-mod-r1"]

    /// Why the package depends on more than a request can say, as a sentence; nil when it does not. Such a package is
    /// built where it is used: a key over what is known of it would be a lie.
    public var hostBoundReason: String? {
        if let version = PackageNames.version(of: cpv), Self.isLive(version) {
            return Self.liveReason("version \(version)")
        }
        for item in content where item.role == .eclass {
            let name = String(item.name.dropLast(".eclass".utf8.count))
            if Self.liveEclasses.contains(name) {
                return Self.liveReason("\(name).eclass")
            }
            if Self.kernelEclasses.contains(name) {
                return "it is built for the kernel of the machine that builds (\(name).eclass)"
            }
        }
        if use.contains("savedconfig") {
            return "its configuration is a file of the asking machine that no request carries (USE=savedconfig)"
        }
        return nil
    }

    /// What is said of a package whose sources move.
    ///
    /// - Parameter mark: what shows it.
    public static func liveReason(_ mark: String) -> String {
        "it takes its sources from a repository at the moment of the build (\(mark))"
    }

    /// Whether a version stands for whatever is newest: its last number consists of four nines or more.
    static func isLive(_ version: String) -> Bool {
        let number = version.prefix { $0 != "-" && $0 != "_" }.split(separator: ".").last ?? ""
        return number.utf8.count >= 4 && number.utf8.allSatisfy { $0 == UInt8(ascii: "9") }
    }
}
