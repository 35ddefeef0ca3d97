import Testbed

/// Packages whose dependencies are hard to follow: alternatives, slots, cycles, several roots.
enum HardPackages {
    /// What stands in each ebuild, beside the same few lines.
    static let ebuilds: [String: String] = [
        "hard/a-1": "", "hard/b-1": "", "hard/c-1": "", "hard/old-1": "",
        // Alternatives.
        "hard/any-1": #"RDEPEND="|| ( hard/a hard/b )""#,
        "hard/any-b-1": #"RDEPEND="|| ( hard/b hard/a )""#,
        "hard/group-1": #"RDEPEND="|| ( ( hard/a hard/c ) hard/b )""#,
        "hard/only-one-1": #"RDEPEND="|| ( hard/nowhere hard/c )""#,
        "hard/itself-1": #"BDEPEND="|| ( hard/itself hard/b )""#,
        "hard/slot-or-1": #"RDEPEND="|| ( hard/slotted:2 hard/slotted:1 )""#,
        "virtual/thing-1": #"RDEPEND="|| ( hard/a hard/b )""#,
        "hard/wants-virtual-1": #"RDEPEND="virtual/thing""#,
        // USE.
        "hard/useful-1": #"IUSE="+feature""#,
        "hard/flags-1":
            "IUSE=\"+on off\"\nRDEPEND=\"on? ( hard/a ) off? ( hard/b ) !on? ( hard/c )\"\nBDEPEND=\"hard/useful[feature]\"",
        // Slots.
        "hard/slotted-1": #"SLOT="1""#, "hard/slotted-2": #"SLOT="2/2.1""#,
        "hard/slot-any-1": #"RDEPEND="hard/slotted""#,
        "hard/slot-low-1": #"RDEPEND="<hard/slotted-2""#,
        "hard/slot-both-1": #"RDEPEND="hard/slotted <hard/slotted-2""#,
        "hard/slot-operator-1": "DEPEND=\"hard/slotted:=\"\nRDEPEND=\"hard/slotted:=\"",
        "hard/slot-one-1": #"RDEPEND="hard/slotted:1""#,
        "hard/slot-star-1": #"RDEPEND=">=hard/slotted-1:*""#,
        // Kinds, cycles, blockers, and an EAPI whose DEPEND is the running root's.
        "hard/kinds-1": "IDEPEND=\"hard/a\"\nPDEPEND=\"hard/b\"\nBDEPEND=\"hard/c\"",
        "hard/ping-1": #"PDEPEND="hard/pong""#, "hard/pong-1": #"RDEPEND="hard/ping""#,
        "hard/cycle-1": #"RDEPEND="hard/cycle-back""#, "hard/cycle-back-1": #"RDEPEND="hard/cycle""#,
        "hard/blocks-1": #"RDEPEND="!hard/old !!<hard/renewed-2 hard/c""#,
        "hard/renewed-1": "", "hard/renewed-2": "",
        "hard/older-1": "EAPI=6\nDEPEND=\"hard/a\"\nRDEPEND=\"hard/b\"",
        // Several roots.
        "hard/cross-1": """
        BDEPEND="hard/tool"
        DEPEND="hard/lib"
        RDEPEND="hard/lib hard/run"
        IDEPEND="hard/inst"
        """,
        "hard/tool-1": #"RDEPEND="hard/tool-lib""#, "hard/tool-lib-1": "", "hard/run-1": "", "hard/inst-1": "",
        "hard/lib-1": #"BDEPEND="hard/tool""#,
        // What fails, and what needs it.
        "hard/fails-1": "pkg_setup() { die \"as wanted\"; }",
        "hard/wants-failure-1": #"RDEPEND="hard/fails""#,
        // What waits for a long build.
        "hard/after-slow-1": "DEPEND=\"app-demo/slow\"\nRDEPEND=\"hard/b\"",
    ]
}

extension Machine {
    /// Makes the hard packages a repository of this machine.
    func useHardPackages() throws {
        let place = "srv/hard"
        try write("\(place)/profiles/repo_name", "hard\n")
        try write("\(place)/profiles/categories", "hard\nvirtual\n")
        try write("\(place)/metadata/layout.conf", "masters = gentoo\nthin-manifests = true\nsign-manifests = false\n")
        try write(
            "etc/portage/repos.conf/hard.conf", "[hard]\nlocation = \(prefix)/\(place)\nauto-sync = no\n")
        for (cpv, own) in HardPackages.ebuilds {
            let name = cpv.dropLast(2)
            let version = cpv.split(separator: "-").last.map(String.init) ?? "1"
            let eapi = own.hasPrefix("EAPI=6") ? "6" : "8"
            let text = """
                EAPI=\(eapi)
                DESCRIPTION="A package with hard dependencies"
                SLOT="0"
                KEYWORDS="amd64 arm64"
                S=${WORKDIR}
                \(own.hasPrefix("EAPI=6\n") ? String(own.dropFirst(7)) : own)

                """
            try write("\(place)/\(name)/\(name.split(separator: "/")[1])-\(version).ebuild", text)
        }
    }
}
