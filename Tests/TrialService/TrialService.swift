import BinpkgModel
import BinpkgService
import BuildEnvironments
import Posix
import Subprocess
import SystemPackage

/// The real service with a builder that is a shell script: what a test kills at any moment.
///
///     trial-binpkgd STATE JOURNAL WORKERS [CONFIGURATION]
///
/// In JOURNAL, a directory, the builder leaves `starts` and `ends` (a line for each build), and `twice` if a package was
/// built twice at once.
@main
struct TrialService {
    static func main() async {
        let arguments = CommandLine.arguments
        guard (4...5).contains(arguments.count), let workers = Int(arguments[3]) else {
            return say("STATE JOURNAL WORKERS [CONFIGURATION]")
        }
        do {
            var configuration = ServiceConfiguration()
            configuration.port = 0
            if arguments.count == 5 { configuration = try ServiceConfiguration(file: arguments[4]) }
            configuration.stateDirectory = arguments[1]
            configuration.workers = workers
            configuration.binhosts = [BinhostSettings(name: "trial")]
            try await BinpkgServer.serve(
                configuration, builder: ScriptBuilder(journal: arguments[2]), publisher: SlowPublisher()
            ) { port in
                say("listening \(port)")
            }
        } catch {
            say("error \(error)")
        }
    }

    /// Writes a line at once.
    private static func say(_ line: String) { try? Files.writeAll(1, Array((line + "\n").utf8)) }
}

/// Builds a package of two halves, with a pause in between, in a process of its own. The process ends with the service.
struct ScriptBuilder: PackageBuilder {
    let journal: String

    func itemsFromOutside(_ request: BuildRequest) async throws(BuildError) -> [ContentItem] { [] }

    func build(_ order: BuildOrder) async throws(BuildError) -> BuildResult {
        let request = order.request
        await order.log(Array("building \(request.cpv)\n".utf8))
        let package = order.workspace + "/package"
        let succeeded: Bool
        do {
            let result = try await Subprocess.run(
                .path("/usr/bin/setpriv"),
                arguments: [
                    "--pdeathsig", "KILL", "/bin/sh", "-c", Self.script, "build", journal, request.pf, package,
                ],
                output: .discarded, error: .discarded)
            succeeded = result.terminationStatus.isSuccess
        } catch {
            throw .failed(reason: "\(error)")
        }
        guard succeeded else { throw .failed(reason: "the script failed") }
        await order.log(Array("done\n".utf8))
        var result = BuildResult(package: package, vector: request.vector, seconds: 0.03)
        result.environment = "host"
        return result
    }

    private static let script = """
        set -eu
        exec 9>>"$1/$2.lock"
        flock -n 9 || { echo "$2" >>"$1/twice"; exit 1; }
        echo "$2" >>"$1/starts"
        printf '%s half ' "$2" >"$3"
        sleep 0.02 9>&-
        printf 'whole' >>"$3"
        echo "$2" >>"$1/ends"
        """
}

/// Takes a moment for what Portage does, so that something can happen in between.
struct SlowPublisher: PackagePublisher {
    func differences(_ request: BuildRequest, from own: OwnConfiguration) async throws(BuildError) -> [String] { [] }

    func header() async throws(BuildError) -> [String] { ["ARCH: amd64", "VERSION: 0"] }

    func entry(_ file: String, cpv: String, place: String, buildID: Int) async throws(BuildError) -> String {
        try? await Task.sleep(for: .milliseconds(10))
        return "CPV: \(cpv)\nPATH: \(place)\nSIZE: \(Files.status(file)?.size ?? 0)\n\n"
    }

    func compressed(_ text: String) async throws(BuildError) -> [UInt8] {
        try? await Task.sleep(for: .milliseconds(5))
        return BinhostTrial.compressed(text)
    }

    func sign(_ file: String, home: String, key: String) async throws(BuildError) {}
    func close() async {}
}
