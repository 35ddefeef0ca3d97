import EbuildRepository
import Glibc
import Posix
import Testbed
import Testing

@Suite struct RepositoryTests {
    @Test(arguments: ["guru", "gentoo-zh", "a_b", "x-1a", "0", "kde-"])
    func `names that a repository may have`(name: String) {
        #expect(RepositoryNames.isRepository(name))
    }

    @Test(arguments: ["", "-x", "a/b", "..", ".", "a b", "a\n", "name-1", "ü", String(repeating: "x", count: 200)])
    func `names that it may not have`(name: String) {
        #expect(!RepositoryNames.isRepository(name))
    }

    @Test(arguments: ["", "/etc/passwd", "../x", "a/../../x", "a//b", "a/./b", "a\0b", "a\nb", "a/"])
    func `paths that could leave are refused`(path: String) throws {
        let scratch = try ScratchDirectory()
        let repository = RepositoryDirectory(scratch.path + "/repository")
        #expect(throws: RepositoryError.unsafePath(path)) { try repository.write(path, text: "x") }
        #expect(try Files.list(scratch.path) == [])
    }

    @Test func `links stay inside their package`() {
        let path = "a-b/c/files/1.2/x.patch"
        func stays(_ target: String) -> Bool {
            RepositoryNames.linkStaysInside(path, target: target, directory: "a-b/c")
        }
        #expect(stays("../1.1/x.patch"))
        #expect(stays("y.patch"))
        #expect(stays("../../metadata.xml"))
        for target in [
            "/etc/shadow", "../../..", "../../../d/x", "../../", "", "../1.1/../../../../x", "../../.", "a\nb",
            "up/../x",
        ] {
            #expect(!stays(target), "\(target)")
        }
    }

    @Test func `a skeleton is written and read back`() throws {
        let scratch = try ScratchDirectory()
        let layout = RepositoryLayout(
            parsing: """
                # a comment = 1
                masters = gentoo  other
                thin-manifests = true
                aliases = gentoo
                sign-commits = true
                eapis-banned = 0 1
                manifest-hashes = BLAKE2B
                """)
        #expect(layout.masters == ["gentoo", "other"])
        #expect(layout.others == ["eapis-banned": "0 1"])
        try RepositoryDirectory(scratch.path).writeSkeleton(
            .init(name: "test", layout: layout, categories: ["b-b", "a-a", "b-b"], profilesEAPI: "8"))
        #expect(try Files.readText(scratch.path + "/profiles/categories") == "a-a\nb-b\n")
        #expect(try Files.readText(scratch.path + "/profiles/repo_name") == "test\n")
        #expect(try Files.readText(scratch.path + "/profiles/eapi") == "8\n")
        #expect(
            try Files.readText(scratch.path + "/metadata/layout.conf") == """
                masters = gentoo other
                thin-manifests = true
                sign-manifests = false
                manifest-hashes = BLAKE2B
                cache-formats = md5-dict
                eapis-banned = 0 1

                """)
        #expect(RepositoryLayout(parsing: "").masters == nil)
        #expect(RepositoryLayout(parsing: "masters =").masters == [])
    }

    @Test func `a cache entry is read and written`() throws {
        let text = """
            DEFINED_PHASES=compile
            DESCRIPTION=a=b
            _eclasses_=one\t0123456789abcdef0123456789abcdef\ttwo\t00000000000000000000000000000000
            _md5_=d41d8cd98f00b204e9800998ecf8427e

            """
        let entry = try #require(CacheEntry(parsing: text))
        #expect(entry.fields == ["DEFINED_PHASES": "compile", "DESCRIPTION": "a=b"])
        #expect(entry.eclasses.keys.sorted() == ["one", "two"])
        #expect(entry.ebuildMD5 == CacheEntry.md5([]))
        #expect(entry.text == text)
    }

    @Test(arguments: [
        "", "x", "A=1\n", "_md5_=0", "_md5_=d41d8cd98f00b204e9800998ecf8427e\n_eclasses_=one",
        "_md5_=d41d8cd98f00b204e9800998ecf8427e\n_eclasses_=../x\t00000000000000000000000000000000",
    ])
    func `what is no cache entry is not read`(text: String) {
        #expect(CacheEntry(parsing: text) == nil)
    }
}

@Suite struct GenerationsTests {
    @Test func `publishing replaces the repository as a whole, and can be taken back`() throws {
        let scratch = try ScratchDirectory()
        let generations = try Generations(root: scratch.path, name: "test")
        #expect(generations.current == nil)
        for number in 1...5 {
            try generations.prepare().write("content", text: "\(number)")
            #expect(try generations.publish() == number)
            #expect(try Files.readText(generations.link + "/content") == "\(number)")
        }
        #expect(generations.numbers() == [3, 4, 5])
        #expect(try generations.rollBack() == 4)
        #expect(try Files.readText(generations.link + "/content") == "4")
        #expect(try generations.rollBack() == 3)
        #expect(throws: RepositoryError.noEarlierGeneration("test")) { try generations.rollBack() }
        try generations.prepare().write("content", text: "6")
        #expect(try generations.publish() == 6)
        // What was taken back is gone.
        #expect(generations.numbers() == [3, 6])
        try generations.removeAll()
        #expect(try Files.list(scratch.path + "/.generations") == [])
        #expect(Files.status(generations.link) == nil)
    }

    @Test func `what an interrupted run left is not published`() throws {
        let scratch = try ScratchDirectory()
        let generations = try Generations(root: scratch.path, name: "test")
        try generations.prepare().write("content", text: "1")
        try generations.publish()
        try generations.prepare().write("half", text: "")
        #expect(generations.current == 1)
        let again = try generations.prepare()
        #expect(!Files.exists(again.path + "/half"))
        try again.write("content", text: "2")
        // Stopped between the two renames: complete, but not published.
        try Files.move(again.path, to: generations.path(of: 2))
        #expect(generations.current == 1)
        #expect(try Files.readText(generations.link + "/content") == "1")
        try generations.prepare().write("content", text: "3")
        #expect(try generations.publish() == 3)
        #expect(generations.numbers() == [1, 3])
    }

    @Test func `what is not ours is left alone`() throws {
        let scratch = try ScratchDirectory()
        let generations = try Generations(root: scratch.path, name: "test")
        try Files.makeDirectories(generations.link + "/precious")
        #expect(throws: RepositoryError.occupied(generations.link)) { try generations.prepare() }
        #expect(throws: RepositoryError.occupied(generations.link)) { try generations.removeAll() }
        #expect(throws: RepositoryError.badName("../x")) { try Generations(root: scratch.path, name: "../x") }
        #expect(Files.exists(generations.link + "/precious"))
    }
}
