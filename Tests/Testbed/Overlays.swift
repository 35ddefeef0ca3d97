import Posix

/// Overlays of the fixtures as git repositories on a machine.
extension Machine {
    /// Makes a git repository, with metadata cache, out of one of the overlays of the fixtures.
    ///
    /// - Returns: its path, as commands on the machine see it.
    @discardableResult
    public func makeOverlay(_ name: String) async throws -> String {
        let path = "\(prefix)/srv/overlays/\(name)"
        try await script(
            """
            mkdir -p "${2%/*}" && cp -r "$1/overlays/$3" "$2" && cd "$2" && git init -q -b main .
            git config uploadpack.allowFilter true
            """, path, name)
        try await commitOverlay(name)
        return path
    }

    /// Makes the overlay's metadata cache anew and commits what was changed in its work tree.
    public func commitOverlay(_ name: String, cache: Bool = true) async throws {
        try await script(
            """
            cd "$2"
            if [ "$4" = true ]; then
                egencache --update --repo "$3" --repositories-configuration "[DEFAULT]
            main-repo = gentoo
            [gentoo]
            location = $5
            [$3]
            location = $2" > /dev/null
            fi
            git add -A && git -c user.name=Testbed -c user.email=testbed@example.org commit -q -m "as it is now"
            """, "\(prefix)/srv/overlays/\(name)", name, "\(cache)", testbed.repository)
    }

    /// Writes overlays.conf with these overlays, each from its git repository on the machine.
    public func useOverlays(_ names: [String]) throws {
        let sections = names.map { "[\($0)]\nsync-type = git\nsync-uri = \(prefix)/srv/overlays/\($0)\n" }
        try write("etc/overlayman/overlays.conf", sections.joined(separator: "\n"))
    }

    /// Makes the ebuild repository of this machine one that is synced from a git repository on it.
    public func useTreeFromGit() async throws {
        let script = """
            mkdir -p "$1/srv" "$1/var/db/repos" && cp -r "$2" "$1/srv/tree" && cd "$1/srv/tree"
            git init -q -b main . && git add -A && git -c user.name=T -c user.email=t@example.org commit -q -m tree
            git clone -q "file://$1/srv/tree" "$1/var/db/repos/gentoo"
            profile=$(readlink "$1/etc/portage/make.profile")
            ln -sfn "$1/var/db/repos/gentoo/${profile#"$2"/}" "$1/etc/portage/make.profile"
            """
        let output = try await run(["bash", "-ec", script, "tree", prefix, testbed.repository])
        guard output.succeeded else { throw TestbedError.command("making a tree of git", reason: output.text) }
        try write(
            "etc/portage/repos.conf/gentoo.conf",
            """
            [DEFAULT]
            main-repo = gentoo

            [gentoo]
            location = \(prefix)/var/db/repos/gentoo
            sync-type = git
            sync-uri = file://\(prefix)/srv/tree
            sync-git-verify-commit-signature = no
            auto-sync = yes

            """)
    }

    private func script(_ text: String, _ arguments: String...) async throws {
        let output = try await run(["bash", "-ec", text, "overlay", Testbed.fixtures] + arguments)
        guard output.succeeded else { throw TestbedError.command("making an overlay", reason: output.text) }
    }
}
