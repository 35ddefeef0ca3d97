import Posix
import Testbed
import Testing

@testable import PortageHook

/// The installed bashrc, read by a real bash with as little of Portage as it needs.
@Suite struct BashrcTests {
    private let directory: ScratchDirectory
    private let hooks: String

    init() throws {
        directory = try ScratchDirectory()
        let file = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let text = try Files.readText("/\(file)/portage-hooks/bashrc")
        hooks = try directory.write("usr/share/portmanteau/hooks/bashrc", text)
        try Files.makeDirectories(directory.path + "/build")
    }

    /// Runs a script in which `$hooks` is the bashrc; returns what it wrote.
    private func bash(_ phase: String, _ script: String) throws -> String {
        let result = try ChildProcess.run(
            "/bin/bash", ["--norc", "-c", "exec 2>&1; \(script)"],
            environment: [
                "EBUILD_PHASE=\(phase)", "hooks=\(hooks)", "PATH=/usr/bin:/bin", "LANG=C.UTF-8",
                "PORTAGE_BUILDDIR=\(directory.path)/build", "PORTAGE_TMPDIR=\(directory.path)",
                "CATEGORY=app-demo", "PF=x-1", "PN=x", "P=x-1", "SLOT=0",
            ], deadline: .now.advanced(byMilliseconds: 20_000))
        return String(decoding: result.output, as: UTF8.self)
    }

    @Test(arguments: ["depend", "prepare", "compile", "preinst", "postrm", "clean", ""])
    func otherPhasesGetNothing(_ phase: String) throws {
        #expect(try bash(phase, "source \"$hooks\"; declare -F; echo ${!___pm*}.") == ".\n")
    }

    @Test(arguments: ["setup", "unpack", "install"])
    func inABuildEnvironmentThereIsNothing(_ phase: String) throws {
        try directory.write("build/.portmanteau-go", "")
        #expect(try bash(phase, "___pm_off=1; source \"$hooks\"; declare -F; echo done") == "done\n")
        #expect(try bash(phase, "source \"$hooks\"; declare -F").contains("___pm_run"))
    }

    @Test(arguments: ["set -u", "set -e", "set -f", "set -euo pipefail; IFS=_; shopt -s nullglob failglob"])
    func survivesTheShellsOptions(_ options: String) throws {
        let calls = "pre_pkg_setup; post_pkg_setup; declare -F pre_pkg_setup post_pkg_setup || echo none"
        #expect(try bash("setup", "\(options); source \"$hooks\"; \(calls)") == "none\n")
        #expect(try bash("unpack", "\(options); source \"$hooks\"; pre_src_unpack; echo done") == "done\n")
    }

    @Test func theUsersFunctionsAreCalledOnceAndGivenBack() throws {
        let script = """
            pre_pkg_setup() { echo "mine $*"; }
            source "$hooks"; source "$hooks"
            pre_pkg_setup; declare -f pre_pkg_setup; declare -F post_pkg_setup ___pm_user_pre_pkg_setup
            """
        #expect(
            try bash("setup", script)
                == "mine \npre_pkg_setup () \n{ \n    echo \"mine $*\"\n}\npost_pkg_setup\n")
    }

    @Test func aHookKeptFromAnOlderEnvironmentIsNotWrapped() throws {
        let script = "pre_src_unpack() { ___pm_old; echo old; }; source \"$hooks\"; pre_src_unpack; echo new"
        #expect(try bash("unpack", script) == "new\n")
    }

    @Test func marksOfAnEarlierRunAreRemoved() throws {
        try directory.write("build/.portmanteau-go", "")
        try directory.write("build/.portmanteau-environment", "")
        _ = try bash("setup", "source \"$hooks\"; pre_pkg_setup")
        #expect(try Files.list(directory.path + "/build").isEmpty)
    }

    @Test func aRestartDefinesNothing() throws {
        try directory.write("build/.setuped", "")
        try directory.write("build/.unpacked", "")
        #expect(try bash("setup", "source \"$hooks\"; declare -F pre_pkg_setup || echo none") == "none\n")
        #expect(try bash("unpack", "source \"$hooks\"; declare -F pre_src_unpack || echo none") == "none\n")
        #expect(try bash("install", "source \"$hooks\"; declare -F src_install || echo none") == "none\n")
    }

    @Test func codeIsEvaluatedAndValuesArriveUnharmed() throws {
        try directory.writeProgram(
            "usr/libexec/portmanteau/portage-hook",
            "#!/bin/bash\nprintf '%s\\n' \"$@\" >\"${0%/usr/*}/arguments\"\necho 'result=\"a b\"'\n")
        let script = "USE=$'a\\nb $(c)'; S=; source \"$hooks\"; pre_pkg_setup; echo \"$result\""
        #expect(try bash("setup", script) == "a b\n")
        let arguments = try Files.readText(directory.path + "/arguments")
        #expect(arguments.hasPrefix("setup\nPREFIX=\(directory.path)\n"))
        #expect(arguments.contains("\nUSE=a\nb $(c)\n"))
        #expect(arguments.contains("\nS=\n"))
        #expect(!arguments.contains("\nEPREFIX="))
    }

    @Test(arguments: ["configure", "compile"]) func withDistccPathIsAskedFor(_ phase: String) throws {
        try directory.writeProgram(
            "usr/libexec/portmanteau/portage-hook",
            "#!/bin/bash\n[[ $1 == compile && \" $* \" == *\" PATH=$PATH \"* ]] && echo \"PATH='/a b':$PATH\"\n")
        let script = "FEATURES='x distcc'; source \"$hooks\"; pre_src_\(phase); echo $PATH; declare -F pre_src_\(phase)"
        #expect(try bash(phase, script) == "/a b:/usr/bin:/bin\n")
        try directory.write("build/.\(phase)d", "")
        try directory.write("build/.configured", "")
        #expect(try bash(phase, "FEATURES=distcc; source \"$hooks\"; declare -F pre_src_\(phase)").isEmpty)
    }
}
