import Posix
import Testbed
import Testing

@Suite struct VersionTests {
    @Test func everyProgramSaysItsVersion() async throws {
        try await Testbed.shared().withMachine("versions") { machine in
            try await machine.installPortmanteau(enable: false)
            let text = try Files.readText(Testbed.checkout + "/Sources/SuiteVersion/SuiteVersion.swift")
            let version = try #require(text.split(separator: "\"").dropFirst().first)
            for name in ["depgraph", "binpkg", "binpkgd", "olm", "fastrel", "distcc-guard"] {
                #expect(try await machine.run([name, "--version"]).stdout == "\(name) \(version)\n")
            }
            for name in ["portmanteau", "portage-hook"] {
                let program = machine.prefix + "/usr/libexec/portmanteau/" + name
                #expect(try await machine.run([program, "--version"]).stdout == "\(name) \(version)\n")
            }
            #expect(try await machine.run(["overlayman", "--version"]).stdout == "olm \(version)\n")
        }
    }
}
