import Testing

@testable import BinpkgModel

@Suite struct RequestValidationTests {
    @Test func sampleIsValid() throws {
        try Samples.request.validate()
        var request = Samples.request
        request.dependencyEbuilds = Samples.ebuilds
        try request.validate()
    }

    static let hostile: [(String, @Sendable (inout BuildRequest) -> Void)] = [
        ("version", { $0.version = 0 }),
        ("cpv", { $0.cpv = "app-demo/delta" }), ("cpv", { $0.cpv = "../delta-1" }),
        ("cpv", { $0.cpv = "app-demo/delta-1\n--config" }), ("cpv", { $0.cpv = "app-demo/$(id)-1" }),
        ("cpv", { $0.cpv = "-x/delta-1" }), ("cpv", { $0.cpv = "a/b/c-1" }), ("cpv", { $0.cpv = "" }),
        ("repository", { $0.repository = ".." }), ("repository", { $0.repository = "a b" }),
        ("repository", { $0.repository = "-x" }), ("eapi", { $0.eapi = "8\n" }), ("slot", { $0.slot = "0/1/2" }),
        ("slot", { $0.slot = "" }), ("chost", { $0.chost = "a;b" }), ("eprefix", { $0.eprefix = "relative" }),
        ("eprefix", { $0.eprefix = "/a/../b" }), ("eprefix", { $0.eprefix = "/" }),
        ("tmpdir", { $0.tmpdir = "/var,lowerdir=/" }), ("tmpdir", { $0.tmpdir = "/a//b" }),
        ("profile", { $0.profile = "a\0" }), ("use", { $0.use = ["$(id)"] }), ("use", { $0.use = ["-ssl"] }),
        ("use", { $0.use = [""] }), ("iuse", { $0.iuse = ["a b"] }), ("features", { $0.features = ["-sandbox"] }),
        ("variables", { $0.variables = ["FETCHCOMMAND": "x"] }), ("variables", { $0.variables = ["": ""] }),
        ("variables.CFLAGS", { $0.variables["CFLAGS"] = "a\0b" }),
        ("variables.CFLAGS", { $0.variables["CFLAGS"] = String(repeating: "a", count: 20_000) }),
        ("content", { $0.content = [] }), ("content", { $0.content[1].name = "../../etc/passwd" }),
        ("content", { $0.content[1].name = "/etc/passwd" }), ("content", { $0.content[1].name = "a//b" }),
        ("content", { $0.content[1].name = "a/./b" }), ("content", { $0.content[1].name = "a\nb" }),
        ("content", { $0.content[1].name = "" }), ("content", { $0.content[0].name = "other-1.ebuild" }),
        ("content", { $0.content[1].sha256 = "../x" }), ("content", { $0.content[1].size = -1 }),
        ("content", { $0.content[1].size = 1 << 40 }), ("content", { $0.content.append($0.content[1]) }),
        ("content", { $0.content[1].role = .eclass }), ("content", { $0.content[1].role = .manifest }),
        ("buildDependencies", { $0.buildDependencies[0].cpv = "x" }),
        ("buildDependencies", { $0.buildDependencies[0].slot = "" }), ("libc", { $0.libc = "glibc" }),
        ("variables.CFLAGS", { $0.variables["CFLAGS"] = "-O2 -march=native" }),
        ("variables.RUSTFLAGS", { $0.variables["RUSTFLAGS"] = "-C target-cpu=native" }),
        ("dependencyEbuilds", { $0.dependencyEbuilds = Samples.ebuilds + Samples.ebuilds }),
        ("dependencyEbuilds", { $0.dependencyEbuilds = Samples.ebuilds { $0.cpv = "../x-1" } }),
        ("dependencyEbuilds", { $0.dependencyEbuilds = Samples.ebuilds { $0.repository = "../gentoo" } }),
        ("dependencyEbuilds", { $0.dependencyEbuilds = Samples.ebuilds { $0.repository = "a]\nlocation=/" } }),
        ("dependencyEbuilds", { $0.dependencyEbuilds = Samples.ebuilds { $0.slot = "0 1" } }),
        ("dependencyEbuilds", { $0.dependencyEbuilds = Samples.ebuilds { $0.use = ["-*"] } }),
        (
            "dependencyEbuilds",
            { request in
                request.dependencyEbuilds = Samples.ebuilds { ($0.cpv, $0.repository) = (request.cpv, "gentoo") }
            }
        ),
        (
            "dependencyEbuilds",
            {
                $0.repository = "own"
                $0.content.append(.init(role: .eclass, name: "wood.eclass", sha256: Samples.hash, size: 3))
            }
        ),
        ("dependencyEbuilds (lib-wood/plane)", { $0.dependencyEbuilds = Samples.ebuilds { $0.content = [] } }),
        (
            "dependencyEbuilds (lib-wood/plane)",
            { $0.dependencyEbuilds = Samples.ebuilds { $0.content[0].name = "plane-2.ebuild" } }
        ),
        (
            "dependencyEbuilds (lib-wood/plane)",
            { $0.dependencyEbuilds = Samples.ebuilds { $0.content[1].role = .bashrc } }
        ),
        (
            "dependencyEbuilds (lib-wood/plane)",
            { $0.dependencyEbuilds = Samples.ebuilds { $0.content[1].name = "../wood.eclass" } }
        ),
        ("plan.id", { $0.plan = PlanPlace(id: "../x", unblocks: 0) }),
        ("plan.id", { $0.plan = PlanPlace(id: String(repeating: "p", count: 65), unblocks: 0) }),
        ("plan.unblocks", { $0.plan = PlanPlace(id: "p", unblocks: -1) }),
        ("plan.unblocks", { $0.plan = PlanPlace(id: "p", unblocks: .max) }),
    ]

