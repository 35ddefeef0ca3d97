import Overlays
import PackageModel
import Posix
import Testbed
import Testing

@Suite struct PackageListTests {
    @Test func `lines, comments and blanks`() throws {
        let text = """
            # wanted
            app-misc/one::guru   # why
            \t>=app-misc/two-1.2:3::guru\r

            =app-misc/three-1*::kde
            """
        let entries = try PackageList.parse(text, file: "list")
        #expect(
            entries.map(\.atom.description) == [
                "app-misc/one::guru", ">=app-misc/two-1.2:3::guru", "=app-misc/three-1*::kde",
            ])
        #expect(entries.map(\.line) == [2, 3, 5])
        #expect(PackageList(entries: entries).overlays == ["guru", "kde"])
    }

    @Test(arguments: [
        "app-misc/one", "one::guru", "app-misc/one::gu/ru", "app-misc/one::../../etc", "app-misc/../one::guru",
        "app-misc/one::guru; rm -rf /", "$(touch /tmp/x)::guru", "!app-misc/one::guru", "app-misc/one::guru[ssl]",
        "app-misc/one-1.0::guru", "-app-misc/one::guru", "*/*::guru", "app-misc/one::-guru", "app-misc/one::guru\u{0}",
        "app-misc/one::guru\u{1b}[31m", "app-misc/ö::guru", "app-misc/one ::guru", "app-misc/one::guru extra",
        "\u{fffd}\u{fffd}", "--help::guru",
    ])
    func `a hostile line refuses the list, with its place`(line: String) throws {
        let error = #expect(throws: OverlaysError.self) {
            try PackageList.parse("app-misc/good::guru\n\(line)\n", file: "/etc/overlayman/packages")
        }
        #expect(error?.message.hasPrefix("/etc/overlayman/packages:2: ") == true, "\(error?.message ?? "")")
        #expect(error?.message.utf8.allSatisfy { $0 >= 0x20 } == true)
    }

    @Test func `a directory of files is read, added to and removed from`() throws {
        let scratch = try ScratchDirectory()
        let path = scratch.path + "/packages"
        try scratch.write("packages/b", "# mine\na-a/one::guru # here\na-a/two::guru\n")
        try scratch.write("packages/.hidden", "nonsense")
        try scratch.write("packages/b~", "nonsense")
        try PackageList.draft(adding: [PackageList.Entry("a-a/three::kde")], to: path)?.publish()
        let list = try PackageList.read(path)
        #expect(list.entries.map(\.atom.name) == ["one", "two", "three"])
        try PackageList.remove(list.entries.filter { $0.atom.name == "one" })
        #expect(try Files.readText(path + "/b") == "# mine\na-a/two::guru\n")
        #expect(try Files.readText(path + "/olm") == "a-a/three::kde\n")
        #expect(try PackageList.read(scratch.path + "/nothing").entries.isEmpty)
    }

    @Test func `a file keeps what is in it`() throws {
        let scratch = try ScratchDirectory()
        try scratch.write("packages", "# no newline at the end\na-a/one::guru")
        try PackageList.draft(adding: [PackageList.Entry("a-a/two::guru")], to: scratch.path + "/packages")?.publish()
        #expect(
            try Files.readText(scratch.path + "/packages")
                == "# no newline at the end\na-a/one::guru\na-a/two::guru\n")
    }
}

