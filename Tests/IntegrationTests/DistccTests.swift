import Posix
import Testbed
import Testing

/// distcc-guard with real distcc programs.
@Suite struct DistccTests {
    /// A compiler that refuses what comes with -fno-ident, on both sides; it preprocesses everything.
    private static func refusing(_ how: String) -> String {
        "case \"$*\" in *-E*) ;; *-fno-ident*) \(how) ;; esac; exec /usr/bin/gcc \"$@\""
    }

    /// Compiles `slow.c`, which a slow compiler refuses on both sides, and good sources until it has ended, at least 50.
    private static let slowBesideGood = """
        gcc -fno-ident -c slow.c 2>/dev/null & slow=$!
        count=0
        while kill -0 $slow 2>/dev/null || ((count < 50)); do
            count=$((count + 1))
            echo "int f$count(void) { return $count; }" > good$count.c
            gcc -c good$count.c || exit
        done
        wait $slow; [[ $? == 1 ]] && echo $count
        """
    @Test func aSlowFailingCompileSendsNoGoodOneAway() async throws {
        func distributed(_ way: DistccBench.Way) async throws -> (all: Int, sent: Int) {
            try await DistccBench.with { bench in
                try bench.compiler("compilers", Self.refusing("sleep 2; echo refused >&2; exit 1"))
                try bench.write("slow.c", "int slow;\n")
                return try await Distccd.with(bench, compilers: "compilers") { server async throws in
                    let result = try await bench.run(Self.slowBesideGood, bench.variables(way, hosts: server.host))
                    let count = try #require(Int(result.output.split(separator: "\n").last ?? ""), "\(result.errors)")
                    #expect(try await server.sources("COMPILE_ERROR", atLeast: 1) == ["slow.c"])
                    if way == .guarded { #expect(result.errors.isEmpty) }
                    let wanted = way == .guarded ? count : 0
                    return (count, try await server.sources(atLeast: wanted).filter { $0.hasPrefix("good") }.count)
                }
            }
        }
        let guarded = try await distributed(.guarded)
        #expect(guarded.all >= 50)
        #expect(guarded.sent == guarded.all)
    }

    @Test func thereIsNoMarkWhileNothingIsDecided() async throws {
        let script = """
            gcc -fno-ident -c slow.c 2>/dev/null & slow=$!
            while kill -0 $slow 2>/dev/null; do
                [[ -e $DISTCC_DIR/lock/$1 ]] && echo marked
                sleep 0.02
            done
            """
        func isMarked(_ way: DistccBench.Way) async throws -> Bool {
            try await DistccBench.with { bench in
                try bench.compiler("compilers", Self.refusing("sleep 1; exit 1"))
                try bench.write("slow.c", "int slow;\n")
                return try await Distccd.with(bench, compilers: "compilers") { server async throws in
                    let mark = "set -- backoff_tcp_127.0.0.1_\(server.port)_0\n"
                    return try await bench.run(mark + script, bench.variables(way, hosts: server.host)).output != ""
                }
            }
        }
        #expect(try await !isMarked(.guarded))
        // distcc alone marks for as long as it compiles again.
        #expect(try await isMarked(.distcc))
    }

    @Test func aWrongServerIsMarkedAndSaid() async throws {
        try await DistccBench.with { bench in
            try bench.compiler("wrong", "echo wrong >&2; exit 3")
            try bench.write("a.c", "int a;\n")
            try bench.write("bad.c", "int a(void) { return b; }\n")
            try await Distccd.with(bench, compilers: "wrong") { server async throws in
                let variables = bench.variables(.guarded, hosts: server.host)
                // What this machine refuses as well is no reason.
                let refused = try await bench.run("gcc -c bad.c", variables)
                #expect(refused.code == 1)
                #expect(!refused.errors.contains("distcc-guard"))
                #expect(bench.marks.isEmpty)

                let first = try await bench.run("gcc -c a.c -o a.o && gcc -c a.c -o b.o && nm a.o b.o", variables)
                #expect(first.code == 0)
                #expect(
                    first.errors == "distcc-guard: a.c: \(server.host) ended with code 3, this machine with code 0; "
                        + "the server is not used for 60 s\n")
                #expect(bench.marks == ["backoff_tcp_127.0.0.1_\(server.port)_0"])
                #expect(try await server.sources("COMPILE_ERROR", atLeast: 2) == ["bad.c", "a.c"])

                let status = try await bench.run("\(DistccBench.program) status --json", variables)
                #expect(status.code == 1)
                #expect(status.output.contains("\"host\":\"\(server.host)\",\"mark\":\"\(bench.marks.joined())\""))
                let text = try await bench.run("\(DistccBench.program) status", variables)
                #expect(text.output.contains("  \(server.host): not used for "))
            }
        }
    }

