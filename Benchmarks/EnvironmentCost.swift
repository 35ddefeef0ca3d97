import ArgumentParser
import Testbed

/// What environments cost: entering a kept one, what the service does beside emerge, and a root that is read over sftp.
struct EnvironmentCost: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "environments", abstract: "Kept environments, the service beside emerge, and a target's root.")

    @Option(help: "Measurements of each.")
    var rounds = 5

    @Option(help: "Files of the package that is compiled on a target's root; each takes about half a second.")
    var files = 40

    @Option(help: "Also a target that answers after so many milliseconds; 0: none.")
    var distance = 50

    @Option(help: "Seconds after which a build on that target is given up.")
    var distanceSeconds = 900

    /// A request that was given up.
    private struct TookTooLong: Error {}

    func run() async throws {
        print("environments, \(rounds) rounds")
        let testbed = try await Testbed.shared()
        try await testbed.withMachine("bench-env-service") { server in
            try await server.installPortmanteau(enable: false)
            try await testbed.withMachine("bench-env-desk") { desk in
                try await desk.installPortmanteau(enable: false)
                try await kept(server)
                try await overhead(server, desk)
                try await target(server, desk)
            }
        }
    }

    /// A new environment over a layer: directories, mounts, namespaces, and the start of a program in it.
    private func kept(_ server: Machine) async throws {
        let binpkgd = server.prefix + "/usr/bin/binpkgd"
        try server.write(
            "etc/portmanteau/binpkgd.toml", "state = \"\(server.prefix)/var/lib/portmanteau/binpkgd\"\n")
        let made = try await server.run([binpkgd, "environment", "create", "host", "lib-demo/alpha"])
        let id = made.stdout.split(separator: "\n").last.map(String.init) ?? ""
        guard made.succeeded else { throw ValidationError("no environment: \(made.text)") }
        var figures: [Double] = []
        for _ in 0..<rounds {
            let output = try await server.run([binpkgd, "environment", "enter", "--time", id, "true"])
            guard output.succeeded, let seconds = Double(output.stdout.split(separator: "\n").last ?? "") else {
                throw ValidationError("cannot enter: \(output.text)")
            }
            figures.append(seconds)
        }
        row("new environment from a layer, median", "\(fixed(median(figures), 3)) s", "(at most 0.3)")
    }

    /// Asks for a package and reads in the log how long all of it took, and emerge alone.
    private func ask(
        _ package: String, mark: Int, _ desk: Machine, _ service: Service, limit: Int = 1800
    ) async throws -> (Double, Double) {
        try desk.append("etc/portage/make.conf", "\nCPPFLAGS=\"-DMARK=\(mark)\"\n")
        let output = try await desk.run(
            [desk.prefix + "/usr/bin/binpkg", "request", "--log", "--service", service.url, package],
            timeout: .seconds(limit))
        if output.timedOut { throw TookTooLong() }
        let words = output.text.split(separator: "\n").last { $0.contains("== built in ") }?.split(separator: " ") ?? []
        let numbers = words.compactMap { Double($0) }
        guard output.succeeded, numbers.count == 2 else { throw ValidationError("not built: \(output.text)") }
        return (numbers[0], numbers[1])
    }

    private func overhead(_ server: Machine, _ desk: Machine) async throws {
        let service = try await server.startService()
        var figures: [Double] = []
        do {
            for mark in 0...rounds {
                let (all, emerge) = try await ask("app-demo/hello", mark: mark, desk, service)
                // The first one learns what the root is.
                if mark > 0 { figures.append(all - emerge) }
            }
        } catch {
            try await service.stop()
            throw error
        }
        try await service.stop()
        row("service beside emerge, small C package, median", "\(fixed(median(figures))) s", "(at most 2)")
    }

    private func target(_ server: Machine, _ desk: Machine) async throws {
        let ebuild = """
            EAPI=8
            DESCRIPTION="Compiles for a while"
            SLOT="0"
            KEYWORDS="amd64 arm64"
            S=${WORKDIR}
            src_compile() {
                local i j
                for ((i = 0; i < \(files); i++)); do
                    {
                        printf '#include <%s.h>\\n' stdio stdlib string math time unistd errno signal
                        for ((j = 0; j < 250; j++)); do
                            echo "double f${i}_$j(double x) { for (int k = 0; k < $j; k++) x += sin(x) * k; return x; }"
                        done
                    } > file$i.c
                    ${CC:-gcc} ${CPPFLAGS} -O2 -c file$i.c || die
                done
            }
            src_install() { insinto /usr/share/slow; doins file0.o; }

            """
        try desk.write("repo/profiles/repo_name", "mine\n")
        try desk.write("repo/profiles/categories", "app-bench\n")
        try desk.write("repo/metadata/layout.conf", "masters = gentoo\nthin-manifests = true\n")
        try desk.write("repo/app-bench/slow/slow-1.ebuild", ebuild)
        try desk.write("etc/portage/repos.conf/mine.conf", "[mine]\nlocation = \(desk.prefix)/repo\n")
        let ssh = try await desk.startSSHServer()
        let service = try await server.startService(settings: try server.targetEnvironment("desk", ssh))
        do {
            let (cold, _) = try await ask("app-bench/slow", mark: 1000, desk, service)
            var pairs: [(first: Double, second: Double)] = []
            for round in 1...max(1, rounds / 2) {
                let native = try await seconds(of: desk, ["-q", "--buildpkgonly", "--oneshot", "app-bench/slow"])
                let (warm, _) = try await ask("app-bench/slow", mark: 1000 + round, desk, service)
                pairs.append((first: warm, second: native))
            }
            row("target's root: cold", "\(fixed(cold)) s")
            row("target's root: warm, median", "\(fixed(median(pairs.map(\.first)))) s")
            row("native, median", "\(fixed(median(pairs.map(\.second)))) s")
            row("ratio warm/native", fixed(PairedFigures(pairs: pairs).ratio), "(at most 1.3)")
        } catch {
            try await service.stop()
            try await ssh.stop()
            throw error
        }
        try await service.stop()
        if distance > 0 { try await distant(server, desk, ssh) }
        try await ssh.stop()
    }

    /// The same root, read over a link on which every answer takes its time. What is read there, is read mostly one after
    /// the other, by thousands of questions: the first build can take longer than anybody waits for it.
    private func distant(_ server: Machine, _ desk: Machine, _ ssh: SSHServer) async throws {
        let link = try await DistantLink(to: ssh.port, milliseconds: distance)
        let service = try await server.startService(
            settings: try server.targetEnvironment("desk", ssh.reached(through: link.port)))
        do {
            for (number, name) in ["cold", "warm"].enumerated() {
                let text: String
                do {
                    let (all, _) = try await ask(
                        "app-demo/hello", mark: 2000 + number, desk, service, limit: distanceSeconds)
                    text = "\(fixed(all)) s"
                } catch is TookTooLong {
                    text = "more than \(distanceSeconds) s"
                }
                row("target \(distance) ms away, small C package: \(name)", text)
                if text.hasPrefix("more") { break }
            }
        } catch {
            try await service.stop()
            throw error
        }
        try await service.stop()
        try await link.close()
    }
}
