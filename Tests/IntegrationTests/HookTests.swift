import Posix
import Testbed
import Testing

/// The hooks in a real emerge, without a service.
@Suite struct HookTests {
    /// A user's bashrc with functions of the names that the hooks use.
    private static let userFunctions = """
        pre_pkg_setup() { echo "user's pre_pkg_setup"; USER_MARK=kept; }
        post_pkg_setup() { echo "user's post_pkg_setup"; }
        pre_src_unpack() { echo "user's pre_src_unpack"; }
        src_install() { echo "user's src_install"; }

        """

    @Test func theUsersFunctionsRunAndNothingOfOursIsSaved() async throws {
        try await Testbed.shared().withMachine("hook-user-functions") { machine in
            try machine.write(
                "etc/portage/bashrc", Self.userFunctions.replacing("src_install", with: "post_src_install"))
            try await machine.installPortmanteau()
            let output = try await machine.emerge(["-1", "--buildpkg", "app-demo/hello"])
            #expect(output.succeeded, "\(output.text)")
            for name in ["pre_pkg_setup", "post_pkg_setup", "pre_src_unpack", "post_src_install"] {
                #expect(output.text.contains("user's \(name)"))
            }
            let saved = try await machine.environments(of: "app-demo/hello-1.0")
            #expect(saved.count == 2)
            for text in saved {
                #expect(!text.contains("___"))
                #expect(!text.contains("portmanteau"))
                #expect(text.contains("USER_MARK=\"kept\""))
                #expect(text.contains("echo \"user's pre_pkg_setup\""))
            }
        }
    }

    @Test func withoutTheHooksAPackageIsRecordedTheSame() async throws {
        let without = try await BuiltPackages.shared.package("app-demo/hello", "app-demo/hello-1.0", bashrc: "").record
        let with = try await Testbed.shared().withMachine("hook-with") { machine in
            try await machine.installPortmanteau()
            #expect(try await machine.emerge(["-1", "--buildpkg", "app-demo/hello"]).succeeded)
            return try await machine.record(of: "app-demo/hello-1.0")
        }
        #expect(without == with)
    }

    @Test func missingProgramsLeaveAnOrdinaryBuild() async throws {
        try await Testbed.shared().withMachine("hook-missing-programs") { machine in
            try await machine.installPortmanteau()
            try machine.append("etc/portage/make.conf", "BINPKG_SERVICE=\"http://127.0.0.1:9\"\n")
            let programs = "usr/libexec/portmanteau"
            try Files.removeTree(machine.path("\(programs)/portmanteau"))
            let first = try await machine.emerge(["-1", "app-demo/hello"])
            #expect(first.succeeded, "\(first.text)")
            let lines = first.text.split(separator: "\n").filter { $0.hasPrefix("portmanteau: ") }
            #expect(lines.count == 1)
            #expect(lines.first?.hasSuffix(": building here") == true)

            try machine.write("\(programs)/portage-hook", "#!/bin/sh\nkill -SEGV $$\n", mode: 0o755)
            let second = try await machine.emerge(["-1", "app-demo/hello"])
            #expect(second.succeeded, "\(second.text)")
            try Files.removeTree(machine.path(programs))
            let third = try await machine.emerge(["-1", "app-demo/hello"])
            #expect(third.succeeded, "\(third.text)")
            #expect(!(second.text + third.text).contains("libexec/portmanteau"))

            try await machine.installPortmanteau(enable: false)
            try Files.removeTree(machine.path("\(programs)/portmanteau"))
            try machine.append("etc/portage/make.conf", "BINPKG_POLICY=\"require\"\n")
            let required = try await machine.emerge(["-1", "app-demo/hello"])
            #expect(!required.succeeded)
            #expect(required.text.contains("and BINPKG_POLICY is `require`"))
        }
    }

    @Test func disableAndStatusWorkOnAMachine() async throws {
        try await Testbed.shared().withMachine("hook-management") { machine in
            try machine.write("etc/portage/bashrc", "a=1", mode: 0o600)
            try await machine.installPortmanteau()
            let hook = machine.prefix + "/usr/libexec/portmanteau/portage-hook"
            let status = try await machine.run([hook, "status", "--json"])
            #expect(status.stdout.hasPrefix("{\"enabled\":true,"), "\(status.text)")
            #expect(try await machine.run([hook, "disable"]).succeeded)
            #expect(try machine.read("etc/portage/bashrc") == "a=1")
            #expect(try await machine.run([hook, "status"]).exitCode == 1)
        }
    }
}
