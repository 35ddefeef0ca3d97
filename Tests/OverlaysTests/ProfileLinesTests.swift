import Testing

@testable import Overlays

@Suite struct ProfileLinesTests {
    @Test func `masks of the packages are kept with their comments`() {
        let text = """
            # Header

            # Somebody (2026)
            # Reason one
            >=a-a/one-2
            -a-a/one
            a-a/other

            # Reason two
            a-a/other2
            a-*/two
            */*::x
            """
        #expect(
            ProfileLines.about(["a-a/one", "a-b/two"], in: text) == """
                # Somebody (2026)
                # Reason one
                >=a-a/one-2
                -a-a/one
                # Reason two
                a-*/two
                */*::x

                """)
        #expect(ProfileLines.about([], in: text) == "")
    }

    @Test func `mirrors, licences and Manifests`() {
        #expect(ProfileLines.mirrors(in: "a? ( mirror://npm/x/y -> z ) https://e/x mirror://cran/") == ["npm", "cran"])
        #expect(
            ProfileLines.thirdPartyMirrors(["npm"], in: "# c\nnpm https://a\ncran https://b\n") == "npm https://a\n")
        #expect(ProfileLines.licences("|| ( MIT GPL-2+ ) a? ( Own-1 )") == ["MIT", "GPL-2+", "Own-1"])
        let manifest = """
            -----BEGIN PGP SIGNED MESSAGE-----
            DIST a-1.tar.gz 1 BLAKE2B 00
            EBUILD a-1.ebuild 1 BLAKE2B 00
            EBUILD a-2.ebuild 1 BLAKE2B 00
            AUX x.patch 1 BLAKE2B 00
            MISC ChangeLog 1 BLAKE2B 00
            """
        #expect(
            ProfileLines.manifest(manifest, keeping: ["a-2.ebuild"]) == """
                DIST a-1.tar.gz 1 BLAKE2B 00
                EBUILD a-2.ebuild 1 BLAKE2B 00
                AUX x.patch 1 BLAKE2B 00

                """)
    }
}
