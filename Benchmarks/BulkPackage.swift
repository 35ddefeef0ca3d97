import Testbed

/// A package of 300 libraries that are 50 MB together, for what a merge costs by size and number of files.
enum BulkPackage {
    static let atom = "app-bulk/bulk"

    /// Adds its repository to a machine.
    static func add(to machine: Machine) async throws {
        let manifest = try await machine.run(["cat", "\(machine.testbed.repository)/app-demo/hello/Manifest"])
        try machine.addRepository(
            "bulk", categories: ["app-bulk"],
            ebuilds: ["\(atom)/bulk-1.0.ebuild": ebuild, "\(atom)/Manifest": manifest.stdout])
    }

    // What is random compresses no better than real libraries do. A package without sources is never asked for.
    private static let ebuild = """
        EAPI=8
        DESCRIPTION="Many libraries"
        SRC_URI="https://example.org/distfiles/hello-1.0.tar.xz"
        S="${WORKDIR}"
        LICENSE="GPL-2+"
        SLOT="0"
        KEYWORDS="amd64 arm64"

        src_compile() {
            local number
            for number in {1..300}; do
                head -c 90000 /dev/urandom > noise || die
                head -c 80000 /dev/zero >> noise || die
                printf 'asm(".data\\\\n.incbin \\\\"noise\\\\"");int bulk%s(void){return %s;}' ${number} ${number} > one.c || die
                ${CHOST}-gcc ${CFLAGS} ${LDFLAGS} -shared -fPIC -o libbulk${number}.so one.c || die
            done
        }
        src_install() {
            mkdir -p "${ED}/usr/lib/bulk" || die
            cp libbulk*.so "${ED}/usr/lib/bulk" || die
        }

        """
}
