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

    /// Makes a repository named `mine` below `repo` of EPREFIX, for ebuilds of a test.
    public func addOwnRepository(categories: [String]) throws {
        try write("repo/profiles/repo_name", "mine\n")
        try write("repo/profiles/categories", categories.map { $0 + "\n" }.joined())
        try write("repo/metadata/layout.conf", "masters = gentoo\nthin-manifests = true\n")
        try write("etc/portage/repos.conf/mine.conf", "[mine]\nlocation = \(prefix)/repo\n")
    }
}
