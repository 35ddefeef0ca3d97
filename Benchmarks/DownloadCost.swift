import ArgumentParser
import BinpkgService
import Glibc
import Posix
import Subprocess
import SystemPackage
import Testbed

/// How fast a large package comes, beside nginx with the same file.
struct DownloadCost: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "download", abstract: "Download of a package of 200 MB, beside nginx.")

    @Option(help: "Megabytes of the package.")
    var megabytes = 200

    @Option(help: "Pairs of downloads.")
    var pairs = 7

    func run() async throws {
        let scratch = try ScratchDirectory()
        let id = try await StoreTrial.fill(stateDirectory: scratch.path, bytes: megabytes * 1_000_000)
        try await ServiceProgram.run(state: scratch.path) { port, _ in
            let own = "http://127.0.0.1:\(port)/v1/artifacts/\(id)"
            try await Self.withNginx(scratch.path + "/artifacts") { port in
                let other = "http://127.0.0.1:\(port)/\(id).gpkg.tar"
                try await measure(own, other)
            }
        }
    }

    private func measure(_ own: String, _ other: String) async throws {
        // Once, so that both have the file in memory.
        for url in [own, other] { _ = try await fetch(url) }
        var figures: [(first: Double, second: Double)] = []
        for pair in 0..<pairs {
            if pair % 2 == 0 {
                let first = try await fetch(own)
                figures.append((first, try await fetch(other)))
            } else {
                let second = try await fetch(other)
                figures.append((try await fetch(own), second))
            }
        }
        let paired = PairedFigures(pairs: figures)
        print("download of a package of \(megabytes) MB over loopback, \(pairs) pairs")
        row("binpkgd, median", fixed(median(figures.map(\.first)), 0) + " MB/s")
        row("nginx, median", fixed(median(figures.map(\.second)), 0) + " MB/s")
        row("ratio", fixed(paired.ratio), "goal: 0.4 at least")
    }

    /// Megabytes for each second, as curl has them.
    private func fetch(_ url: String) async throws -> Double {
        let result = try await Subprocess.run(
            .name("curl"),
            arguments: [
                "--silent", "--fail", "--noproxy", "*", "--retry", "30", "--retry-connrefused", "--retry-delay", "1",
                "--output", "/dev/null", "--write-out", "%{size_download} %{speed_download}", url,
            ], output: .string(limit: 100))
        let words = result.standardOutput.split(separator: " ").compactMap { Double($0) }
        guard result.terminationStatus.isSuccess, words.count == 2, words[0] == Double(megabytes * 1_000_000) else {
            throw ValidationError("cannot fetch \(url): \(result.standardOutput)")
        }
        return words[1] / 1e6
    }

    /// Runs nginx on a directory and a free port of loopback.
    private static func withNginx(
        _ directory: String, _ body: @escaping @Sendable (_ port: Int) async throws -> Void
    ) async throws {
        guard let program = ["/usr/sbin/nginx", "/usr/bin/nginx"].first(where: { Files.exists($0) }) else {
            throw ValidationError("there is no nginx to compare with (Debian: nginx-light)")
        }
        let scratch = try ScratchDirectory()
        let port = try FreePort.find()
        let settings = try scratch.write(
            "nginx.conf",
            """
            daemon off;
            user root;
            worker_processes 1;
            pid \(scratch.path)/nginx.pid;
            error_log /dev/null;
            events {}
            http {
                access_log off;
                sendfile on;
                tcp_nopush on;
                server { listen 127.0.0.1:\(port); root \(directory); }
            }

            """)
        _ = try await Subprocess.run(
            .path(FilePath(program)), arguments: ["-c", settings, "-p", scratch.path], input: .none,
            output: .discarded, error: .discarded
        ) { execution in
            let pid = execution.processIdentifier.value
            defer { kill(pid, SIGTERM) }
            try await body(port)
        }
    }
}
