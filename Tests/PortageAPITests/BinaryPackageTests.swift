import PortageAPI
import Posix
import Testbed
import Testing

@Suite struct BinaryPackageTests {
    /// One package is built and merged; its file is checked, unpacked, damaged, and compared with this machine.
    @Test func aPackageFile() async throws {
        let testbed = try await Testbed.shared()
        try await testbed.withMachine("api-gpkg") { machine async throws in
            let merged = try await machine.emerge(["--buildpkg", "-1", "=lib-demo/alpha-1.0", "lib-demo/beta"])
            try #require(merged.succeeded, "\(merged.text)")
            let found = try await machine.run(["bash", "-c", "find $0 -name 'beta*.gpkg.tar'", machine.prefix])
            let path = String(found.stdout.split(separator: "\n").first ?? "")
            try await machine.withPortage { portage async throws in
                let metadata = try await portage.checkPackage(path, cpv: "lib-demo/beta-1.0")
                #expect(metadata["SLOT"] == "0" && metadata["EAPI"] == "8")
                #expect(metadata["RDEPEND"].hasPrefix("lib-demo/alpha:0/1="))
                await #expect { try await portage.checkPackage(path, cpv: "lib-demo/alpha-1.0") } throws: {
                    ($0 as? PortageError)?.message.contains("is lib-demo/beta-1.0, not lib-demo/alpha-1.0") == true
                }

                let image = machine.prefix + "/tmp/image"
                let info = machine.prefix + "/tmp/info"
                for folder in ["tmp/image", "tmp/info"] { try Files.makeDirectories(machine.path(folder)) }
                try await portage.unpackPackage(
                    path, cpv: "lib-demo/beta-1.0", imageDirectory: image, buildInfoDirectory: info)
                #expect(try machine.read("tmp/info/PF") == "beta-1.0\n")
                #expect(try !Files.list(machine.path("tmp/image")).isEmpty)
                await #expect(throws: PortageError.self) {
                    try await portage.unpackPackage(path, imageDirectory: image, buildInfoDirectory: info)
                }

                let recorded = ["RDEPEND": metadata["RDEPEND"], "DEPEND": metadata["DEPEND"]]
                #expect(try await portage.subSlotDifferences(cpv: "lib-demo/beta-1.0", recorded: recorded) == [])
                let other = recorded.mapValues { _ in "lib-demo/alpha:0/2=" }
                let differences = try await portage.subSlotDifferences(cpv: "lib-demo/beta-1.0", recorded: other)
                #expect(differences.count == 2)
                #expect(
                    differences.first == "DEPEND: lib-demo/alpha was built with 0/2, this machine has 0/1")

                try await damage(machine.path(String(path.dropFirst(machine.prefix.count + 1))))
                await #expect(throws: PortageError.self) {
                    try await portage.checkPackage(path, cpv: "lib-demo/beta-1.0")
                }
                await #expect(throws: PortageError.self) { try await portage.checkPackage("/nonexistent", cpv: nil) }
            }
            try machine.writeMergeList(["app-demo/delta-1.0", "lib-demo/gamma-1.0"])
            let report = try await machine.withPortage { try await $0.dependencyGraph() }
            #expect(report.nodes.filter { $0.state == .installed }.map(\.type) == ["installed", "installed"])
            #expect(report.lines.contains("delta > gamma DEPEND RDEPEND"))
            #expect(report.lines.contains("gamma > alpha DEPEND RDEPEND"))
            // The same package as a binary: its dependencies at run time only.
            try machine.writeMergeList(["lib-demo/beta-1.0"], type: "binary")
            let binary = try await machine.withPortage { try await $0.dependencyGraph() }
            #expect(binary.lines.first == "beta > alpha RDEPEND")
            #expect(binary.edges.allSatisfy { $0.kinds == [.RDEPEND] })
        }
    }

    /// Changes one byte of the image.
    private func damage(_ path: String) async throws {
        let bytes = try #require(DamagedPackage.image(try Files.read(path)))
        try Files.replace(path, with: bytes)
    }
}