    @Test(arguments: hostile.indices) func hostileIsRefused(index: Int) {
        let (field, change) = Self.hostile[index]
        var request = Samples.request
        request.dependencyEbuilds = Samples.ebuilds
        change(&request)
        let error = #expect(throws: InvalidRequest.self) { try request.validate() }
        #expect(error?.field == field)
        #expect(error?.description.utf8.allSatisfy { $0 >= 32 } == true)
    }

    @Test(arguments: [
        ("app-demo/delta-1.0-r1", "app-demo/delta", "1.0-r1"), ("x11-libs/gtk+-3.24.1", "x11-libs/gtk+", "3.24.1"),
        ("dev-libs/a-b-c-9999", "dev-libs/a-b-c", "9999"), ("virtual/libc-1", "virtual/libc", "1"),
        ("media-fonts/font-r2-1.2_p3-r4", "media-fonts/font-r2", "1.2_p3-r4"),
    ]) func namesAreSplit(cpv: String, name: String, version: String) {
        #expect(PackageNames.name(of: cpv) == name)
        #expect(PackageNames.version(of: cpv) == version)
        #expect(PackageNames.isVersioned(cpv))
    }

    @Test(arguments: [
        "", "/", "a/", "/b-1", "a/b", "a/b-", "a/b-x", "a/b-r1", "a/b--r1", "a/b-1-", "a/b/c-1", "a-1", "a-1/b",
        "-a/b-1", ".a/b-1", "a/-b-1", "a/-1", "a/.-1", "a/..", "a/b-1 ", "a/b\u{301}-1", "a/b-\u{661}", "a/b-1-r1\n",
        "a\u{0}/b-1", "a/" + String(repeating: "b", count: 199) + "-1",
    ]) func whatHasNoVersionIsNotSplit(text: String) {
        #expect(PackageNames.name(of: text) == nil && PackageNames.version(of: text) == nil)
        #expect(!PackageNames.isVersioned(text))
    }

    @Test func aNameMayHaveARevisionInIt() {
        #expect(PackageNames.name(of: "a/b-1-r") == nil)
        #expect(PackageNames.name(of: "a/b-1-r1-2") == "a/b-1-r1")
        #expect(PackageNames.version(of: "a/b-r1-2-r3") == "2-r3")
        #expect(PackageNames.name(of: "a/b-x-r1") == nil)
        #expect(PackageNames.name(of: "_a/_b-1") == "_a/_b")
    }
}
