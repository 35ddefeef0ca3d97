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
        commandName: "binhost", abstract: "One more package in a binhost of 20,000, beside emaint binhost --fix.")

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
            guard let status = Files.status(machine.path(package)) else {
                throw ValidationError("emerge made no package")
            }
            let scratch = try ScratchDirectory()
            try await machine.withPortage { portage in
                let trial = try await BinhostTrial(
                    directory: scratch.path, publisher: MachinePublisher(portage: portage))
                try await trial.fill(
                    packages, category: "app-demo", size: status.size, modified: Int(status.modified / 1_000_000_000))
                // Portage begins with the same index, and with all of the files but the one that is new.
                try Files.replace(
                    machine.path("var/cache/binpkgs/Packages"),
                    with: try Files.read(try await trial.index(compressed: false), limit: 1 << 30))
            }
            let own = try await machine.withPortage { portage in
                try await add("\(machine.prefix)/\(package)", scratch.path, MachinePublisher(portage: portage))
            }
            let fix = try await fix(machine, package)
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

    /// Seconds of emaint in a PKGDIR with as many packages, of which one is new.
    private func fix(_ machine: Machine, _ package: String) async throws -> Double {
        let script = """
            set -euo pipefail
            cd "$1/var/cache/binpkgs"
            for ((i = 0; i < $2; i++)); do dirs+=("app-demo/p$i"); done
            printf '%s\\0' "${dirs[@]}" | xargs -0 mkdir -p
            /usr/bin/python3 -c '
            import os, sys
            for n in range(int(sys.argv[2])):
                os.link(sys.argv[1], f"app-demo/p{n}/p{n}-1.0-1.gpkg.tar")
            ' "$1/$3" "$2"
            start=$EPOCHREALTIME
            emaint binhost --fix > /dev/null
            echo "$start $EPOCHREALTIME"
            grep -c '^CPV: ' Packages
            grep -q '^CPV: app-demo/hello-1.0$' Packages
            """
        let output = try await machine.run(
            ["bash", "-c", script, "fix", machine.prefix, "\(packages)", package], timeout: .seconds(3000))
        let words = output.stdout.split(whereSeparator: \.isWhitespace).suffix(3).compactMap { Double($0) }
        guard output.succeeded, words.count == 3, words[2] == Double(packages + 1) else {
            throw ValidationError("emaint: " + output.text)
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
