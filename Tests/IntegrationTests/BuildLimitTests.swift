import Posix
import Testbed
import Testing

/// Builds that want more than they may have: each is contained, the answer says why, and the service goes on.
@Suite(.serialized) struct BuildLimitTests {
    private static let limits = """
        [limits]
        processes = 150
        disk_bytes = 125829120
        memory_files_bytes = 16777216
        [limits.package."app-evil/sleepy"]
        build_seconds = 8
        [limits.package."app-evil/hog"]
        memory_bytes = 314572800

        """

    /// What a hostile package does in its compile phase, and what the answer says.
    private static let hostile: [(name: String, compile: String, sentence: String)] = [
        (
            "forks", #"python3 -c 'while True: __import__("os").fork()' 2> /dev/null || die "no more processes""#,
            "it wanted more than 150 processes at once, which is the limit"
        ),
        (
            "hog", #"python3 -c 'x = b"x" * (1 << 30)' || die "no more memory""#,
            "it wanted more than 300 MiB of memory, which is the limit"
        ),
        (
            "filler",
            #"local i; for i in {1..40}; do dd if=/dev/zero of=f$i bs=1M count=20 status=none || die; done; sleep 100"#,
            "it wrote more than 120 MiB, which is the limit"
        ),
        (
            "stuffer", #"head -c 20M /dev/zero > /tmp/stuff || die "nothing more goes in""#,
            "no space was left: places in memory, as /tmp, hold 16 MiB each"
        ),
        ("sleepy", "sleep 100", "which is the limit for app-evil/sleepy"),
    ]

    /// Makes processes until it is refused one, and goes on with fewer.
    private static let crowd = #"""
        python3 - <<'END' || die
        import os, signal
        children = []
        while True:
            try:
                child = os.fork()
            except OSError:
                break
            if not child:
                signal.pause()
            children.append(child)
        for child in children:
            os.kill(child, signal.SIGKILL)
        for child in children:
            os.waitpid(child, 0)
        print("refused after", len(children))
        END
        """#

    /// Looks for what no build may see or reach. It gives a package only if there is none of it.
    private static func spy(_ state: String, port: Int) -> String {
        #"""
        local place
        for place in "\#(state)" "${EPREFIX}/etc/portmanteau" /root /home /run; do
            [[ -z $(find "${place}" -type f 2> /dev/null) ]] || die "files in ${place} are visible"
        done
        cat /proc/*/environ /proc/*/cmdline 2> /dev/null | grep -qa "[s]ecret-of-the-service" && die "other processes"
        python3 -c 'import socket; socket.create_connection(("127.0.0.1", \#(port)), 5)' 2> /dev/null &&
            die "the service can be reached"
        python3 -c 'import socket; socket.create_connection(("192.0.2.1", 80), 2)' 2> /dev/null && die "the network"
        mkdir -p "${T}/m" || die
        mount -t proc proc "${T}/m" 2> /dev/null && die "mounts can be made"
        mount -t tmpfs tmpfs "${T}/m" 2> /dev/null && die "mounts can be made"
        ( : > /dev/file ) 2> /dev/null && die "files can be made in /dev"
        mknod "${T}/disk" b 254 0 2> /dev/null && die "devices can be made"
        nsenter --mount=/proc/1/ns/mnt true 2> /dev/null && die "another namespace can be entered"
        :
        """#
    }

    private func ebuild(_ compile: String) -> String {
        """
        EAPI=8
        DESCRIPTION="Wants too much"
        SLOT="0"
        KEYWORDS="amd64 arm64"
        S=${WORKDIR}
        src_compile() {
        \(compile)
        }
        src_install() { insinto /usr/share/evil; newins - ${PN} <<< done; }

