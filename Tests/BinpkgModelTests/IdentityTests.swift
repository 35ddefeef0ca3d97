import FoundationEssentials
import Testing

@testable import BinpkgModel

@Suite struct IdentityTests {
    @Test func vectorFormIsAsDocumented() {
        let vector = DependencyVector(
            packages: [
                InstalledPackage(cpv: "lib-demo/beta-1.0", slot: "0", use: ["ssl", "doc", "ssl"]),
                InstalledPackage(cpv: "dev-demo/alpha-2", slot: "0/1", use: []),
            ], libc: "sys-libs/glibc-2.40")
        let form = String(decoding: vector.canonicalForm, as: UTF8.self)
        #expect(
            form == """
                portmanteau-vector 1
                1:1
                libc 1
                19:sys-libs/glibc-2.40
                packages 6
                16:dev-demo/alpha-2
                3:0/1
                0:
                17:lib-demo/beta-1.0
                3:0/0
                7:doc ssl

                """)
        var other = vector
        other.packages.reverse()
        other.packages[1].use = ["doc", "ssl"]
        other.packages[1].slot = "0/0"
        #expect(other.identity == vector.identity)
        other.packages[0].slot = "0/2"
        #expect(other.identity != vector.identity)
    }

    /// What the first version did not know has a form of its own, which no vector of that version has.
    @Test func vectorFormWithToolchainIsAsDocumented() {
        let gcc = InstalledPackage(cpv: "sys-devel/gcc-14.1", slot: "14", use: ["cxx"], content: Samples.hash)
        let vector = DependencyVector(
            packages: [InstalledPackage(cpv: "lib-demo/beta-1.0", slot: "0", use: [])], libc: "", toolchain: [gcc])
        let form = String(decoding: vector.canonicalForm, as: UTF8.self)
        #expect(
            form == """
                portmanteau-vector 1
                1:2
                libc 1
                0:
                packages 4
                17:lib-demo/beta-1.0
                3:0/0
                0:
                0:
                toolchain 4
                18:sys-devel/gcc-14.1
                5:14/14
                3:cxx
                64:\(Samples.hash)

                """)
        var other = vector
        other.toolchain?[0].content = nil
        #expect(other.identity != vector.identity)
        other.toolchain = nil
        #expect(String(decoding: other.canonicalForm, as: UTF8.self).hasPrefix("portmanteau-vector 1\n1:1\n"))
        other.packages[0].content = Samples.hash
        #expect(String(decoding: other.canonicalForm, as: UTF8.self).hasPrefix("portmanteau-vector 1\n1:2\n"))
    }

    @Test func vectorsOfTheFirstVersionAreRead() throws {
        let text =
            #"{"libc":"sys-libs/glibc-2.40","packages":[{"cpv":"lib-demo/beta-1.0","slot":"0/1","use":["ssl"]}]}"#
        let old = try JSONDecoder().decode(DependencyVector.self, from: Data(text.utf8))
        #expect(old == Samples.request.vector && old.toolchain == nil)
    }

    @Test func nameOfARequestCoversWhatItIsComparedBy() {
        let request = Samples.request
        var same = request
        same.plan = PlanPlace(id: "world", unblocks: 7)
        #expect(same.id == request.id && same.primaryKey == request.primaryKey)
        let changes: [(inout BuildRequest) -> Void] = [
            { $0.accuracy = .exact }, { $0.libc = "sys-libs/glibc-2.41" }, { $0.buildDependencies = [] },
            { $0.buildDependencies[0].use = [] }, { $0.buildDependencies[0].cpv = "lib-demo/beta-1.1" },
            { $0.dependencyEbuilds = Samples.ebuilds },
        ]
        for change in changes {
            var other = request
            change(&other)
            #expect(other.primaryKey == request.primaryKey)
            #expect(other.id != request.id)
        }
        var another = request
        another.use = []
        #expect(another.id != request.id)
        // Ebuilds of what it is built with have a part in it with all that they are.
        let ebuilds: [[DependencyEbuild]] = [
            Samples.ebuilds, Samples.ebuilds { $0.use = [] }, Samples.ebuilds { $0.repository = "other" },
            Samples.ebuilds { $0.slot = "1" }, Samples.ebuilds { $0.content.removeLast() },
            Samples.ebuilds { $0.content[0].sha256 = String(repeating: "b", count: 64) },
        ]
        let names = ebuilds.map { ebuilds in
            var other = request
            other.dependencyEbuilds = ebuilds
            return other.id
        }
        #expect(Set(names).count == ebuilds.count)
        var none = request
        none.dependencyEbuilds = []
        #expect(none.id == request.id)
    }

    /// The keys of the sample, as they were when this version of the forms was made. They may change with the version
    /// only: stores and machines of the same version must agree.
    @Test func formsStayAsTheyAre() {
        #expect(Samples.request.primaryKey == "7d9be4c959b0be91528f0a098a747eb9d7cd79ecfe63a915f031013906dbacdc")
        #expect(Samples.request.vector.identity == "24046dc3a89b33bf40497d8abc49f637a5dedcfce6698bfb9e73cb2e85ac11e8")
        #expect(Samples.request.id == "35240896283d197954bca292c8552d8d7be1448d26f4c715d6c460f1d6985dfb")
        #expect(
            ArtifactName.id(key: Samples.hash, vector: Samples.hash, sha256: Samples.hash)
                == "0986582422024a92cafb4ce6f7207752c0862d2565d1e8d0c896bbe124c66cda")
    }

    static let differences: [(String, @Sendable (inout BuildRequest) -> Void)] = [
        ("CFLAGS: -O2 ≠ -O3", { $0.variables["CFLAGS"] = "-O3 -pipe" }),
        ("CFLAGS: -pipe ≠ none", { $0.variables["CFLAGS"] = "-O2" }),
        ("CFLAGS: the same words, in another order or number", { $0.variables["CFLAGS"] = "-pipe -O2" }),
        ("LDFLAGS: -Wl,-O1 ≠ not set", { $0.variables["LDFLAGS"] = nil }),
        ("CC: not set ≠ clang", { $0.variables["CC"] = "clang" }),
        ("USE: ssl ≠ -ssl", { $0.use = ["amd64"] }), ("IUSE: -test ≠ test", { $0.iuse.append("test") }),
        ("FEATURES: splitdebug ≠ -splitdebug", { $0.features = [] }),
        ("package: app-demo/delta-1.0-r1 ≠ app-demo/delta-2", { $0.cpv = "app-demo/delta-2" }),
        ("SLOT: 0/2 ≠ 0/3", { $0.slot = "0/3" }), ("EAPI: 8 ≠ 7", { $0.eapi = "7" }),
        ("CBUILD: x86_64-pc-linux-gnu ≠ none", { $0.cbuild = "" }), ("profile: another one", { $0.profile = "x" }),
        ("ebuild: another content", { $0.content[0].sha256 = String(repeating: "f", count: 64) }),
        ("files fix.patch: another content", { $0.content[1].size = 11 }),
        ("files fix.patch: only in what is asked for", { $0.content.removeLast() }),
        (
            "patch a/x.patch: not in what is asked for",
            { $0.content.append(ContentItem(role: .patch, name: "a/x.patch", sha256: Samples.hash, size: 1)) }
        ),
        (
            "eclass toolchain-funcs.eclass: not in what is asked for",
            {
                $0.content.append(
                    ContentItem(role: .eclass, name: "toolchain-funcs.eclass", sha256: Samples.hash, size: 1))
            }
        ),
    ]

    @Test(arguments: differences.indices) func differenceIsNamed(index: Int) {
        let (line, change) = Self.differences[index]
        var other = Samples.request
        change(&other)
        let comparison = KeyComparison(wanted: Samples.request, found: other)
        #expect(comparison.differences == [line])
    }

    /// Whatever changes the key is named, and nothing else is.
    @Test(arguments: Samples.changes.indices) func everyChangeOfTheKeyIsNamed(index: Int) {
        var other = Samples.request
        Samples.changes[index].1(&other)
        #expect(!KeyComparison(wanted: Samples.request, found: other).differences.isEmpty)
        #expect(KeyComparison(wanted: Samples.request, found: Samples.request).differences.isEmpty)
    }

    @Test func optionOfOneValueIsShortened() {
        var a = Samples.request
        a.variables["CFLAGS"] = "-O2 -march=znver3"
        var b = a
        b.variables["CFLAGS"] = "-O2 -march=znver2"
        #expect(KeyComparison(wanted: a, found: b).differences == ["CFLAGS: -march=znver3 ≠ znver2"])
    }

    @Test func hostileValuesAreShownSafely() {
        var other = Samples.request
        other.variables["CFLAGS"] = "\u{1b}[31m" + String(repeating: "x", count: 500)
        let line = KeyComparison(wanted: Samples.request, found: other).differences.joined()
        #expect(line.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 127 } && line.utf8.count < 400)
    }

    static let hostBound: [(String?, @Sendable (inout BuildRequest) -> Void)] = [
        (nil, { _ in }),
        (
            "(git-r3.eclass)",
            { $0.content.append(ContentItem(role: .eclass, name: "git-r3.eclass", sha256: Samples.hash, size: 1)) }
        ),
        (
            "(linux-mod-r1.eclass)",
            {
                $0.content.append(
                    ContentItem(role: .eclass, name: "linux-mod-r1.eclass", sha256: Samples.hash, size: 1))
            }
        ),
        ("(USE=savedconfig)", { $0.use.append("savedconfig") }),
        (nil, { $0.iuse.append("savedconfig") }),
        ("(version 9999)", { $0.cpv = "app-demo/delta-9999" }),
        ("(version 99999999-r1)", { $0.cpv = "app-demo/delta-99999999-r1" }),
        ("(version 1.9999)", { $0.cpv = "app-demo/delta-1.9999" }), (nil, { $0.cpv = "app-demo/delta-9999.1" }),
        (nil, { $0.cpv = "app-demo/delta-999" }), (nil, { $0.cpv = "app-demo/delta-1.99990" }),
    ]

    @Test(arguments: hostBound.indices) func hostBoundIsNamed(index: Int) {
        let (text, change) = Self.hostBound[index]
        var request = Samples.request
        change(&request)
        #expect(request.hostBoundReason.map { $0.hasSuffix(text ?? "?") } ?? (text == nil))
    }
}
