/// An application of 30 packages that are built in a moment: each needs the compiler and a tool, and the application runs
/// only with all of them.
public enum WideApplication {
    /// The application's atom.
    public static let atom = "app-wide/many"
    /// What the application prints.
    public static let sum = parts * (parts + 1) / 2

    private static let parts = 29

    /// Adds its repository to a machine.
    public static func add(to machine: Machine) throws {
        let names = (1...parts).map { "part\($0)" }
        var ebuilds: [String: String] = [:]
        func add(_ category: String, _ name: String, _ rest: String) {
            ebuilds["\(category)/\(name)/\(name)-1.0.ebuild"] = """
                EAPI=8
                DESCRIPTION="One of many"
                HOMEPAGE="https://example.org/\(name)"
                S="${WORKDIR}"
                LICENSE="GPL-2+"
                SLOT="0"
                KEYWORDS="amd64 arm64"
                RESTRICT="strip binchecks"
                BDEPEND="dev-demo/weave"
                \(rest)

                """
        }
        for (number, name) in names.enumerated() {
            add(
                "lib-wide", name,
                """
                RDEPEND="\(number % 5 == 0 ? "" : "lib-wide/\(names[number - 1])")"
                src_compile() {
                    weave twill > pattern.h || die
                    echo "int \(name)(void) { return \(number + 1); }" > \(name).c || die
                    ${CHOST}-gcc ${CFLAGS} ${LDFLAGS} -shared -fPIC -o lib\(name).so \(name).c || die
                }
                src_install() {
                    mkdir -p "${ED}/usr/$(get_libdir)" || die
                    cp lib\(name).so "${ED}/usr/$(get_libdir)" || die
                }
                """)
        }
        add(
            "app-wide", "many",
            """
            RDEPEND="\(names.map { "lib-wide/" + $0 }.joined(separator: " "))"
            src_compile() {
                cat > many.c <<END || die
                    #include <dlfcn.h>
                    #include <stdio.h>
                    int main(void) {
                        int sum = 0;
                        for (int i = 1; i <= \(parts); i++) {
                            char file[4096], name[16];
                            snprintf(file, sizeof file, "${EPREFIX}/usr/$(get_libdir)/libpart%d.so", i);
                            snprintf(name, sizeof name, "part%d", i);
                            void *library = dlopen(file, RTLD_NOW);
                            int (*part)(void) = library ? dlsym(library, name) : 0;
                            if (!part) return 1;
                            sum += part();
                        }
                        return printf("%d\\n", sum) < 0;
                    }
            END
                ${CHOST}-gcc ${CFLAGS} ${LDFLAGS} -o many many.c -ldl || die
            }
            src_install() {
                mkdir -p "${ED}/usr/bin" || die
                cp many "${ED}/usr/bin" || die
            }
            """)
        try machine.addRepository("wide", categories: ["app-wide", "lib-wide"], ebuilds: ebuilds)
    }
}