@Suite struct OverlaysConfigurationTests {
    @Test func `sections are read`() throws {
        let configuration = try OverlaysConfiguration(
            parsing: """
                # mine
                [guru]
                sync-type = git
                sync-uri = https://example.org/guru.git
                priority = 5
                [own]
                sync-type=local
                sync-uri=/srv/own
                """, file: "overlays.conf")
        #expect(
            configuration.overlays == [
                "guru": Overlay(name: "guru", source: .git("https://example.org/guru.git"), priority: 5),
                "own": Overlay(name: "own", source: .local("/srv/own")),
            ])
        #expect(throws: OverlaysError.self) { try configuration.overlay("kde") }
    }

    @Test(arguments: [
        "sync-uri = x", "[a/b]\nsync-type = git", "[a]\nsync-type = rsync\nsync-uri = rsync://example.org/a",
        "[a]\nsync-type = git", "[a]\nsync-type = git\nsync-uri = ext::sh -c id",
        "[a]\nsync-type = git\nsync-uri = ext::sh", "[a]\nsync-type = git\nsync-uri = --upload-pack=id",
        "[a]\nsync-type = git\nsync-uri = ssh://-oProxyCommand=id/x", "[a]\nsync-type = git\nsync-uri = host:path",
        "[a]\nsync-type = git\nsync-uri = file://host/x", "[a]\nsync-type = git\nsync-uri = https://",
        "[a]\nsync-type = local\nsync-uri = relative", "[a]\nhooks = yes", "[a]\nnonsense",
        "[a]\nsync-type = local\nsync-uri = /x\npriority = high", "[a]\nsync-type = local\nsync-uri = /x\n[a]",
    ])
    func `what is not covered is refused by its line`(text: String) throws {
        let error = #expect(throws: OverlaysError.self) {
            try OverlaysConfiguration(parsing: text, file: "overlays.conf")
        }
        #expect(error?.message.hasPrefix("overlays.conf:") == true)
    }
}

@Suite struct RepositoriesConfTests {
    let sections = [
        RepositoriesConf.Section(name: "b", location: "/slices/b", priority: 3),
        RepositoriesConf.Section(name: "a", location: "/slices/a"),
    ]

    @Test func `in a directory it has a file of its own`() throws {
        let scratch = try ScratchDirectory()
        try scratch.write("repos.conf/gentoo.conf", "[gentoo]\n")
        let conf = RepositoriesConf(scratch.path + "/repos.conf")
        try conf.write(sections)
        let file = scratch.path + "/repos.conf/portmanteau-slices.conf"
        let lines = try Files.readText(file).split(separator: "\n").dropFirst().dropLast().joined(separator: "\n")
        #expect(
            lines == """
                [a]
                location = /slices/a
                auto-sync = no
                [b]
                location = /slices/b
                priority = 3
                auto-sync = no
                """)
        let before = Files.status(file)
        try conf.write(sections)
        #expect(Files.status(file) == before)
        try conf.write([])
        #expect(try Files.list(scratch.path + "/repos.conf") == ["gentoo.conf"])
        try scratch.write("repos.conf/portmanteau-slices.conf", "[mine]\n")
        #expect(throws: OverlaysError.self) { try conf.write(sections) }
        #expect(try Files.readText(file) == "[mine]\n")
    }

    @Test func `in a file it has a block, and all else stays`() throws {
        let scratch = try ScratchDirectory()
        let path = scratch.path + "/repos.conf"
        let own = "[gentoo]\nlocation = /x\n# last"
        for text in [own, own + "\n"] {
            try scratch.write("repos.conf", text)
            let conf = RepositoriesConf(path)
            try conf.write(sections)
            #expect(try Files.readText(path).hasPrefix(own + "\n# >>> "))
            try conf.write([sections[1]])
            let one = try Files.readText(path)
            #expect(one.contains("[a]") && !one.contains("[b]"))
            try conf.write([])
            #expect(try Files.readText(path).hasPrefix(own))
            #expect(try !Files.readText(path).contains(">>>"))
        }
        try scratch.write("repos.conf", own + "\n# <<< slices of overlays\n")
        #expect(throws: OverlaysError.self) { try RepositoriesConf(path).write(sections) }
    }

    @Test func `where there is none it makes the directory`() throws {
        let scratch = try ScratchDirectory()
        try RepositoriesConf(scratch.path + "/etc/repos.conf").write(sections)
        #expect(try Files.list(scratch.path + "/etc/repos.conf") == ["portmanteau-slices.conf"])
    }
}
