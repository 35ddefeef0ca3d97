internal import EbuildRepository
internal import Posix

/// Getting an overlay's files: of a git repository a shallow, partial clone whose work tree has only what is needed; of a
/// local one the directory itself.
struct OverlaySource: Sendable {
    let overlay: Overlay
    /// Where intermediate clones are.
    let cache: String
    let git: Git

    /// What every overlay's work tree has: all that tells what its packages are, and none of them.
    private static let base = ["/profiles/", "/metadata/layout.conf", "/metadata/md5-cache/", "/eclass/", "/licenses/"]

    private var clone: String { cache + "/" + overlay.name }

    /// The overlay's present state, without its packages.
    ///
    /// - Parameter offline: take what was fetched last.
    func update(offline: Bool) async throws(OverlaysError) -> OverlayTree {
        switch overlay.source {
        case .local(let path):
            guard Files.exists(path + "/profiles") else {
                throw OverlaysError(.unavailable, "\(overlay.name): \(path) is not there, or not a repository")
            }
            return OverlayTree(root: path, commit: "local", index: nil)
        case .git(let uri):
            let url = GitURL.normal(uri)
            if !offline || !isClone(of: url) { try await fetch(url) }
            try await checkOut(Self.base, url)
            return try await tree(url)
        }
    }

    /// The same state with these packages' directories, `category/package`.
    func adding(_ packages: [String], to tree: OverlayTree) async throws(OverlaysError) -> OverlayTree {
        guard case .git(let uri) = overlay.source else { return tree }
        let url = GitURL.normal(uri)
        try await checkOut(Self.base + packages.sorted().map { "/\($0)/" }, url)
        return try await self.tree(url)
    }

    private func isClone(of url: String) -> Bool {
        (try? Files.readText(clone + "/.git/portmanteau-url", limit: 4096)) == url
    }

    /// Fetches the newest commit if it is another than the one that is here. A clone that git cannot use any more, or of
    /// another URL, is made anew.
    private func fetch(_ url: String) async throws(OverlaysError) {
        try filing { () throws(PosixError) in try Files.makeDirectories(cache) }
        let listed = try await git.run(
            ["ls-remote", "--", url, "HEAD"], in: cache, url: url, what: "reach \(overlay.name)")
        guard let commit = listed.split(whereSeparator: \.isWhitespace).first.map(String.init), Self.isCommit(commit)
        else { throw OverlaysError(.unavailable, "cannot reach \(overlay.name): \(url) has no commits") }
        if isClone(of: url) {
            // Locks of a run that was killed: nobody else uses this clone while we hold ours.
            for lock in ["index.lock", "shallow.lock", "HEAD.lock", "config.lock", "info/sparse-checkout.lock"] {
                try? Files.removeTree(clone + "/.git/" + lock)
            }
            let head = try? await git.run(["rev-parse", "-q", "--verify", "HEAD"], in: clone, url: url, what: "read")
            if head?.hasPrefix(commit) == true { return }
            if (try? await take(url, in: clone)) != nil { return }
        }
        try await makeClone(url)
    }

    /// Makes the clone anew; it takes the place of the one before when it is complete.
    private func makeClone(_ url: String) async throws(OverlaysError) {
        let clone = "\(cache)/.\(overlay.name).new"
        try filing { () throws(PosixError) in
            try Files.removeTree(clone)
            try Files.makeDirectories(clone)
        }
        let what = "fetch \(overlay.name)"
        _ = try await git.run(["init", "-q", "--template="], in: clone, url: url, what: what)
        for (key, value) in [
            ("core.repositoryformatversion", "1"), ("extensions.partialClone", "origin"), ("remote.origin.url", url),
            ("remote.origin.promisor", "true"), ("remote.origin.partialclonefilter", "blob:none"),
            ("core.symlinks", "false"), ("core.sparseCheckout", "true"), ("core.sparseCheckoutCone", "false"),
        ] {
            _ = try await git.run(["config", key, value], in: clone, url: url, what: what)
        }
        // The checksums are over the bytes as committed: no attribute of the repository may change them.
        let attributes = "* -text -ident -filter -eol -working-tree-encoding -crlf\n"
        try filing { () throws(PosixError) in
            try Files.makeDirectories(clone + "/.git/info")
            try Files.replace(clone + "/.git/info/attributes", with: Array(attributes.utf8))
        }
        do throws(OverlaysError) {
            try await take(url, in: clone)
        } catch {
            try? Files.removeTree(clone)
            throw error
        }
        try filing { () throws(PosixError) in
            try Files.replace(clone + "/.git/portmanteau-url", with: Array(url.utf8))
            try Files.removeTree(self.clone)
            try Files.move(clone, to: self.clone)
        }
    }

    /// Fetches the newest commit and moves HEAD to it; the work tree follows with the next check-out.
    private func take(_ url: String, in clone: String) async throws(OverlaysError) {
        let what = "fetch \(overlay.name)"
        _ = try await git.run(
            [
                "fetch", "-q", "--depth=1", "--no-tags", "--filter=blob:none", "--no-recurse-submodules", "--force",
                "--no-write-fetch-head", "origin", "+HEAD:refs/overlay/head",
            ],
            in: clone, url: url, what: what)
        _ = try await git.run(
            ["update-ref", "--no-deref", "HEAD", "refs/overlay/head"], in: clone, url: url, what: what)
    }

    private func checkOut(_ patterns: [String], _ url: String) async throws(OverlaysError) {
        let text = patterns.map { $0 + "\n" }.joined()
        try filing { () throws(PosixError) in
            try Files.replace(clone + "/.git/info/sparse-checkout", with: Array(text.utf8))
        }
        // Missing contents are fetched here, in one go.
        _ = try await git.run(
            ["read-tree", "--reset", "-u", "HEAD"], in: clone, url: url, what: "check out \(overlay.name)")
    }

    private func tree(_ url: String) async throws(OverlaysError) -> OverlayTree {
        let what = "read \(overlay.name)"
        let head = try await git.run(["rev-parse", "HEAD"], in: clone, url: url, what: what)
        let listing = try await git.run(["ls-files", "-s", "-t", "-z"], in: clone, url: url, what: what)
        var index: [String: OverlayTree.Kind] = [:]
        for line in listing.utf8.split(separator: 0) {
            let entry = String(decoding: line, as: UTF8.self)
            guard let tab = entry.firstIndex(of: "\t") else { continue }
            let words = entry[..<tab].split(separator: " ")
            // S: not in the sparse work tree.
            guard words.count == 4, words[0] == "H" else { continue }
            let path = String(entry[entry.index(after: tab)...])
            switch words[1] {
            case "100644": index[path] = .file(executable: false)
            case "100755": index[path] = .file(executable: true)
            case "120000": index[path] = .link(target: (try? Files.readText(clone + "/" + path, limit: 4096)) ?? "")
            default: index[path] = .other
            }
        }
        let commit = head.split(whereSeparator: \.isWhitespace).first.map(String.init) ?? ""
        return OverlayTree(root: clone, commit: commit, index: index)
    }

    private static func isCommit(_ text: String) -> Bool {
        (text.utf8.count == 40 || text.utf8.count == 64) && text.allSatisfy { $0.isASCII && $0.isHexDigit }
    }
}