    @Test func withoutAPeriodAWrongServerIsOnlySaid() async throws {
        try await DistccBench.with { bench in
            try bench.compiler("wrong", "exit 1")
            try bench.write("a.c", "int a;\n")
            try await Distccd.with(bench, compilers: "wrong") { server async throws in
                let variables = bench.variables(.guarded, hosts: server.host, more: ["DISTCC_BACKOFF_PERIOD": "0"])
                let result = try await bench.run("gcc -c a.c && nm a.o", variables)
                #expect(result.code == 0)
                #expect(result.errors.contains("so the server is used on\n"))
                #expect(bench.marks.isEmpty)
            }
        }
    }

    @Test func standardErrorIsThatOfTheCompiler() async throws {
        try await DistccBench.with { bench in
            try bench.write("bad.c", "#include <stdio.h>\nint f(void) { return undeclared; }\n")
            try bench.write("missing.c", "#include <not-there.h>\n")
            try bench.write("warn.c", "#include <stdio.h>\nint f(void) { int x; printf(\"%s\\n\", 3); }\n")
            try bench.write("plain.c", "int f(void) { int x; }\n")
            try bench.write("a b.c", "const char *s = TEXT;\n")
            let own = ["DISTCC_GUARD_WARNINGS": "local"]
            let cases: [(script: String, more: [String: String])] = [
                ("gcc -c bad.c", [:]), ("gcc -c missing.c", [:]), ("gcc -Wall -Werror -c warn.c", [:]),
                ("gcc -Wall -c warn.c", own), ("gcc -Wall -fno-diagnostics-show-caret -c plain.c", [:]),
                ("gcc -c 'a b.c' '-DTEXT=\"x  y\"' -o out.o && strings out.o | grep 'x  y'", [:]),
                ("gcc -c nothing.c", [:]), ("gcc -c -fno-such-option plain.c", [:]), ("gcc plain.o -o x", [:]),
                ("gcc --version", [:]), ("gcc", [:]), ("echo 'int f(void) { return y; }' | gcc -x c -c - -o o.o", [:]),
                ("gcc -E bad.c | tail -n 1", [:]), ("gcc -c conftest.c", [:]),
                ("gcc -MD -MF x.d -c plain.c; cat x.d", [:]),
                ("printf 'int g;' > $'\\xff.c'; gcc -Wall -c $'\\xff.c' -o f.o && nm f.o", [:]),
                ("gcc -c plain.c <&-", [:]), ("rm -f bad.o; gcc -c bad.c; ls bad.o", [:]),
            ]
            try await Distccd.with(bench, compilers: "compilers") { server async throws in
                for (script, more) in cases {
                    let plain = try await bench.run(script, bench.variables(.plain, hosts: "", more: more))
                    let guarded = try await bench.run(
                        script, bench.variables(.guarded, hosts: server.host, more: more))
                    #expect(guarded.code == plain.code, "\(script)")
                    #expect(guarded.output == plain.output, "\(script)")
                    #expect(guarded.errors == plain.errors, "\(script)")
                }
                #expect(try await server.sources(atLeast: 5).contains("plain.c"))
                #expect(try await server.sources("COMPILE_ERROR", atLeast: 1).contains("bad.c"))
                #expect(bench.marks.isEmpty)
            }
        }
    }

    @Test func aServerThatIsDownCostsNoWord() async throws {
        try await DistccBench.with { bench in
            try bench.write("a.c", "int a;\n")
            let host = "127.0.0.1:\(try DistccBench.freePort())"
            for more in [[:], ["DISTCC_BACKOFF_PERIOD": "0"]] {
                let variables = bench.variables(.guarded, hosts: host, more: more)
                let result = try await bench.run("gcc -c a.c && nm a.o && rm a.o", variables)
                #expect(result.code == 0)
                #expect(result.errors.isEmpty)
            }
            #expect(bench.marks.count == 1)
        }
    }

