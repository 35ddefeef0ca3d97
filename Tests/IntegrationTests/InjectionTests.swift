import Posix
import Testbed
import Testing

/// The injection of a staged package. The staging directory is made here by hand, from a package file that another
/// machine built, and put into place by the machine's own bashrc after setup.
@Suite struct InjectionTests {
    /// A bashrc that stages what `stage` prepared, after the setup phase has removed older staging.
    private static let staging = """
        post_pkg_setup() {
            local prepared=${EPREFIX}/prepared/${CATEGORY}/${PF} staging=${PORTAGE_TMPDIR}/portmanteau/${CATEGORY}
            [[ ! -d ${prepared} ]] || { mkdir -p "${staging}" && cp -a "${prepared}" "${staging}/"; } || die
        }

        """

    /// Unpacks a package file of the machine into `prepared`, as `binpkg stage` would.
    private static let prepare = """
        import os, sys, portage
        from portage import gpkg
        file, cpv = sys.argv[1:]
        place = os.path.join(sys.prefix, "prepared", cpv)
        os.makedirs(place + "/image"); os.makedirs(place + "/build-info")
        package = gpkg.gpkg(portage.settings, cpv.split("/")[1], file)
        package.unpack_metadata(place + "/build-info"); package.decompress(place + "/image")
        with open(place + "/state", "w") as state:
            state.write(f"portmanteau-stage 1\\nOUTCOME=staged\\nCPV={cpv}\\nREASON=hit\\n")

        """

    /// Emerges a package on a machine where it is staged, after another machine built it.
    private func inject<R: Sendable>(
        _ atom: String, _ cpv: String, test: String, _ body: (Machine, _ local: Record) async throws -> R
    ) async throws -> R {
        let built = try await BuiltPackages.shared.package(atom, cpv, bashrc: Self.staging)
        return try await Testbed.shared().withMachine("inject-\(test)") { machine in
            try machine.write("etc/portage/bashrc", Self.staging)
            try await machine.installPortmanteau()
            try machine.write("prepare.py", Self.prepare)
            try Files.replace(machine.path("built.gpkg.tar"), with: built.file)
            let prefix = machine.prefix
            let prepared = try await machine.run(["python", "\(prefix)/prepare.py", "\(prefix)/built.gpkg.tar", cpv])
            #expect(prepared.succeeded, "\(prepared.text)")
            return try await body(machine, built.record)
        }
    }

    private func isInjected(_ output: Output) -> Bool {
        output.succeeded && output.text.contains("already compiled; skipping") && !output.text.contains("gcc")
    }

    @Test(arguments: [("app-demo/memory", "app-demo/memory-1.0"), ("app-demo/oddments", "app-demo/oddments-1.0")])
    func anInjectedPackageIsRecordedLikeALocalOne(_ atom: String, _ cpv: String) async throws {
        let name = String(atom.split(separator: "/")[1])
        try await inject(atom, cpv, test: "record-\(name)") { machine, local in
            let output = try await machine.emerge(["-1", "--buildpkg", atom])
            #expect(isInjected(output), "\(output.text)")
            #expect(!output.text.contains("Pre-stripped"))
            let injected = try await machine.record(of: cpv)
            #expect(injected.fields.keys.sorted() == local.fields.keys.sorted())
            for (name, text) in local.fields { #expect(injected.fields[name] == text, "\(name)") }
            #expect(injected.contents == local.contents)
            for text in try await machine.environments(of: cpv) {
                #expect(!text.contains("___"))
                #expect(!text.contains("PREPARED"))
            }
            // Nothing of ours is left.
            #expect(!Files.exists(machine.path("var/tmp/portmanteau/\(cpv)")))
            #expect(!Files.exists(machine.path("var/tmp/portage/\(cpv)")))
        }
    }

    @Test func variablesOfTheBuildReachPreinstAndPostinst() async throws {
        try await inject("app-demo/memory", "app-demo/memory-1.0", test: "variables") { machine, _ in
            let output = try await machine.emerge(
                ["-1", "app-demo/memory"], environment: ["PORTAGE_DO_NOT_EXPORT_PMS_VARS": "1"])
            #expect(isInjected(output), "\(output.text)")
            #expect(
                try machine.read("usr/share/memory/state")
                    == "one 'two' $three\nfirst\nsecond\nb c\nvalue with blanks\n")
            #expect(try machine.read("var/cache/memory/state") == "one 'two' $three\nvalue with blanks\n")
        }
    }

