import PackageModel
import PortageAPI
import Testing

@testable import ReleaseEbuilds

/// From what Python says to what Portage says.
@Suite struct TranslationTests {
    private func package(_ versions: [String] = []) -> TreePackage {
        TreePackage(
            categoryAndName: "dev-python/foo", versions: versions.compactMap { Version($0) }, hasPythonTargets: true)
    }

    private func atoms(_ text: String, _ versions: [String] = []) throws -> [String] {
        try VersionSpecifier.atoms(VersionSpecifier.list(text), for: package(versions))
    }

    @Test(arguments: [
        ("1.2.2.post1", "1.2.2_p1"), ("2.0a1", "2.0_alpha1"), ("2.0b2", "2.0_beta2"), ("2.0rc3", "2.0_rc3"),
        ("2.0a1.dev2", "2.0_alpha1_pre2"), ("2.0.dev3", "2.0_alpha_pre3"), ("2024.8.30", "2024.8.30"),
        ("1.0.post1.dev2", "1.0_p1_pre2"), ("v1.0-1", "1.0_p1"),
    ])
    func `a version becomes one of Portage`(python: String, gentoo: String) throws {
        let version = try #require(PythonVersion(python))
        #expect(try version.gentoo().description == gentoo)
        #expect(PythonVersion(ebuildVersion: gentoo) == version)
    }

    @Test(arguments: ["1!2.0", "1.0+cpu"])
    func `what an ebuild's version cannot say is refused by name`(text: String) throws {
        let version = try #require(PythonVersion(text))
        #expect(throws: ReleaseError.self) { try version.gentoo() }
    }

    @Test(arguments: ["", "x", "1..2", "1.0-", "1.0.x", "1234567890123456789", "1.0+", "1.0+a..b", "latest", "1.0 2"])
    func `what is no version is none`(text: String) {
        #expect(PythonVersion(text) == nil)
    }

