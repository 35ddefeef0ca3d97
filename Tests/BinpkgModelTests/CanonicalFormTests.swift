import Posix
import Testbed
import Testing

@testable import BinpkgModel

@Suite struct CanonicalFormTests {
    @Test func formIsAsDocumented() {
        let form = String(decoding: Samples.request.canonicalForm, as: UTF8.self)
        #expect(
            form == """
                portmanteau-request 1
                1:1
                cpv 1
                21:app-demo/delta-1.0-r1
                repository 1
                6:gentoo
                eapi 1
                1:8
                slot 1
                3:0/2
                chost 1
                19:x86_64-pc-linux-gnu
                cbuild 1
                19:x86_64-pc-linux-gnu
                eprefix 1
                0:
                tmpdir 1
                8:/var/tmp
                profile 1
                3:abc
                use 2
                5:amd64
                3:ssl
                iuse 2
                3:doc
                3:ssl
                features 1
                10:splitdebug
                variables 4
                6:CFLAGS
                9:-O2 -pipe
                7:LDFLAGS
                7:-Wl,-O1
                content 8
                6:ebuild
                19:delta-1.0-r1.ebuild
                64:\(Samples.hash)
                3:100
                5:files
                9:fix.patch
                64:\(Samples.hash)
                2:10

                """)
        #expect(Samples.request.primaryKey == ContentHash.sha256(Samples.request.canonicalForm))
    }

    /// The example of the documentation is what the code makes of that request.
    @Test func exampleIsRight() throws {
        let text = try Files.readText(Testbed.checkout + "/Documentation/build-key.md")
        let request = BuildRequest(
            cpv: "app-misc/example-1.0", repository: "gentoo", eapi: "8", slot: "0", use: ["ssl", "amd64"],
            iuse: ["ssl", "doc"], chost: "x86_64-pc-linux-gnu", cbuild: "x86_64-pc-linux-gnu", eprefix: "",
            tmpdir: "/var/tmp", variables: ["LDFLAGS": "-Wl,-O1", "CFLAGS": "-O2 -pipe"], features: [],
            profile: "5f3a",
            content: [
                ContentItem(
                    role: .ebuild, name: "example-1.0.ebuild",
                    sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", size: 412)
            ], buildDependencies: [InstalledPackage(cpv: "dev-libs/openssl-3.3.1", slot: "0/3", use: ["asm"])],
            libc: "sys-libs/glibc-2.40")
        func indented(_ form: [UInt8]) -> String {
            String(decoding: form, as: UTF8.self).split(separator: "\n").map { "    \($0)\n" }.joined()
        }
        for part in [
            "primary key, \(request.primaryKey)\n" + indented(request.canonicalForm),
            "identity, \(request.vector.identity)\n" + indented(request.vector.canonicalForm),
            "accuracy abi: \(request.id)\n",
        ] { #expect(text.contains(part), "\(part)") }
    }

    @Test func hashIsThatOfTheStandard() {
        #expect(ContentHash.sha256(Array("abc".utf8)).hasPrefix("ba7816bf8f01cfea414140de5dae2223"))
    }

    @Test func orderAndRepetitionDoNotMatter() {
        for _ in 0..<200 {
            var request = Samples.request
            request.use = (request.use + [request.use[0]]).shuffled()
            request.iuse.shuffle()
            request.content.shuffle()
            #expect(request.primaryKey == Samples.request.primaryKey)
        }
        var plain = Samples.request
        plain.slot = "0"
        var written = plain
        written.slot = "0/0"
        #expect(plain.primaryKey == written.primaryKey)
    }

    @Test(arguments: Samples.changes.indices) func everyFieldChangesTheKey(index: Int) {
        let (name, change) = Samples.changes[index]
        var request = Samples.request
        change(&request)
        #expect(request.primaryKey != Samples.request.primaryKey, "\(name)")
    }

    @Test func whatIsAcceptedLaterIsNotInTheKey() {
        var request = Samples.request
        request.buildDependencies = []
        request.libc = ""
        request.accuracy = .exact
        #expect(request.primaryKey == Samples.request.primaryKey)
    }

    /// Values full of the form's own signs: two requests that differ never give the same bytes.
    @Test func formCanBeReadBackInOneWayOnly() {
        let pieces = ["", "1", ":", "\n", "1:1\n", "use 1\n", "3:ssl\n", "é", "e\u{301}", " ", "/"]
        func text() -> String { (0..<Int.random(in: 0...3)).map { _ in pieces.randomElement() ?? "" }.joined() }
        struct Fields: Hashable {
            let texts: [[UInt8]]
            let use: Set<[UInt8]>
            let variable: [UInt8]
        }
        var seen: [[UInt8]: Fields] = [:]
        for _ in 0..<20_000 {
            var request = Samples.request
            request.repository = text()
            request.eapi = text()
            request.profile = text()
            request.use = (0..<Int.random(in: 0...2)).map { _ in text() }
            request.variables = ["CC": text()]
            let fields = Fields(
                texts: [request.repository, request.eapi, request.profile].map { Array($0.utf8) },
                use: Set(request.use.map { Array($0.utf8) }), variable: Array((request.variables["CC"] ?? "").utf8))
            if let other = seen[request.canonicalForm] { #expect(other == fields) }
            seen[request.canonicalForm] = fields
        }
        #expect(seen.count > 5000)
    }
}