    @Test func filesOfOthersAndOfAPersonAreProtected() async throws {
        try await inject("app-demo/memory", "app-demo/memory-1.0", test: "protected") { machine, _ in
            try machine.write("usr/bin/memory", "somebody else's\n")
            let refused = try await machine.emerge(
                ["-1", "app-demo/memory"], environment: ["FEATURES": "collision-protect"])
            #expect(!refused.succeeded && refused.text.contains("already compiled; skipping"), "\(refused.text)")
            #expect(refused.text.contains("Detected file collision"), "\(refused.text)")
            #expect(try machine.read("usr/bin/memory") == "somebody else's\n")
            #expect(!(try machine.installedPackages().contains("app-demo/memory-1.0")))

            try Files.removeTree(machine.path("usr/bin/memory"))
            try machine.write("etc/memory.conf", "as a person wants it\n")
            let output = try await machine.emerge(["-1", "app-demo/memory"])
            #expect(isInjected(output), "\(output.text)")
            #expect(try machine.read("etc/memory.conf") == "as a person wants it\n")
            #expect(try machine.read("etc/._cfg0000_memory.conf") == "as it comes\n")
        }
    }

    @Test func aDamagedEnvironmentIsBuiltHere() async throws {
        try await inject("app-demo/hello", "app-demo/hello-1.0", test: "damaged") { machine, _ in
            let environment = "prepared/app-demo/hello-1.0/build-info/environment.bz2"
            try Files.replace(machine.path(environment), with: Array("not bzip2".utf8))
            let output = try await machine.emerge(["-1", "app-demo/hello"])
            #expect(output.succeeded, "\(output.text)")
            #expect(output.text.contains("the builder's environment cannot be used: building here"))
            #expect(output.text.contains("gcc"))
        }
    }

    @Test func aFileBelowEnvThatInstallsIsRespected() async throws {
        try await inject("app-demo/hello", "app-demo/hello-1.0", test: "env") { machine, _ in
            try machine.write(
                "etc/portage/env/app-demo/hello", "src_install() { echo 'own install'; demo-c_src_install; }\n")
            let output = try await machine.emerge(["-1", "app-demo/hello"])
            #expect(output.succeeded, "\(output.text)")
            #expect(output.text.contains("a file below env/ defines src_install: building here"))
            #expect(output.text.contains("own install"))
        }
    }

    @Test func aRestartAfterTheMarkersInstallsTheImage() async throws {
        try await inject("app-demo/memory", "app-demo/memory-1.0", test: "restart") { machine, _ in
            try machine.append("etc/portage/make.conf", "FEATURES=\"${FEATURES} keepwork\"\n")
            let waiting = "pre_src_install() { [[ -e ${EPREFIX}/go-on ]] || { echo at-install; sleep 100; }; }\n"
            try machine.write("etc/portage/bashrc", waiting + (try machine.read("etc/portage/bashrc")))
            let first = try await machine.start(["emerge", "-1", "--quiet-build=n", "app-demo/memory"])
            #expect(await first.waitForLog("at-install", timeout: .seconds(60)), "\(first.log)")
            try await first.stop(grace: .zero)
            try machine.write("go-on", "")
            try Files.removeTree(machine.path("prepared"))
            let second = try await machine.emerge(["-1", "app-demo/memory"])
            #expect(isInjected(second), "\(second.text)")
            #expect(try machine.read("usr/share/memory/state").hasPrefix("one 'two'"))
        }
    }

    @Test func aRestartWithoutTheImageFailsOnceAndThenBuilds() async throws {
        try await inject("app-demo/hello", "app-demo/hello-1.0", test: "lost") { machine, _ in
            try machine.append("etc/portage/make.conf", "FEATURES=\"${FEATURES} keepwork\"\n")
            let losing = "pre_src_install() { rm -rf \"${PORTAGE_TMPDIR}/portmanteau\"; }\n"
            try machine.write("etc/portage/bashrc", losing + (try machine.read("etc/portage/bashrc")))
            let first = try await machine.emerge(["-1", "app-demo/hello"])
            #expect(!first.succeeded)
            #expect(first.text.contains("portmanteau: the staged image is gone"))
            let second = try await machine.emerge(["-1", "app-demo/hello"])
            #expect(second.succeeded, "\(second.text)")
            #expect(second.text.contains("gcc"))
        }
    }
}

/// Packages that a machine without hooks built, each once for all tests.
actor BuiltPackages {
    static let shared = BuiltPackages()

    struct Package: Sendable {
        let record: Record
        let file: [UInt8]
    }

    private var builds: [String: Task<Package, any Error>] = [:]

    func package(_ atom: String, _ cpv: String, bashrc: String) async throws -> Package {
        let key = cpv + bashrc
        if let build = builds[key] { return try await build.value }
        let build = Task {
            try await Testbed.shared().withMachine(
                "inject-builder-\(bashrc.utf8.count)-\(cpv.replacing("/", with: "-"))"
            ) { machine in
                try machine.write("etc/portage/bashrc", bashrc)
                let output = try await machine.emerge(["-1", "--buildpkg", atom])
                #expect(output.succeeded, "\(output.text)")
                let folder = machine.path("var/cache/binpkgs/\(atom)")
                let name = try #require(try Files.list(folder).first)
                return Package(
                    record: try await machine.record(of: cpv), file: try Files.read("\(folder)/\(name)"))
            }
        }
        builds[key] = build
        return try await build.value
    }
}