    @Test func `the order stays the same where the numbers are as many`() throws {
        // dev < a < b < rc < final < post, beside each other in one release
        let texts = [
            "1.2.dev1", "1.2a1.dev1", "1.2a1", "1.2a2", "1.2b1", "1.2rc1.dev4", "1.2rc1", "1.2", "1.2.post1.dev1",
            "1.2.post1", "1.3.dev0", "1.3", "1.10a0", "1.10",
        ]
        let versions = try texts.map { try #require(PythonVersion($0)) }
        #expect(versions == versions.sorted())
        let gentoo = try versions.map { try $0.gentoo() }
        #expect(gentoo == gentoo.sorted(), "\(gentoo)")
    }

    @Test(arguments: [
        (">=3.0.0", [">=dev-python/foo-3"]), ("<2.0.0", ["<dev-python/foo-2"]), (">=1.10", [">=dev-python/foo-1.10"]),
        ("<=1.0", ["<=dev-python/foo-1.0-r9999"]), (">1.0", [">dev-python/foo-1.0-r9999"]),
        ("==1.0", ["~dev-python/foo-1.0"]), ("==1.4.*", ["=dev-python/foo-1.4*"]),
        ("!=1.4.*", ["dev-python/foo", "!=dev-python/foo-1.4*"]),
        ("!=1.5", ["dev-python/foo", "!~dev-python/foo-1.5"]),
        ("~=2.2", [">=dev-python/foo-2.2", "=dev-python/foo-2*"]),
        ("~=1.4.5", [">=dev-python/foo-1.4.5", "=dev-python/foo-1.4*"]),
        ("~=1.0.0", [">=dev-python/foo-1", "<dev-python/foo-1.1"]),
        ("==2.0.*", [">=dev-python/foo-2", "<dev-python/foo-2.1"]),
        (">=1,<2", [">=dev-python/foo-1", "<dev-python/foo-2"]), ("", ["dev-python/foo"]),
        (">=0", [">=dev-python/foo-0"]), ("===1.0", ["~dev-python/foo-1.0"]), (">=2.0b1", [">=dev-python/foo-2_beta1"]),
    ])
    func `a specifier becomes atoms`(text: String, expected: [String]) throws {
        #expect(try atoms(text) == expected)
    }

    @Test func `a bound is spelled as the tree spells it`() throws {
        #expect(try atoms("==1", ["1.0.0", "1.1"]) == ["~dev-python/foo-1.0.0"])
        #expect(try atoms("<=1.0", ["1.0.0-r2"]) == ["<=dev-python/foo-1.0.0-r9999"])
        #expect(try atoms("!=3", ["3.0"]) == ["dev-python/foo", "!~dev-python/foo-3.0"])
    }

    /// For final releases, the atoms match exactly what the specifier takes, zeros at the end or not.
    @Test func `atoms match what the specifier takes`() throws {
        let numbers = [
            "0", "0.9", "1", "1.0", "1.0.0", "1.0.1", "1.4", "1.4.0", "1.4.5", "1.40", "2", "2.0", "2.1", "10.0",
        ]
        for text in numbers {
            let version = try #require(PythonVersion(text))
            for comparison in VersionSpecifier.Comparison.allCases where comparison != .arbitrary {
                for bound in numbers {
                    let list = (try? VersionSpecifier.list(comparison.rawValue + bound)) ?? []
                    guard let specifier = list.first else { continue }
                    let found = try specifier.atoms(for: package([text]))
                    let cpv = try #require(CPV("dev-python/foo-\(text)-r1"))
                    let matches = try found.allSatisfy { atom in
                        let atom = try Atom(atom)
                        return atom.blocker == nil ? atom.matches(cpv) : !atom.matches(cpv)
                    }
                    #expect(matches == specifier.contains(version), "\(text) \(specifier): \(found)")
                }
            }
        }
    }

    @Test(arguments: [
        "foo @ https://example.org/foo.zip", "", "-foo", "foo[", "foo[a b]", "foo >> 1", "foo; os_name",
        "foo; bar == 'x'",
        "foo; platform_release == '5'", "foo; os_name == 'a' and", "foo; (os_name == 'a'", "foo; extra in 'a'",
        "foo ~=1", "foo; python_version < 'x'", "$(id)", "foo==1.0.*.*", "foo; os_name == sys_platform",
    ])
    func `a requirement that is not understood is refused`(text: String) {
        #expect(throws: ReleaseError.self) { try Requirement(text) }
    }

    @Test func `a requirement is read in all its parts`() throws {
        let requirement = try Requirement("Zope.Interface [b, A_x] (>=1.0, !=1.5) ; python_version>='3' or extra=='q'")
        #expect(requirement.name.normal == "zope-interface")
        #expect(requirement.extras == ["a-x", "b"])
        #expect(requirement.specifiers.map(\.description) == [">=1.0", "!=1.5"])
        #expect(requirement.marker?.namesExtra == true)
    }

    @Test(arguments: [
        ("github3.py", "github3-py"), ("foo-2", "foo_2"), ("pkg-3.0", "pkg-3_0"), ("Foo__Bar", "foo-bar"),
        ("ruamel.yaml", "ruamel-yaml"), ("a-1-b", "a-1-b"), ("x2", "x2"),
    ])
    func `a project's name becomes a package name`(project: String, package: String) throws {
        let name = try #require(ProjectName(project)).packageName
        #expect(name == package)
        #expect(CPV("dev-python/\(name)-1") != nil)
    }

    @Test func `a marker decides for which Pythons and machines something is needed`() throws {
        let pythons = ["python3_10", "python3_11", "python3_12"].compactMap { PythonImplementation($0) }
        func place(_ text: String) throws -> Applicability? {
            Applicability(try Marker(text), implementations: pythons, extras: [])
        }
        #expect(try place("sys_platform == 'win32'") == nil)
        #expect(try place("extra == 'docs'") == nil)
        #expect(try place("os_name == 'posix'")?.implementations == nil)
        #expect(try place("python_version < '3.12'")?.implementations == ["python3_10", "python3_11"])
        #expect(try place("platform_machine == 'aarch64'")?.arches == ["arm64"])
        #expect(try place("platform_machine != 'aarch64'")?.arches == nil)
        // The last number of a Python is not known: what hangs on it counts as needed.
        #expect(try place("python_full_version < '3.11.3'")?.implementations == ["python3_10", "python3_11"])
        let line = Dependency(
            atoms: [">=dev-python/foo-1"], hasPythonTargets: true, implementations: ["python3_10"], arches: ["arm64"])
        #expect(
            line.lines().joined(separator: "\n") == """
                \tarm64? (
                \t\t$(python_gen_cond_dep '
                \t\t\t>=dev-python/foo-1[${PYTHON_USEDEP}]
                \t\t' python3_10)
                \t)
                """)
    }

    @Test(arguments: [
        ("v1.2.3", "1.2.3"), ("release-1.2", "1.2"), ("tool-1.2", "1.2"), ("tool/v1.2", "1.2"),
        ("1.2.3-rc1", "1.2.3_rc1"),
        ("v2.0.0-beta.2", "2.0.0_beta2"), ("1.2-1", "1.2_p1"), ("1_2_3", "1.2.3"), ("2024-nightly", nil),
        ("v2prest", nil), ("b1234", nil), ("0.14.143-rc-test-changelog", nil), ("latest", nil),
        ("2024.01.05", "2024.01.05"),
        ("tool-v1.4", "1.4"), ("", nil), ("v", nil), ("1.2.3.", nil),
    ])
    func `a tag becomes a version, or none`(tag: String, version: String?) {
        #expect(TagVersion.version(tag, project: "tool")?.description == version)
    }

    @Test func `the highest tag is taken, by version and not by date`() {
        func release(_ tag: String, draft: Bool = false, prerelease: Bool = false) -> HostedProject.Release {
            .init(tag_name: tag, draft: draft, prerelease: prerelease, assets: [])
        }
        let releases = [
            release("v10.3.4"), release("v10.4.0"), release("v11.0.0-rc1"), release("v12.0", draft: true),
            release("v1.11.90"), release("v10.5.0", prerelease: true), release("nightly"),
        ]
        #expect(TagChoice.newest(releases.map(\.tag_name), releases: releases, project: "x")?.tag == "v10.4.0")
        #expect(TagChoice.newest(["v1.11.90", "v1.10.2"], releases: [], project: "x")?.tag == "v1.10.2")
        #expect(TagChoice.newest(["nightly"], releases: [], project: "x") == nil)
    }
}
