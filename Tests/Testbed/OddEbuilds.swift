/// Ebuilds of what no service is asked for, with the usual settings.
public enum OddEbuilds {
    /// Category of all of them.
    public static let category = "app-own"

    /// Their text, by paths in a repository: a live one, one that may not be passed on, one for the kernel, one like any
    /// other, and one that builds nothing.
    public static let all: [String: String] = [
        "eclass/linux-mod-r1.eclass": "# @ECLASS: linux-mod-r1.eclass\nlinux-mod-r1_src_compile() { :; }\n"
            + "EXPORT_FUNCTIONS src_compile\n",
        path("live"): head("PROPERTIES=\"live\""),
        path("closed"): head("RESTRICT=\"bindist\"") + "src_compile() { :; }\n",
        path("module"): head("inherit linux-mod-r1"),
        path("plain"): head("") + "src_compile() { :; }\n",
        path("meta"): head("RDEPEND=\"app-own/plain\""),
    ]

    private static func path(_ name: String) -> String { "\(category)/\(name)/\(name)-1.0.ebuild" }

    private static func head(_ line: String) -> String {
        "EAPI=8\n\(line)\nDESCRIPTION=\"For a test\"\nHOMEPAGE=\"https://example.org\"\nLICENSE=\"GPL-2+\"\nSLOT=\"0\"\n"
            + "KEYWORDS=\"amd64 arm64\"\nS=\"${WORKDIR}\"\n"
    }
}
