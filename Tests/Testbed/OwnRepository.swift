extension Machine {
    /// Makes a repository below `srv`, and makes it known to the machine's Portage.
    ///
    /// - Parameter ebuilds: their text, by paths in the repository.
    public func addRepository(_ name: String, categories: [String], ebuilds: [String: String]) throws {
        try write(
            "etc/portage/repos.conf/\(name).conf", "[\(name)]\nlocation = \(prefix)/srv/\(name)\nauto-sync = no\n")
        try write("srv/\(name)/profiles/repo_name", "\(name)\n")
        try write("srv/\(name)/metadata/layout.conf", "masters = gentoo\nthin-manifests = true\n")
        try write("srv/\(name)/profiles/categories", categories.map { $0 + "\n" }.joined())
        for (path, text) in ebuilds { try write("srv/\(name)/\(path)", text) }
    }
}
