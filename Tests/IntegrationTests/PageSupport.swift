import Testbed

extension Machine {
    /// A repository with one package, `app-slow/snail-1`, which builds for a while and says how far it is; its log has what
    /// must not become markup.
    func addSlowPackage() throws {
        try write("repo/profiles/repo_name", "mine\n")
        try write("repo/profiles/categories", "app-slow\n")
        try write("repo/metadata/layout.conf", "masters = gentoo\nthin-manifests = true\n")
        try write(
            "repo/app-slow/snail/snail-1.ebuild",
            """
            EAPI=8
            DESCRIPTION="Takes its time"
            SLOT="0"
            KEYWORDS="amd64 arm64"
            S=${WORKDIR}
            src_compile() {
                local i
                echo '<img src=x onerror="document.title = 1">'
                for i in {1..100}; do echo "step ${i}"; sleep 0.5; done
            }
            src_install() { insinto /usr/share/slow; newins - ${PN} <<< done; }

            """)
        try write("etc/portage/repos.conf/mine.conf", "[mine]\nlocation = \(prefix)/repo\n")
    }
}

extension Browser {
    /// Runs `body` with a browser that is closed in any case.
    static func with(
        _ machine: Machine, width: Int = 1280, height: Int = 900, isTelephone: Bool = false,
        _ body: (Browser) async throws -> Void
    ) async throws {
        let page = try await open(on: machine, width: width, height: height, isTelephone: isTelephone)
        do {
            try await body(page)
        } catch {
            try await page.close()
            throw error
        }
        try await page.close()
    }
}
