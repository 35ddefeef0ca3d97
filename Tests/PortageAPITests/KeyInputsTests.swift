import PortageAPI
import PythonBridge
import Testbed
import Testing

@Suite struct KeyInputsTests {
    @Test func everythingThatMakesAPackage() async throws {
        let testbed = try await Testbed.shared()
        try await testbed.withMachine("api-key") { machine async throws in
            try machine.write("etc/portage/patches/lib-demo/alpha/b.patch", "general\n")
            try machine.write("etc/portage/patches/lib-demo/alpha-1.0/b.patch", "special\n")
            try machine.write("etc/portage/patches/lib-demo/alpha/a.patch", "first\n")
            try machine.write("etc/portage/patches/lib-demo/alpha/käse.patch", "umlaut\n")
            try machine.write("etc/portage/patches/lib-demo/alpha-1.0/empty.patch", "")
            try machine.write("etc/portage/patches/lib-demo/alpha/empty.patch", "negated\n")
            try machine.write("etc/portage/env/lib-demo/alpha", ": hook\n")
            try machine.write("etc/portage/env/extra.conf", "EXTRA_ECONF=\"--x\"\nMYFLAG=\"1\"\nMAKEOPTS=\"-j7\"\n")
            try machine.write("etc/portage/package.env", "lib-demo/alpha extra.conf\n")
            let inputs = try await machine.withPortage { portage async throws in
                try await portage.keyInputs(PackageSelector(cpv: "lib-demo/alpha-1.0"))
            }
            #expect(inputs.repository == "gentoo" && inputs.eapi == "8")
            #expect(inputs.slot == "0" && inputs.subSlot == "1")
            #expect(inputs.ebuild.hasSuffix("/lib-demo/alpha/alpha-1.0.ebuild"))
            #expect(inputs.eclasses.map(\.name) == ["demo-c"])
            #expect(inputs.files.contains { $0.name == "alpha-1.0-value.patch" })
            #expect(inputs.manifest?.hasSuffix("/lib-demo/alpha/Manifest") == true)
            #expect(
                inputs.patches.map(\.name) == [
                    "lib-demo/alpha/a.patch", "lib-demo/alpha-1.0/b.patch", "lib-demo/alpha/käse.patch",
                ])
            #expect(inputs.envs.map(\.name) == ["lib-demo/alpha"])
            #expect(inputs.variables["EXTRA_ECONF"] == "--x" && inputs.variables["MYFLAG"] == "1")
            #expect(inputs.variables["MAKEOPTS"] == nil)
            #expect(inputs.eprefix == machine.prefix)
            #expect(inputs.profileDigest.count == 64 && !inputs.profiles.isEmpty)
            let source = try #require(inputs.sources.first)
            #expect(source.hashes["BLAKE2B"]?.count == 128 && source.size.map { $0 > 0 } == true)
        }
    }

    @Test func fileNamesOutsideUTF8() async throws {
        let testbed = try await Testbed.shared()
        try await testbed.withMachine("api-names") { machine in
            let package = machine.prefix + "/extra/lib-demo/odd"
            try machine.write("extra/profiles/repo_name", "extra\n")
            try machine.write("extra/metadata/layout.conf", "masters = gentoo\nthin-manifests = true\n")
            try machine.write(
                "extra/lib-demo/odd/odd-1.ebuild",
                "EAPI=8\nDESCRIPTION=odd\nSLOT=0\nLICENSE=GPL-2\nKEYWORDS=\"~amd64\"\n")
            try machine.write("etc/portage/repos.conf/extra.conf", "[extra]\nlocation = \(machine.prefix)/extra\n")
            let made = try await machine.run(
                ["bash", "-c", "mkdir -p $0/files && touch \"$0/files/\"$'caf\\xe9' \"$0/files/käse\"", package])
            try #require(made.succeeded, "\(made.text)")
            let inputs = try await machine.withPortage { portage in
                try await portage.keyInputs(PackageSelector(cpv: "lib-demo/odd-1", repository: "extra"))
            }
            #expect(inputs.repository == "extra")
            try #require(inputs.files.count == 2)
            let bytes = Array("\(package)/files/caf".utf8) + [0xE9]
            #expect(FileNameText.bytes(of: inputs.files[0].path) == bytes)
            #expect(inputs.files[1].name == "käse")
        }
    }

    @Test func useAndDependencies() async throws {
        let testbed = try await Testbed.shared()
        try await testbed.withMachine("api-use") { machine async throws in
            try machine.write("etc/portage/package.use/test", "lib-demo/beta loud\n")
            try await machine.withPortage { portage async throws in
                let beta = PackageSelector(cpv: "lib-demo/beta-1.0")
                let flags = try await portage.useFlags(beta)
                #expect(flags.iuse == ["loud"] && flags.use.contains("loud"))
                let inputs = try await portage.keyInputs(beta)
                #expect(inputs.use.contains("loud"))
                #expect(inputs.unsatisfied == ["lib-demo/alpha:="])
                let quiet = try await portage.keyInputs(PackageSelector(cpv: beta.cpv, useOverride: []))
                #expect(!quiet.use.contains("loud"))
                await #expect { try await portage.keyInputs(PackageSelector(cpv: "lib-demo/beta-99")) } throws: {
                    ($0 as? PortageError)?.message.contains("no valid ebuild for lib-demo/beta-99") == true
                }
            }
        }
    }
}
