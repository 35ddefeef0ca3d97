import ArgumentParser
import Posix
import Testbed

/// A plan of a long list against emerge's own look at binary packages of the same list, in turns; and `binpkg emerge` of
/// packages that are all hits against a plain `emerge --getbinpkg` of the same packages.
struct PlanCost: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "binpkg plan against emerge -pg, and binpkg emerge against emerge --getbinpkg.",
        discussion: "The plan needs the folder that PORTMANTEAU_REAL_TREE names.")

    @Option(help: "Pairs of plans.")
    var pairs = 10

    @Option(help: "Pairs of merges.")
    var merges = 4

    private static let list = ["--with-bdeps=y", "--autounmask=n", "dev-build/cmake", "dev-vcs/git"]
    private static let applications = [WideApplication.atom]

    func run() async throws {
        let testbed = try await Testbed.shared()
        try await testbed.withMachine("bench-plan-service") { builder in
            try await builder.installPortmanteau(enable: false)
            try WideApplication.add(to: builder)
            let service = try await builder.startService(settings: "path = [\"\(testbed.root)/tools\"]\nworkers = 2")
            do {
                try await plans(testbed, service)
                try await emerges(testbed, service, builder)
            } catch {
                try await service.stop()
                throw error
            }
            try await service.stop()
        }
    }

    private func plans(_ testbed: Testbed, _ service: Service) async throws {
        guard let tree = RealTree.folder else {
            print("  plan: not run: no real tree")
            return
        }
        try await testbed.withMachine("bench-plan") { machine in
            try await machine.useRealTree(tree)
            try await machine.installPortmanteau(enable: false)
            try machine.useService(service.url, settings: "")
            let plan = try await checked(machine, ["binpkg", "plan"] + Self.list)
            let packages = plan.output.stdout.split(separator: "\n").dropLast().compactMap {
                $0.hasPrefix(" ") ? nil : $0.split(separator: " ").first.map(String.init)
            }
            print("plan of \(packages.count) packages of ::gentoo, \(pairs) pairs")
            _ = try await checked(machine, ["python3", "-c", Self.index, machine.prefix + "/srv/binhost"] + packages)
            let pretend = ["emerge", "-pqg"] + Self.list
            let binhost = ["PORTAGE_BINHOST": "file://\(machine.prefix)/srv/binhost"]
            _ = try await checked(machine, pretend, binhost)
            var figures: [(first: Double, second: Double)] = []
            for pair in 0..<pairs {
                func own() async throws -> Double {
                    try await checked(machine, ["binpkg", "plan"] + Self.list).seconds
                }
                func theirs() async throws -> Double { try await checked(machine, pretend, binhost).seconds }
                if pair % 2 == 0 {
                    let first = try await own()
                    figures.append((first, try await theirs()))
                } else {
                    let second = try await theirs()
                    figures.append((try await own(), second))
                }
            }
            report("binpkg plan", "emerge -pg", figures)
        }
    }

    private func emerges(_ testbed: Testbed, _ service: Service, _ builder: Machine) async throws {
        try await testbed.withMachine("bench-plan-merge") { machine in
            try await machine.installPortmanteau(enable: false)
            try WideApplication.add(to: machine)
            try machine.useService(service.url, settings: "")
            // The first time the service builds them all, and quickpkg makes what emerge fetches itself.
            _ = try await checked(machine, ["binpkg", "emerge", "-q"] + Self.applications)
            let installed = try machine.installedPackages().filter { $0.contains("-wide/") }
            print("binpkg emerge of \(installed.count) packages, all hits, \(merges) pairs")
            let host = "\(machine.prefix)/srv/own"
            _ = try await checked(
                machine, ["quickpkg", "--include-config=y"] + installed.map { "=" + $0 }, ["PKGDIR": host])
            func clean() async throws {
                _ = try await checked(machine, ["emerge", "-qC"] + installed.map { "=" + $0 })
                try Files.removeTree(machine.path("var/cache/binpkgs"))
                try Files.makeDirectories(machine.path("var/cache/binpkgs"))
            }
            func own() async throws -> Double {
                try await clean()
                return try await checked(machine, ["binpkg", "emerge", "-q"] + Self.applications).seconds
            }
            func theirs() async throws -> Double {
                try await clean()
                return try await checked(
                    machine, ["emerge", "-q", "--getbinpkg"] + Self.applications, ["PORTAGE_BINHOST": "file://\(host)"]
                ).seconds
            }
            var figures: [(first: Double, second: Double)] = []
            for pair in 0..<merges {
                if pair % 2 == 0 {
                    let first = try await own()
                    figures.append((first, try await theirs()))
                } else {
                    let second = try await theirs()
                    figures.append((try await own(), second))
                }
            }
            report("binpkg emerge", "emerge -g", figures)
        }
    }

    private func report(_ own: String, _ theirs: String, _ figures: [(first: Double, second: Double)]) {
        let paired = PairedFigures(pairs: figures)
        row("\(own), median", "\(fixed(median(figures.map(\.first)))) s")
        row("\(theirs), median", "\(fixed(median(figures.map(\.second)))) s")
        row(
            "ratio", fixed(paired.ratio, 3),
            "(95 %: \(fixed(paired.interval.lowerBound, 3)) to \(fixed(paired.interval.upperBound, 3)))")
    }

    private func checked(
        _ machine: Machine, _ command: [String], _ environment: [String: String] = [:]
    ) async throws -> (output: Output, seconds: Double) {
        let output = try await machine.run(command, environment: environment, timeout: .seconds(1800))
        guard output.succeeded else {
            throw ValidationError("\(command.prefix(3).joined(separator: " ")) failed:\n" + output.text.suffix(3000))
        }
        let parts = output.duration.components
        return (output, Double(parts.seconds) + Double(parts.attoseconds) / 1e18)
    }

    /// Writes the index of a binary package host that has these packages.
    private static let index = """
        import os, sys, portage
        from portage.dep import paren_enclose, use_reduce
        place, cpvs = sys.argv[1], sys.argv[2:]
        os.makedirs(place)
        portdb = portage.db[portage.root]["porttree"].dbapi
        settings = portage.config(clone=portage.settings)
        dependencies = ["RDEPEND", "PDEPEND", "IDEPEND", "DEPEND", "BDEPEND"]
        names = dependencies + ["IUSE", "EAPI", "SLOT", "KEYWORDS", "LICENSE", "DEFINED_PHASES", "repository"]
        with open(place + "/Packages", "w") as index:
            index.write("ARCH: amd64\\nPACKAGES: %d\\nTIMESTAMP: 1700000000\\nVERSION: 0\\n\\n" % len(cpvs))
            for cpv in cpvs:
                metadata = dict(zip(names, portdb.aux_get(cpv, names)))
                settings.setcpv(cpv, mydb=metadata)
                use = settings["PORTAGE_USE"].split()
                for name in dependencies:
                    metadata[name] = paren_enclose(use_reduce(metadata[name], uselist=use, eapi=metadata["EAPI"]))
                metadata.update(CPV=cpv, USE=" ".join(use), PATH=cpv + "-1.gpkg.tar", SIZE="1", BUILD_TIME="1")
                metadata["REPO"] = metadata.pop("repository")
                index.write("".join(f"{k}: {v}\\n" for k, v in sorted(metadata.items()) if v) + "\\n")

        """
}