        """
    }

    @Test func whatWantsTooMuchIsStopped() async throws {
        let testbed = try await Testbed.shared()
        try await testbed.withMachine("limit-service") { server in
            try await server.installPortmanteau(enable: false)
            try await testbed.withMachine("limit-desk") { desk in
                try await desk.installPortmanteau(enable: false)
                try desk.addOwnRepository(categories: ["app-evil"])
                try server.write("etc/portmanteau/signing.key", "secret-of-the-service\n", mode: 0o600)
                let service = try await server.startService(settings: Self.limits)
                do {
                    let client = ServiceClient(machine: desk, url: service.url)
                    for package in Self.hostile {
                        try desk.write(
                            "repo/app-evil/\(package.name)/\(package.name)-1.ebuild", ebuild(package.compile))
                        let reply = try await client.ask("app-evil/\(package.name)-1")
                        #expect(reply.value("state") == "failed", "\(package.name): \(reply.text)")
                        #expect(reply.value("message")?.contains(package.sentence) == true, "\(reply.text)")
                    }
                    try desk.write("repo/app-evil/crowd/crowd-1.ebuild", ebuild(Self.crowd))
                    let crowd = try await client.ask("app-evil/crowd-1")
                    #expect(crowd.value("state") == "ready", "\(crowd.text)")
                    let state = server.prefix + "/var/lib/portmanteau/binpkgd"
                    try desk.write("repo/app-evil/spy/spy-1.ebuild", ebuild(Self.spy(state, port: service.port)))
                    let reply = try await client.ask("app-evil/spy-1")
                    #expect(reply.value("state") == "ready", "\(reply.text)")
                    // What cannot run here is not begun.
                    let configuration = try desk.read("etc/portage/make.conf")
                    try desk.write(
                        "repo/app-evil/swift/swift-1.ebuild", ebuild(":") + "IUSE=\"cpu_flags_x86_nosuch\"\n")
                    for (line, cpv, words) in [
                        ("CFLAGS=\"-O2 -march=nosuchcpu\"", "app-demo/hello-1.0", "-march=nosuchcpu"),
                        ("RUSTFLAGS=\"-C target-cpu=nosuchcpu\"", "app-demo/hello-1.0", "target-cpu=nosuchcpu"),
                        ("CPU_FLAGS_X86=\"nosuch\"", "app-evil/swift-1", "USE=cpu_flags_x86_nosuch: it has no nosuch"),
                    ] {
                        try desk.write("etc/portage/make.conf", configuration + "\n\(line)\n")
                        let foreign = try await client.ask(cpv)
                        #expect(foreign.value("state") == "declined", "\(foreign.text)")
                        #expect(foreign.value("message")?.contains(words) == true, "\(foreign.text)")
                    }
                    try desk.write("etc/portage/make.conf", configuration + "\nCFLAGS=\"-O2\"\n")
                    let good = try await client.ask("app-demo/hello-1.0")
                    #expect(good.value("state") == "ready", "\(good.text)")
                } catch {
                    try await service.stop()
                    throw error
                }
                #expect(try await service.stop() == 0, "\(service.process.log)")
                #expect(try Files.list(server.path("var/lib/portmanteau/binpkgd/builds")) == [])
            }
        }
    }

    @Test func anEnvironmentThatWantsTooMuchIsNotMade() async throws {
        try await Testbed.shared().withMachine("limit-environment") { machine in
            try await machine.installPortmanteau(enable: false)
            try machine.addOwnRepository(categories: ["app-evil"])
            try machine.write(
                "etc/portmanteau/binpkgd.toml",
                "state = \"\(machine.prefix)/var/lib/portmanteau/binpkgd\"\n\(Self.limits)")
            for package in Self.hostile where ["forks", "filler"].contains(package.name) {
                try machine.write("repo/app-evil/\(package.name)/\(package.name)-1.ebuild", ebuild(package.compile))
                let output = try await machine.run(
                    [machine.prefix + "/usr/bin/binpkgd", "environment", "create", "host", "app-evil/\(package.name)"],
                    timeout: .seconds(300))
                #expect(!output.succeeded && output.stderr.contains(package.sentence), "\(output.text)")
                #expect(try Files.list(machine.path("var/lib/portmanteau/binpkgd/layers")) == [])
            }
        }
    }
}
