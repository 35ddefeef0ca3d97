import FoundationEssentials
import PortageAPI
import Testing

@testable import ReleaseEbuilds

/// What releases and the tree say, read.
@Suite struct SourceTests {
    private let keys = [
        "flit_core.buildapi": "flit", "setuptools.build_meta": "setuptools", "hatchling.build": "hatchling",
        "maturin": "maturin", "poetry.core.masonry.api": "poetry",
    ]

    private func backend(_ text: String?, setup: Bool = false) throws -> BuildBackend {
        try BuildBackend(pyproject: text, hasSetupScript: setup, keys: keys)
    }

    @Test func `the build backend is read from pyproject.toml`() throws {
        let flit = try backend(
            "[build-system]\nrequires=['flit_core>=3', 'calver']\nbuild-backend='flit_core.buildapi'")
        #expect(flit.key == "flit")
        #expect(flit.requirements.map(\.name.normal) == ["calver"])
        #expect(try backend(nil, setup: true).key == "setuptools")
        #expect(try backend("[tool.x]", setup: true).key == "setuptools")
        #expect(try backend("[build-system]\nrequires=[]\nbuild-backend='poetry.masonry.api'").key == "poetry")
    }

    @Test(arguments: [
        "[build-system]\nrequires=[]\nbuild-backend='own'\nbackend-path=['.']",
        "[build-system]\nbuild-backend='unheard.of'",
        "not toml = = =", "[tool.x]\na=1", "[build-system]\nrequires=['a >> b']\nbuild-backend='flit_core.buildapi'",
        "[build-system]\nbuild-backend='maturin'", "[build-system]\nrequires=['setuptools-rust']",
    ])
    func `a build that cannot be said in an ebuild is refused`(text: String) {
        #expect(throws: ReleaseError.self) { try backend(text) }
    }

    @Test func `no build at all is refused`() {
        #expect(throws: ReleaseError.self) { try backend(nil) }
    }

    @Test func `metadata are read up to the description`() {
        let metadata = CoreMetadata(
            """
            Metadata-Version: 2.3
            Name: Foo.Bar
            Version: 1.0
            Summary: A thing
              of two lines
            License: UNKNOWN
            Project-URL: Source Code, https://example.org/source
            Requires-Dist: a>=1
            Requires-Dist: b; extra == "x"
            Dynamic: Requires-Dist

            Name: other
            """)
        #expect(metadata.name == "Foo.Bar")
        #expect(metadata.summary == "A thing of two lines")
        #expect(metadata.licence == "")
        #expect(metadata.homePages == ["https://example.org/source"])
        #expect(metadata.requirements.count == 2)
        #expect(!metadata.isReliableForSource)
        #expect(CoreMetadata("Metadata-Version: 2.2\nName: x").isReliableForSource)
        #expect(!CoreMetadata("Metadata-Version: 2.1\nName: x").isReliableForSource)
        #expect(CoreMetadata("") == CoreMetadata("no header at all\n:\n: x"))
    }

    @Test(arguments: [
        ("MIT", "MIT"), ("MIT OR Apache-2.0", "|| ( MIT Apache-2.0 )"), ("MIT AND BSD-3-Clause", "MIT BSD"),
        ("(MIT OR Apache-2.0) AND ISC", "|| ( MIT Apache-2.0 ) ISC"), ("GPL-2.0-or-later", "GPL-2+"),
        ("MIT OR (ISC AND BSD-2-Clause)", "|| ( MIT ( ISC BSD-2 ) )"), ("apache-2.0", "Apache-2.0"),
    ])
    func `an SPDX expression becomes LICENSE`(expression: String, licence: String) throws {
        #expect(try LicenceMap(configuration: nil).licence(expression: expression) == licence)
    }

    @Test(arguments: ["", "MIT OR", "(MIT", "LicenseRef-own", "MIT)", "$(id)", "MIT MIT", "GPL-2.0 WITH own-exception"])
    func `an unknown licence is refused`(expression: String) {
        #expect(throws: ReleaseError.self) { try LicenceMap(configuration: nil).licence(expression: expression) }
    }

