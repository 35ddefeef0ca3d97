import ArgumentParser
import BinpkgModel
import BinpkgService
import BuildEnvironments
import PortageAPI
import Posix
import Testbed

/// What one more package costs in a public binhost of many, beside Portage's own way.
struct BinhostCost: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "binhost", abstract: "One more package in a binhost of many, beside emaint binhost --fix.")

    @Option(help: "How many packages.")
    var packages = 20_000

    @Option(help: "How many are added, one after the other, for each form of the index.")
    var additions = 9

    func run() async throws {
        let testbed = try await Testbed.shared()
        try await testbed.withMachine("bench-binhost") { machine in
            _ = try await seconds(of: machine, ["--buildpkgonly", "--oneshot", "app-demo/hello"])
            let directory = "var/cache/binpkgs/app-demo/hello"
            let name = try Files.list(machine.path(directory)).first { $0.hasSuffix(".gpkg.tar") } ?? ""
            let package = "\(directory)/\(name)"
            let made = try await makePackages(machine, package)
            let scratch = try ScratchDirectory()
            try await machine.withPortage { portage in
                let trial = try await BinhostTrial(
                    directory: scratch.path, publisher: MachinePublisher(portage: portage))
                try await trial.fill(
                    packages, category: "app-demo", size: made.size, modified: made.modified)
                // Portage begins with the same index, and with all of the files but the one that is new.
                try Files.replace(
                    machine.path("var/cache/binpkgs/Packages"),
                    with: try Files.read(try await trial.index(compressed: false), limit: 1 << 30))
            }
            let own = try await machine.withPortage { portage in
                try await add("\(machine.prefix)/\(package)", scratch.path, MachinePublisher(portage: portage))
            }
            let fix = try await fix(machine)
            row("emaint binhost --fix there", fixed(fix, 2) + " s")
            row("one more, as a share of that", "1/\(fixed(fix / own, 0))", "goal: 1/20 at most")
        }
    }

    /// The median of the seconds of each addition until a client can fetch the index.
    private func add(_ file: String, _ directory: String, _ publisher: MachinePublisher) async throws -> Double {
        let trial = try await BinhostTrial(directory: directory, publisher: publisher)
        func add(_ number: Int, _ isCompressed: Bool) async throws -> Double {
            try await trial.add(file, cpv: "app-demo/hello-1.0", number: number, compressed: isCompressed)
        }
        let first = try await add(0, true)
        var (compressed, plain): ([Double], [Double]) = ([], [])
        for number in 1...max(1, additions) {
            compressed.append(try await add(number * 2, true))
            plain.append(try await add(number * 2 + 1, false))
        }
        print("binhost of \(packages) packages")
        row(
            "one more, until Packages.gz can be fetched, median", fixed(median(compressed) * 1000, 1) + " ms",
            "goal: 100 ms at most")
        row("slowest of \(compressed.count)", fixed((compressed.max() ?? 0) * 1000, 1) + " ms")
        row("one more, until Packages can be fetched, median", fixed(median(plain) * 1000, 1) + " ms")
        row("the first one", fixed(first * 1000, 1) + " ms")
        return median(compressed)
    }

    /// Makes valid packages of other names out of one, each with metadata of its own. Returns the size and the time of each.
    private func makePackages(_ machine: Machine, _ package: String) async throws -> (size: Int, modified: Int) {
        let script = """
            import gzip, hashlib, io, os, sys, tarfile
            import portage, portage.gpkg

            source, count, time = sys.argv[1], int(sys.argv[2]), 1700000000
            metadata = portage.gpkg.gpkg(portage.settings, None, source).get_metadata()
            with tarfile.open(source) as package:
                parts = {os.path.basename(m.name): package.extractfile(m).read() for m in package.getmembers()}
            image = next(name for name in parts if name.startswith("image.tar"))
            manifest = [line for line in parts["Manifest"].decode().splitlines() if " metadata.tar" not in line]

            def add(archive, name, data):
                member = tarfile.TarInfo(name)
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))

            sizes = set()
            for n in range(count):
                pf, directory = f"p{n}-1.0", f"app-demo/p{n}"
                inner = io.BytesIO()
                with tarfile.open(fileobj=inner, mode="w") as archive:
                    for name, value in metadata.items():
                        value = {"PF": pf + "\\n", "CATEGORY": "app-demo\\n", "BUILD_ID": "1\\n"}.get(name, value)
                        add(archive, "metadata/" + name, value if isinstance(value, bytes) else value.encode())
                own = gzip.compress(inner.getvalue(), 0, mtime=0)
                hashes = f"BLAKE2B {hashlib.blake2b(own).hexdigest()} SHA512 {hashlib.sha512(own).hexdigest()}"
                lines = manifest + [f"DATA metadata.tar.gz {len(own)} {hashes}"]
                os.makedirs(directory, exist_ok=True)
                path = f"{directory}/{pf}-1.gpkg.tar"
                with tarfile.open(path, "w") as archive:
                    for name, data in [("gpkg-1", parts["gpkg-1"]), ("metadata.tar.gz", own), (image, parts[image]),
                                       ("Manifest", "".join(line + "\\n" for line in lines).encode())]:
                        add(archive, f"{pf}-1/{name}", data)
                os.utime(path, (time, time))
                sizes.add(os.stat(path).st_size)
            print(time, *sizes)
            """
        let output = try await machine.run(
            [
                "bash", "-c", "cd \"$1/var/cache/binpkgs\" && exec python3 -c \"$2\" \"$1/$3\" \"$4\"", "make",
                machine.prefix, script, package, "\(packages)",
            ], timeout: .seconds(3000))
        let words = output.stdout.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
        guard output.succeeded, words.count == 2 else { throw ValidationError("the packages: " + output.text) }
        return (words[1], words[0])
    }

    /// Seconds of emaint in a PKGDIR with as many packages, of which one is new.
    private func fix(_ machine: Machine) async throws -> Double {
        let script = """
            set -euo pipefail
            cd "$1/var/cache/binpkgs"
            start=$EPOCHREALTIME
            emaint binhost --fix > /dev/null
            echo "$start $EPOCHREALTIME"
            grep -c '^CPV: ' Packages
            grep -q '^CPV: app-demo/hello-1.0$' Packages
            """
        let output = try await machine.run(
            ["bash", "-c", script, "fix", machine.prefix], timeout: .seconds(6 * 3600))
        let words = output.stdout.split(whereSeparator: \.isWhitespace).suffix(3).compactMap { Double($0) }
        guard output.succeeded, words.count == 3, words[2] == Double(packages + 1) else {
            throw ValidationError("emaint: " + output.text.suffix(3000))
        }
        return words[1] - words[0]
    }
}

/// What the service asks of Portage for an index, of the Portage of a machine of the testbed.
private struct MachinePublisher: PackagePublisher {
    let portage: PortageAPI

    func differences(_ request: BuildRequest, from own: OwnConfiguration) async throws(BuildError) -> [String] { [] }

    func header() async throws(BuildError) -> [String] {
        try await ask { portage async throws(PortageError) in try await portage.binhostHeader() }
    }

    func entry(_ file: String, cpv: String, place: String, buildID: Int) async throws(BuildError) -> String {
        try await ask { portage async throws(PortageError) in
            try await portage.binhostEntry(file, cpv: cpv, place: place, buildID: buildID)
        }
    }

    func compressed(_ text: String) async throws(BuildError) -> [UInt8] {
        try await ask { portage async throws(PortageError) in try await portage.compressed(text) }
    }

    func sign(_ file: String, home: String, key: String) async throws(BuildError) {}
    func close() async {}

    private func ask<Value: Sendable>(
        _ body: (PortageAPI) async throws(PortageError) -> Value
    ) async throws(BuildError) -> Value {
        do throws(PortageError) {
            return try await body(portage)
        } catch {
            throw .failed(reason: "\(error)")
        }
    }
}
