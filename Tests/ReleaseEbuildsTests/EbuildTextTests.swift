import Posix
import Subprocess
import SystemPackage
import Testbed
import Testing

@testable import ReleaseEbuilds

/// The text of ebuilds: nothing of a release is ever run by a shell.
@Suite struct EbuildTextTests {
    /// Numbers that are the same in every run.
    private struct Random: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
            return mixed ^ (mixed >> 27)
        }
    }

    private static let pieces = [
        "$(id)", "`id`", "\"", "'", "\\", "\n", "$", "${x}", "$((1+1))", ";", "|", "&", "!", "!!", "\t", "\r", " ", "*",
        "?", "[a]", "{a,b}", "~", "#", "<(id)", ">x", "\u{1b}[31m", "\u{7f}", "\u{1}", "é", "\u{202e}", "😀", "a",
        "$'\\n'",
        "\\\n",
        "EOF", "$\"x\"", "%s", "-n", "=", "\\\\", "\u{0}", "\u{85}", "𝕏", "--", "()", "\\$", "\\`",
    ]

    @Test func `10000 hostile texts come out of bash as they went in`() async throws {
        var random = Random(state: 20260101)
        var texts: [String] = []
        for _ in 0..<10_000 {
            let count = Int.random(in: 0...12, using: &random)
            texts.append((0..<count).map { _ in Self.pieces.randomElement(using: &random) ?? "" }.joined())
        }
        let scratch = try ScratchDirectory()
        let folder = scratch.path
        // One variable after the other, as in an ebuild. (In a list `( … )`, bash 5.2 itself spoils the byte 7f.)
        let script = texts.map { "v=\(quoted($0))\nprintf '%s\\0' \"$v\"\n" }.joined()
        try Files.replace(folder + "/texts", with: Array(script.utf8))
        // No PATH: had anything of it run, there would be an error.
        let result = try await Subprocess.run(
            .path("/bin/bash"), arguments: ["-c", "source ./texts"],
            environment: .custom([Array("PATH=/nonexistent\0".utf8), Array("LC_ALL=C\0".utf8)]),
            workingDirectory: FilePath(folder), output: .bytes(limit: 64 << 20), error: .string(limit: 1 << 16))
        #expect(result.terminationStatus.isSuccess)
        #expect(result.standardError == "")
        let found = result.standardOutput.split(separator: 0, omittingEmptySubsequences: false).dropLast()
        #expect(found.count == texts.count)
        for (text, bytes) in zip(texts, found) {
            #expect(Array(text.utf8.filter { $0 != 0 }) == Array(bytes), "\(text.debugDescription)")
        }
        #expect(try Files.list(folder) == ["texts"])
    }

    @Test(arguments: [
        ("a\nb", "a b"), ("  a\t\t b \r\n", "a b"), ("\u{1b}[1mx", "[1mx"), ("a\u{202e}b", "a b"), ("", ""),
        ("12345678901", "123456789…"), ("1234567890", "1234567890"),
    ])
    func `a summary becomes one line`(text: String, line: String) {
        #expect(singleLine(text, limit: 10) == line)
    }

    @Test func `an ebuild's text`() {
        var ebuild = Ebuild()
        ebuild.origin = ["Made by fastrel from foo 1.0\nEAPI=1"]
        ebuild.settings = ["DISTUTILS_USE_PEP517=flit", ""]
        ebuild.eclasses = ["distutils-r1"]
        (ebuild.nameAndVersion, ebuild.version) = ("foo-1.0", "1.0")
        ebuild.description = "Runs $(id) and `id`"
        ebuild.homepage = "https://example.org/"
        ebuild.source = ("https://example.org/a/x.tar.gz", "foo-1.0.tar.gz")
        ebuild.directory = "Foo-1.0"
        ebuild.licence = "MIT"
        ebuild.keywords = ["~amd64"]
        ebuild.dependencies = [("RDEPEND", ["\tdev-python/bar[${PYTHON_USEDEP}]"]), ("BDEPEND", [])]
        #expect(
            ebuild.text == #"""
                # Distributed under the terms of the GNU General Public License v2
                #
                # Made by fastrel from foo 1.0 EAPI=1

                EAPI=8

                DISTUTILS_USE_PEP517=flit

                inherit distutils-r1

                DESCRIPTION="Runs \$(id) and \`id\`"
                HOMEPAGE="https://example.org/"
                SRC_URI="https://example.org/a/x.tar.gz -> ${P}.tar.gz"
                S="${WORKDIR}/Foo-${PV}"

                LICENSE="MIT"
                SLOT="0"
                KEYWORDS="~amd64"
                RESTRICT="mirror"

                RDEPEND="
                	dev-python/bar[${PYTHON_USEDEP}]
                "

                """#)
    }

    @Test(arguments: [
        "ftp://example.org/x", "https://", "https://u:p@example.org/x", "https://example.org/$(id)",
        "https://example.org/a b",
        "https://example.org/`id`", "https://example.org/\"", "javascript:x", "", "https://example.org/\n", "http:///x",
    ])
    func `an address that is not plain is refused`(url: String) {
        #expect(!SourceName.isPlain(url: url))
    }

    @Test(arguments: ["", ".x", "-x", "a/b", "a b", "../x", "x\n", "x$y", "é", String(repeating: "x", count: 300)])
    func `a file name that is not plain is refused`(name: String) {
        #expect(!SourceName.isPlain(file: name))
    }
}
