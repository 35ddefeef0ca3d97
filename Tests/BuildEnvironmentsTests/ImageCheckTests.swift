import BinpkgModel
import Posix
import Sandbox
import Testbed
import Testing

@testable import BuildEnvironments

/// The check of an image, as Portage runs it.
@Suite struct ImageCheckTests {
    private func check(_ image: String, python: String = "/usr/bin/python3") async throws -> (code: Int32, text: String)
    {
        var sandbox = SandboxCommand()
        sandbox.steps = [.readOnly("/", at: "/")]
        sandbox.environment = ["PATH": "/usr/bin:/bin", "D": image, "PORTAGE_PYTHON": python]
        let output = ByteCollector()
        let script = "die() { echo \"died: $*\"; exit 1; }\n" + ImageCheck.script(accuracy: nil)
        let code = try await sandbox.run(["bash", "-c", script], seconds: 60) { await output.append($0) }
        return (code, String(decoding: await output.bytes, as: UTF8.self))
    }

    @Test func onlyWhatWasLookedAtPasses() async throws {
        try await ScratchDirectory.with { scratch in
            try scratch.write("usr/file", "text")
            let good = try await check(scratch.path)
            #expect(good.code == 0 && good.text.isEmpty, "\(good.text)")
            for python in ["/bin/false", "/nowhere/python3"] {
                let unknown = try await check(scratch.path, python: python)
                #expect(
                    unknown.code == 1 && unknown.text.contains("died: the image cannot be checked"), "\(unknown.text)")
            }
            let gone = try await check(scratch.path + "/nothing")
            #expect(gone.code == 1 && gone.text.contains("died: the image cannot be checked"), "\(gone.text)")
        }
    }
}
