import Posix
import Sandbox
import Testbed
import Testing

@testable import BuildEnvironments

/// What the administrator's own root has, and no build may see.
@Suite struct SecretFileTests {
    /// Reads a file in a sandbox of this machine's root; nil when that is refused.
    private func text(
        of file: String, below shown: String, hiding secret: [String], _ workspace: String
    ) async throws -> String {
        var sandbox = try RootLayout.prepare(
            MountedRoot(directory: nil), workspace: workspace, needed: [shown], secret: secret
        ).sandbox
        sandbox.environment = ["PATH": "/usr/bin:/bin"]
        let output = ByteCollector()
        let code = try await sandbox.run(["cat", file], seconds: 60) { await output.append($0) }
        return "\(code) \(String(decoding: await output.bytes, as: UTF8.self))"
    }

    /// A prefix may lie in a directory that is hidden but for it, such as /home.
    @Test(arguments: [false, true]) func filesAndDirectoriesAreHidden(belowHiddenPlace: Bool) async throws {
        let name = "secrets-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
        let folder = try Testbed().root + "/" + name
        let shown = (belowHiddenPlace ? "/tmp/" + name : folder) + "/shown"
        defer {
            try? Files.removeTree(folder)
            try? Files.removeTree("/tmp/" + name)
        }
        let keys = shown + "/keys"
        try Files.makeDirectories(keys)
        let key = keys + "/desk.key"
        try Files.replace(key, with: Array("the key\n".utf8), mode: 0o600)
        try Files.replace(keys + "/other", with: Array("no key\n".utf8))
        #expect(try await text(of: key, below: shown, hiding: [], "\(folder)/0") == "0 the key\n")
        #expect(try await text(of: key, below: shown, hiding: [key], "\(folder)/1") == "0 ")
        #expect(try await text(of: keys + "/other", below: shown, hiding: [key], "\(folder)/2") == "0 no key\n")
        #expect(try await text(of: key, below: shown, hiding: [keys, key], "\(folder)/3").hasPrefix("1 "))
        #expect(try Files.readText(key) == "the key\n")
    }
}
