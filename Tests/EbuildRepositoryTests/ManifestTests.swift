import Testing

@testable import EbuildRepository

/// The text of Manifests.
@Suite struct ManifestTests {
    @Test func `lines are kept in order, and a file has one`() throws {
        var manifest = try #require(Manifest("DIST b.tar.gz 2 SHA256 bb\nDIST a.tar.gz 1 SHA512 aa BLAKE2B cc\n"))
        #expect(manifest.text == "DIST a.tar.gz 1 BLAKE2B cc SHA512 aa\nDIST b.tar.gz 2 SHA256 bb\n")
        manifest.put(.init(name: "b.tar.gz", size: 3, hashes: ["SHA256": "dd"]))
        #expect(manifest.distfile("b.tar.gz")?.size == 3)
        #expect(manifest.entries.count == 2)
        #expect(Manifest("")?.text == "")
    }

    @Test(arguments: [
        "-----BEGIN PGP SIGNED MESSAGE-----\n", "DIST a x SHA256 b", "DIST a 1", "DIST a 1 SHA256",
        "OTHER a 1 SHA256 b",
        "DIST a -1 SHA256 b",
    ])
    func `what is no Manifest is refused`(text: String) {
        #expect(Manifest(text) == nil)
    }
}