    @Test func `a licence is taken from expression, classifiers, then text; the tree's own map is used`() throws {
        let map = LicenceMap(configuration: "# x\n[other]\nMIT = no\n[spdx-to-ebuild]\nOwn-1.0 = own-1\n")
        #expect(try map.licence(of: CoreMetadata("License-Expression: Own-1.0\nLicense: MIT")) == "own-1")
        #expect(try map.licence(of: CoreMetadata("Classifier: License :: OSI Approved :: MIT License")) == "MIT")
        #expect(try map.licence(of: CoreMetadata("License: BSD")) == "BSD")
        #expect(throws: ReleaseError.self) { try map.licence(of: CoreMetadata("Name: x")) }
        #expect(throws: ReleaseError.self) {
            try map.licence(of: CoreMetadata("Classifier: License :: Other/Proprietary License"))
        }
        #expect(throws: ReleaseError.self) { try map.checked("MIT", against: ["BSD"]) }
        #expect(try map.checked("|| ( MIT GPL-2+ )", against: ["MIT", "GPL-2"]) == "|| ( MIT GPL-2+ )")
    }

    @Test func `the eclasses say which Pythons and backends there are`() {
        let facts = EclassFacts(
            pythonUtils: "_PYTHON_ALL_IMPLS=(\n\tpypy3_11\n\tpython3_{13..14}t # free\n\tpython3_{9,11}\n)\n",
            distutils: """
                _distutils-r1_key_to_backend() {
                \tcase ${key} in
                \t\tflit|flit-core)
                \t\t\techo flit_core.buildapi
                \t\t\t;;
                \t\tsetuptools)
                \t\t\techo "setuptools.build_meta"
                \t\t\t;;
                \t\t*)
                \t\t\tdie
                \tesac
                }
                other() { case x in y) echo z ;; esac }
                """, pypi: "SRC_URI=\"https://files.example.org/packages/source/\"")
        #expect(
            facts.implementations.map(\.description) == [
                "pypy3_11", "python3_13t", "python3_14t", "python3_9", "python3_11",
            ])
        #expect(facts.ordinary.map(\.version) == ["3.9", "3.11"])
        #expect(facts.backends == ["flit_core.buildapi": "flit", "setuptools.build_meta": "setuptools"])
        #expect(facts.pypiServes(host: "files.example.org"))
        #expect(!facts.pypiServes(host: "example.org"))
        #expect(!facts.pypiServes(host: ""))
        let many = ["python3_9", "python3_10", "python3_11"].compactMap { PythonImplementation($0) }
        #expect(PythonImplementation.compat(many) == "python3_{9..11}")
        #expect(PythonImplementation.compat(Array(facts.ordinary)) == "python3_9 python3_11")
    }

    @Test func `files of a page that cannot be trusted are left out`() throws {
        let page = try JSONDecoder().decode(
            ProjectPage.self,
            from: Data(
                """
                {"name": "foo-bar", "meta": {}, "files": [
                {"filename": "foo_bar-1.0.tar.gz", "url": "../../f/foo_bar-1.0.tar.gz", "size": 5, "yanked": "no good",
                 "hashes": {"sha256": "\(String(repeating: "a", count: 64))"}},
                {"filename": "foo_bar-1.1-py3-none-any.whl", "url": "/f/x.whl#y", "core-metadata": true,
                 "hashes": {"sha256": "\(String(repeating: "B", count: 64))"}},
                {"filename": "foo_bar-1.2.tar.gz", "url": "x", "hashes": {"sha256": "12"}},
                {"filename": "foo_bar-1.3.tar.gz", "url": "x", "hashes": {"md5": "12"}},
                {"filename": "foo_bar-$(id).tar.gz", "url": "x", "hashes": {}},
                {"filename": "../foo_bar-1.4.tar.gz", "url": "x", "hashes": {}},
                {"filename": "other-1.0.tar.gz", "url": "x", "hashes": {"sha256": "\(String(repeating: "a", count: 64))"}},
                {"filename": "foo_bar-1.5.exe", "url": "x", "hashes": {"sha256": "\(String(repeating: "a", count: 64))"}}]}
                """.utf8))
        let project = try #require(ProjectName("foo.bar"))
        let files = page.releaseFiles(of: project, base: "https://example.org/simple/foo-bar/")
        #expect(files.map(\.url) == ["https://example.org/f/foo_bar-1.0.tar.gz", "https://example.org/f/x.whl"])
        #expect(files.map(\.isYanked) == [true, false])
        #expect(files[1].isWheel && files[1].hasMetadata && files[1].size == nil)
    }

    @Test func `pip's help names its index`() {
        #expect(
            PipIndex.url(
                inHelp: """
                      -i, --index-url <url>       Base URL of the Python Package Index (default
                                                  https://index.example.org/simple). This should point to
                    """) == "https://index.example.org/simple")
        #expect(PipIndex.url(inHelp: "no such option") == nil)
        #expect(PipIndex.url(inHelp: "--index-url <url> (default") == nil)
    }

    @Test func `the build system is seen from the files at the top`() throws {
        func system(_ names: [String], _ files: [String: String] = [:]) throws -> BuildSystem {
            try BuildSystem(ArchiveContent(directories: ["x"], names: names, files: files))
        }
        #expect(try system(["CMakeLists.txt", "Makefile"]) == .cmake)
        #expect(try system(["meson.build"]) == .meson)
        #expect(try system(["configure", "configure.ac", "Makefile.in"]) == .configure)
        #expect(try system(["configure.ac"]) == .autotools)
        #expect(try system(["Makefile"]) == .make)
        #expect(try system(["go.mod", "main.go"]) == .go)
        #expect(try system(["go.mod", "vendor/"], ["go.sum": "a h1:x="]) == .go)
        let lock = "version = 3\n[[package]]\nname = 'own'\nversion = '1'\n"
        #expect(try system(["Cargo.toml"], ["Cargo.lock": lock]) == .cargo)
        let foreign = lock + "[[package]]\nname = 'serde'\nversion = '1'\nsource = 'registry+x'\n"
        for (names, files) in [
            (["Cargo.toml"], ["Cargo.lock": foreign]), (["Cargo.toml"], [:]), (["go.mod"], ["go.sum": "a h1:x="]),
            (["pyproject.toml"], [:]), (["README"], [:]), ([], [:]),
        ] as [([String], [String: String])] {
            #expect(throws: ReleaseError.self) { try system(names, files) }
        }
    }

    @Test(arguments: ["", "a", "a/b/c", "a/", "/b", "-a/b", "a/..", "a/$(id)", "a b/c", "../b", "a/.x"])
    func `what is not OWNER and REPO is refused`(text: String) {
        #expect(HostedName(text) == nil)
    }
}
