import Glibc
import PortageAPI
import Posix
import Testbed
import Testing

/// A child that stays: what Portage looks at again by itself, and what the stamp of its settings notices.
@Suite struct SettingsStampTests {
    @Test func theStampNoticesWhatPortageKeeps() async throws {
        try await Testbed.shared().withMachine("api-stamp") { machine in
            try machine.write("etc/portage/package.use/x", "app-demo/hello -x\n")
            try machine.write("extra.conf", "USE=\"a\"\n")
            try machine.append("etc/portage/make.conf", "source \(machine.prefix)/extra.conf\n")
            // A file that changes just when it is read gives no stamp.
            try await Task.sleep(for: .seconds(2))
            try await machine.withPortage { portage in
                func stamp() async throws -> String { try await portage.raw("settings_stamp", json: "{}") }
                let first = try await stamp()
                #expect(first.count == 66, "\(first)")
                #expect(try await stamp() == first)
                var last = first
                let changes: [(String, () throws -> Void)] = [
                    ("make.conf", { try machine.append("etc/portage/make.conf", "# more\n") }),
                    ("what it sources", { try machine.write("extra.conf", "USE=\"b\"\n") }),
                    ("package.use", { try machine.write("etc/portage/package.use/x", "app-demo/hello -y\n") }),
                    ("a new file", { try machine.write("etc/portage/package.mask/y", "app-demo/hello\n") }),
                    (
                        "the time only",
                        { utimensat(AT_FDCWD, machine.path("etc/portage/package.mask/y"), nil, 0) }
                    ),
                    ("a file less", { try Files.removeTree(machine.path("etc/portage/package.mask")) }),
                    ("repos.conf", { try machine.write("etc/portage/repos.conf/z.conf", "") }),
                    ("profile.env", { try machine.write("etc/profile.env", "export A='b'\n") }),
                ]
                for (name, change) in changes {
                    try change()
                    let next = try await stamp()
                    #expect(next != last, "\(name)")
                    last = next
                }
                // env-update writes the same again after each merge.
                try machine.write("etc/profile.env", "export A='b'\n")
                #expect(try await stamp() == last)
            }
        }
    }

    @Test func theInstalledDatabaseIsLookedAtAgain() async throws {
        try await Testbed.shared().withMachine("api-stamp-installed") { machine in
            try machine.write("etc/portage/package.accept_keywords/alpha", "lib-demo/alpha ~amd64 ~arm64\n")
            try await Task.sleep(for: .seconds(2))
            try await machine.withPortage { portage in
                let stamp = try await portage.raw("settings_stamp", json: "{}")
                let beta = PackageSelector(cpv: "lib-demo/beta-1.0")
                func alpha() async throws -> [String] {
                    try await portage.keyInputs(beta).buildDependencies.filter { $0.cpv.contains("alpha") }
                        .map { "\($0.cpv) \($0.slot)/\($0.subSlot)" }
                }
                #expect(try await alpha() == [])
                for version in ["1.0", "2.0"] {
                    let output = try await machine.emerge(["-1q", "=lib-demo/alpha-\(version)"])
                    #expect(output.succeeded, "\(output.text)")
                    let found = try await alpha()
                    let fresh = try await machine.withPortage { fresh in
                        try await fresh.keyInputs(beta).buildDependencies.filter { $0.cpv.contains("alpha") }
                            .map { "\($0.cpv) \($0.slot)/\($0.subSlot)" }
                    }
                    #expect(found == fresh)
                    #expect(found.first?.hasPrefix("lib-demo/alpha-\(version)") == true, "\(found)")
                }
                let after = try await portage.raw("settings_stamp", json: "{}")
                let again = try await portage.raw("settings_stamp", json: "{}")
                #expect(after == again && !stamp.isEmpty)
            }
        }
    }
}
