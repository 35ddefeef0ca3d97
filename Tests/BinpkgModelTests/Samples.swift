@testable import BinpkgModel

/// Requests for tests.
enum Samples {
    static let hash = String(repeating: "0123456789abcdef", count: 4)

    static let request = BuildRequest(
        cpv: "app-demo/delta-1.0-r1", repository: "gentoo", eapi: "8", slot: "0/2", use: ["ssl", "amd64"],
        iuse: ["ssl", "doc"], chost: "x86_64-pc-linux-gnu", cbuild: "x86_64-pc-linux-gnu", eprefix: "",
        tmpdir: "/var/tmp", variables: ["CFLAGS": "-O2 -pipe", "LDFLAGS": "-Wl,-O1"], features: ["splitdebug"],
        profile: "abc",
        content: [
            ContentItem(role: .ebuild, name: "delta-1.0-r1.ebuild", sha256: hash, size: 100),
            ContentItem(role: .files, name: "fix.patch", sha256: hash, size: 10),
        ], buildDependencies: [InstalledPackage(cpv: "lib-demo/beta-1.0", slot: "0/1", use: ["ssl"])],
        libc: "sys-libs/glibc-2.40", accuracy: .abi)

    /// What the package is built with, out of an overlay.
    static let ebuilds = [
        DependencyEbuild(
            cpv: "lib-wood/plane-1.5", repository: "own", slot: "0", use: ["sharp"],
            content: [
                ContentItem(role: .ebuild, name: "plane-1.5.ebuild", sha256: hash, size: 100),
                ContentItem(role: .eclass, name: "wood.eclass", sha256: String(repeating: "a", count: 64), size: 10),
            ])
    ]

    /// The same, with a change.
    static func ebuilds(_ change: (inout DependencyEbuild) -> Void) -> [DependencyEbuild] {
        var ebuilds = ebuilds
        change(&ebuilds[0])
        return ebuilds
    }

    /// One change to each field that is in the key.
    static let changes: [(String, @Sendable (inout BuildRequest) -> Void)] = [
        ("version", { $0.version = 2 }), ("cpv", { $0.cpv += "1" }), ("repository", { $0.repository = "guru" }),
        ("eapi", { $0.eapi = "7" }), ("slot", { $0.slot = "0/3" }), ("use", { $0.use.append("doc") }),
        ("use, one less", { $0.use.removeLast() }), ("iuse", { $0.iuse.append("test") }),
        ("chost", { $0.chost += "x" }),
        ("cbuild", { $0.cbuild = "" }), ("eprefix", { $0.eprefix = "/gentoo" }), ("tmpdir", { $0.tmpdir = "/tmp" }),
        ("variable", { $0.variables["CFLAGS"] = "-O3 -pipe" }), ("new variable", { $0.variables["CC"] = "" }),
        ("variable gone", { $0.variables["LDFLAGS"] = nil }), ("features", { $0.features = [] }),
        ("profile", { $0.profile = "" }), ("content gone", { $0.content.removeLast() }),
        ("role", { $0.content[1].role = .patch }), ("name", { $0.content[1].name = "fix2.patch" }),
        ("hash", { $0.content[1].sha256 = String(repeating: "f", count: 64) }), ("size", { $0.content[1].size = 11 }),
    ]
}
