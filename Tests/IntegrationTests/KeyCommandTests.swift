import BinpkgModel
import FoundationEssentials
import Posix
import Testbed
import Testing

/// `binpkgd key` and `binpkgd simulate`, as programs.
@Suite struct KeyCommandTests {
    private static let hash = String(repeating: "0123456789abcdef", count: 4)

    private static let request = BuildRequest(
        cpv: "app-demo/delta-1.0", repository: "gentoo", eapi: "8", slot: "0", use: ["ssl"], iuse: ["doc", "ssl"],
        chost: "x86_64-pc-linux-gnu", cbuild: "x86_64-pc-linux-gnu", eprefix: "", tmpdir: "/var/tmp",
        variables: ["CFLAGS": "-O2 -march=znver3"], features: [], profile: "abc",
        content: [ContentItem(role: .ebuild, name: "delta-1.0.ebuild", sha256: hash, size: 100)],
        buildDependencies: [InstalledPackage(cpv: "dev-libs/openssl-3.3.1", slot: "0/3", use: [])],
        libc: "sys-libs/glibc-2.40")

    private func write(_ request: BuildRequest, to name: String, on machine: Machine) throws -> String {
        try machine.write(name, String(decoding: try JSONEncoder().encode(request), as: UTF8.self))
        return "\(machine.prefix)/\(name)"
    }

    @Test func requestsAreExplainedAndTracesSimulated() async throws {
        try await Testbed.shared().withMachine("key-commands") { machine in
            try await machine.installPortmanteau(enable: false)
            let binpkgd = machine.prefix + "/usr/bin/binpkgd"
            let first = try write(Self.request, to: "first.json", on: machine)
            let key = try await machine.run([binpkgd, "key", first])
            #expect(key.succeeded && key.stdout == Self.request.primaryKey + "\n", "\(key.text)")

            // What is printed as the form is what the key is the hash of.
            let explained = try await machine.run([binpkgd, "key", "--explain", first])
            #expect(explained.succeeded, "\(explained.text)")
            let forms = explained.stdout.split(separator: "\n# ", omittingEmptySubsequences: false).map { part in
                part.drop { $0 != "\n" }.dropFirst()
            }
            try #require(forms.count == 3, "\(explained.text)")
            #expect(ContentHash.sha256(Array(forms[0].utf8)) == Self.request.primaryKey, "\(explained.text)")
            #expect(ContentHash.sha256(Array(forms[1].utf8)) == Self.request.vector.identity, "\(explained.text)")
            #expect(explained.stdout.hasSuffix("with accuracy abi: \(Self.request.id)\n"), "\(explained.text)")

            var other = Self.request
            other.variables["CFLAGS"] = "-O2 -march=znver2"
            other.buildDependencies = [InstalledPackage(cpv: "dev-libs/openssl-3.4.0", slot: "0/3", use: [])]
            let second = try write(other, to: "second.json", on: machine)
            let compared = try await machine.run([binpkgd, "key", "--compare", second, first])
            #expect(compared.exitCode == 1, "\(compared.text)")
            #expect(
                compared.stdout
                    == "key: CFLAGS: -march=znver3 ≠ znver2\nabi: dev-libs/openssl 3.3.1 ≠ 3.4.0, same sub-slot\n",
                "\(compared.text)")
            let same = try await machine.run([binpkgd, "key", "--compare", first, first])
            #expect(same.succeeded && same.text.isEmpty, "\(same.text)")
            try machine.write("none.json", "{}")
            let none = try await machine.run([binpkgd, "key", machine.prefix + "/none.json"])
            #expect(none.exitCode == 2 && none.stderr.contains("none.json is not a request"), "\(none.text)")

            let script = """
                set -e
                "$0" simulate --generate 5 --machines 3 --days 5 > "$1/trace.json"
                "$0" simulate --generate 5 --machines 3 --days 5 | cmp - "$1/trace.json"
                "$0" simulate --environments 0,4 --svg "$1/curve.svg" "$1/trace.json"
                """
            let simulated = try await machine.run(["bash", "-c", script, binpkgd, machine.prefix])
            let lines = simulated.stdout.split(separator: "\n")
            #expect(simulated.succeeded && lines.count == 3, "\(simulated.text)")
            #expect(lines.first?.contains("environments") == true, "\(simulated.text)")
            #expect(lines.last?.contains(" 4  ") == true && lines.last?.contains(" %") == true, "\(simulated.text)")
            let svg = try machine.read("curve.svg")
            #expect(svg.hasPrefix("<svg ") && svg.contains("of 3 machines"), "\(svg)")
            let broken = try await machine.run([binpkgd, "simulate", machine.prefix + "/none.json"])
            #expect(broken.exitCode == 2 && broken.stderr.contains("none.json is not a trace"), "\(broken.text)")
        }
    }
}
