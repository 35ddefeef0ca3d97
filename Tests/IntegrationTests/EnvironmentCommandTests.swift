import Posix
import Testbed
import Testing

/// `binpkgd environment` without a service.
@Suite struct EnvironmentCommandTests {
    private func environment(_ machine: Machine, _ arguments: [String]) async throws -> Output {
        try await machine.run(
            [machine.prefix + "/usr/bin/binpkgd", "environment"] + arguments, timeout: .seconds(600))
    }

    private func configure(_ machine: Machine, _ tables: String) throws {
        try machine.write(
            "etc/portmanteau/binpkgd.toml",
            "state = \"\(machine.prefix)/var/lib/portmanteau/binpkgd\"\n\(tables)")
    }

    @Test func environmentsAreImportedMadeAndRemoved() async throws {
        try await Testbed.shared().withMachine("environment-commands") { machine in
            try await machine.installPortmanteau(enable: false)
            let state = "var/lib/portmanteau/binpkgd"
            try await machine.packRoot(to: "root.tar")
            let archive = machine.prefix + "/root.tar"
            try configure(machine, "")

            // An archive that is none is refused, and nothing is left of it.
            try machine.write("broken.tar", "no archive")
            let broken = try await environment(machine, ["import", machine.prefix + "/broken.tar"])
            #expect(!broken.succeeded && broken.stderr.contains("cannot unpack"), "\(broken.text)")
            let imported = try await environment(machine, ["import", archive, "--name", "plain"])
            #expect(imported.succeeded, "\(imported.text)")
            #expect(
                imported.stdout.hasPrefix("[[environment]]\nname = \"plain\"\nsource = \"stage3\"\n"),
                "\(imported.text)")
            let roots = try Files.list(machine.path(state + "/roots"))
            #expect(roots.count == 1 && roots.allSatisfy { $0.utf8.count == 64 }, "\(roots)")
            #expect(Files.exists(machine.path("\(state)/roots/\(roots[0])\(machine.prefix)/var/db/pkg")))

            // What was printed is a configuration.
            let tables = imported.stdout + "prefix = \"\(machine.prefix)\"\n"
            try configure(machine, tables)
            let unknown = try await environment(machine, ["create", "other", "lib-demo/alpha"])
            #expect(!unknown.succeeded && unknown.stderr.contains("only 'plain'"), "\(unknown.text)")
            let strange = try await environment(machine, ["create", "plain", "--", "--config"])
            #expect(!strange.succeeded, "\(strange.text)")
            let created = try await environment(machine, ["create", "plain", "lib-demo/alpha"])
            #expect(created.succeeded, "\(created.text)")
            let id = created.stdout.split(separator: "\n").last.map(String.init) ?? ""
            #expect(id.utf8.count == 64, "\(created.text)")
            let list = try await environment(machine, ["list", "--json"])
            #expect(list.stdout.contains("\"installed\":[\"lib-demo/alpha-1.0\"]"), "\(list.text)")
            let entered = try await environment(
                machine, ["enter", String(id.prefix(8)), "ls", machine.prefix + "/var/db/pkg/lib-demo"])
            #expect(entered.stdout.contains("alpha-1.0"), "\(entered.text)")
            // Neither the machine nor the unpacked root has it.
            #expect(try !machine.installedPackages().contains("lib-demo/alpha-1.0"))
            let database = "\(state)/roots/\(roots[0])\(machine.prefix)/var/db/pkg/lib-demo"
            #expect(!Files.exists(machine.path(database)))

            let nothing = try await environment(machine, ["gc"])
            #expect(nothing.stdout == "nothing to remove\n", "\(nothing.text)")
            let wrong = try await environment(machine, ["remove", "ffffffffffff"])
            #expect(!wrong.succeeded && wrong.stderr.contains("no environment begins"), "\(wrong.text)")
            let removed = try await environment(machine, ["remove", id])
            #expect(removed.succeeded && removed.stdout == "removed \(id)\n", "\(removed.text)")

            // A root that no environment names any more goes, and what was left half made.
            try Files.makeDirectories(machine.path(state + "/layers/.new-dead/0"))
            try configure(machine, "")
            let cleaned = try await environment(machine, ["gc"])
            #expect(cleaned.succeeded, "\(cleaned.text)")
            #expect(cleaned.stdout.contains("removed what was half made: .new-dead"), "\(cleaned.text)")
            #expect(cleaned.stdout.contains("removed the unpacked root \(roots[0])"), "\(cleaned.text)")
            #expect(try Files.list(machine.path(state + "/roots")) == [])
            #expect(try Files.list(machine.path(state + "/layers")) == [])
        }
    }
}