    @Test func aFullDiskForTheMarksStopsNoCompile() async throws {
        try await DistccBench.with { bench in
            try bench.compiler("wrong", "echo wrong >&2; exit 3")
            try bench.write("a.c", "int a;\n")
            try await Distccd.with(bench, compilers: "wrong") { server async throws in
                let variables = bench.variables(.guarded, hosts: server.host)
                // Without room for a byte a mark is still a file; without room for a file it is said that there is none.
                for (limit, end) in [
                    ("size=64k", "the server is not used for 60 s"), ("nr_inodes=2", "No space left on device"),
                ] {
                    let result = try await bench.run(
                        """
                        unshare -m sh -c '
                            mount -t tmpfs -o \(limit),mode=777 full "$DISTCC_DIR" && mkdir "$DISTCC_DIR/lock" 2>/dev/null
                            { cat /dev/zero >"$DISTCC_DIR/lock/filler"; } 2>/dev/null
                            gcc -c a.c && nm a.o && rm a.o && ls "$DISTCC_DIR/lock"'
                        """, variables)
                    #expect(result.code == 0, "\(limit): \(result.errors)")
                    let lines = result.errors.split(separator: "\n")
                    #expect(
                        lines.count <= 1 && lines.allSatisfy { $0.hasPrefix("distcc-guard: a.c: ") }, "\(result.errors)"
                    )
                    #expect(lines.allSatisfy { $0.hasSuffix(end) }, "\(limit): \(result.errors)")
                }
                // A directory that cannot be made at all.
                let closed = try await bench.run(
                    "DISTCC_DIR=/dev/null/x gcc -c a.c && nm a.o", bench.variables(.guarded, hosts: server.host))
                #expect(closed.code == 0, "\(closed.errors)")
            }
        }
    }

    @Test func aCompilerThatCrashesOnBothSidesLeavesNoMark() async throws {
        func marks(_ way: DistccBench.Way) async throws -> Int {
            try await DistccBench.with { bench in
                try bench.compiler("compilers", Self.refusing("kill -SEGV $$"))
                try bench.write("crash.c", "int a;\n")
                return try await Distccd.with(bench, compilers: "compilers") { server async throws in
                    let result = try await bench.run(
                        "ulimit -c 0; gcc -fno-ident -c crash.c", bench.variables(way, hosts: server.host))
                    #expect(result.code == 139)
                    #expect(try await server.sources("COMPILE_ERROR", atLeast: 1) == ["crash.c"])
                    return bench.marks.count
                }
            }
        }
        #expect(try await marks(.guarded) == 0)
        #expect(try await marks(.distcc) == 1)
    }

    @Test func withoutDistccTheCompilerRuns() async throws {
        try await DistccBench.with { bench in
            try bench.write("a.c", "int f(void) { return b; }\n")
            try Files.removeTree(bench.folder + "/distcc")
            try Files.removeTree(bench.folder + "/front")
            // /usr/bin has distcc here: a PATH of our own, with a compiler and nothing else.
            var guarded = bench.variables(.guarded, hosts: "h")
            var plain = bench.variables(.plain, hosts: "h")
            guarded["PATH"] = "\(bench.folder)/masquerade:\(bench.folder)/compilers"
            plain["PATH"] = "\(bench.folder)/compilers"
            let expected = try await bench.run("gcc -c a.c", plain)
            for script in ["gcc -c a.c", "\(DistccBench.program) gcc -c a.c", "\(bench.folder)/masquerade/gcc -c a.c"] {
                let result = try await bench.run(script, guarded)
                #expect(result.code == expected.code)
                #expect(result.errors == expected.errors)
            }
            guarded["PATH"] = bench.folder + "/masquerade"
            let none = try await bench.run("gcc -c a.c", guarded)
            #expect(none.code == 127)
            #expect(none.errors == "distcc-guard: gcc: not found in PATH\n")
        }
    }

    @Test func itNeverCallsItself() async throws {
        try await DistccBench.with { bench in
            try bench.write("a.c", "int a;\n")
            try await Distccd.with(bench, compilers: "compilers") { server async throws in
                var variables = bench.variables(.guarded, hosts: server.host)
                let here = bench.folder
                // Behind distcc, twice in PATH, as an explicit compiler, with distcc named.
                for path in ["distcc:masquerade", "masquerade:distcc:masquerade", "masquerade:front"] {
                    variables["PATH"] =
                        path.split(separator: ":").map { "\(here)/\($0):" }.joined() + "\(here)/compilers:/usr/bin:/bin"
                    for call in [
                        "gcc", "\(here)/masquerade/gcc", "\(DistccBench.program) gcc",
                        "\(DistccBench.program) distcc gcc",
                        "\(DistccBench.program) \(here)/masquerade/gcc", "\(DistccBench.program) /usr/bin/gcc",
                    ] {
                        let result = try await bench.run("\(call) -c a.c && nm a.o && rm a.o", variables)
                        #expect(result.code == 0, "\(path): \(call): \(result.errors)")
                        #expect(!result.errors.contains("recursi"), "\(path): \(call): \(result.errors)")
                    }
                }
            }
        }
    }

    @Test func whoForbidsRepeatingIsObeyed() async throws {
        try await DistccBench.with { bench in
            try bench.compiler("wrong", "exit 3")
            try bench.write("a.c", "int a;\n")
            try await Distccd.with(bench, compilers: "wrong") { server async throws in
                let variables = bench.variables(.guarded, hosts: server.host, more: ["DISTCC_FALLBACK": "0"])
                let result = try await bench.run("gcc -c a.c", variables)
                #expect(result.code == 3)
                #expect(bench.marks.isEmpty)
            }
        }
    }

    @Test func aTermSignalEndsTheCompilerToo() async throws {
        try await DistccBench.with { bench in
            try bench.compiler("compilers", Self.refusing("echo $$ >compiler.pid; exec sleep 60"))
            try bench.write("a.c", "int a;\n")
            let host = "127.0.0.1:\(try DistccBench.freePort())"
            let script = """
                gcc -fno-ident -c a.c & guard=$!
                until [[ -s compiler.pid ]] && kill -0 $(<compiler.pid); do sleep 0.05; done
                sleep 0.2; kill $guard; wait $guard; echo $?; kill -0 $(<compiler.pid) 2>/dev/null && echo alive
                """
            let result = try await bench.run(script, bench.variables(.guarded, hosts: host))
            #expect(result.output == "143\n")
        }
    }

    @Test func anEmergeGoesThroughIt() async throws {
        try await DistccBench.with { bench in
            try await Distccd.with(bench, compilers: "compilers") { server async throws in
                try await Testbed.shared().withMachine("distcc") { machine in
                    try await machine.installPortmanteau()
                    let chost = try await machine.run(["portageq", "envvar", "CHOST"]).stdout
                        .split(separator: "\n").joined()
                    let compiler = chost + "-gcc"
                    _ = try await bench.run(
                        "ln -s gcc \(bench.folder)/compilers/\(compiler)", ["PATH": "/usr/bin:/bin"])
                    let link = try await machine.run([
                        "bash", "-c", "mkdir -p \"$1\" && ln -s /usr/bin/distcc \"$1/$2\"", "bash",
                        machine.prefix + "/usr/lib/distcc", compiler,
                    ])
                    #expect(link.succeeded, "\(link.text)")
                    // Debian's distcc has no way through Portage's network sandbox, Gentoo's has.
                    try machine.append(
                        "etc/portage/make.conf",
                        "FEATURES=\"${FEATURES} distcc -network-sandbox\"\nDISTCC_HOSTS=\"\(server.host)\"\n")
                    let good = try await machine.emerge(["-1", "app-demo/hello"])
                    #expect(good.succeeded, "\(good.text)")
                    #expect(try await server.sources(atLeast: 1).contains("hello.c"))
                    let saved = try await machine.environments(of: "app-demo/hello-1.0")
                    #expect(saved.allSatisfy { !$0.contains("___pm") && !$0.contains("masquerade") })

                    // distcc would leave its own remarks about a compile error.
                    let bad = try await machine.emerge(["-1", "app-demo/broken"])
                    #expect(!bad.succeeded)
                    #expect(bad.text.contains("never_declared"))
                    #expect(!bad.text.contains("distcc["), "\(bad.text)")
                    #expect(try await server.sources("COMPILE_ERROR", atLeast: 1) == ["broken.c"])
                    let marks = try Files.list(machine.path("var/tmp/portage/.distcc/lock"))
                    #expect(!marks.contains { $0.hasPrefix("backoff_") })

                    try machine.append("etc/portage/make.conf", "DISTCC_GUARD=\"off\"\n")
                    let without = try await machine.emerge(["-1", "app-demo/broken"])
                    #expect(without.text.contains("distcc["), "\(without.text)")
                }
            }
        }
    }
}
