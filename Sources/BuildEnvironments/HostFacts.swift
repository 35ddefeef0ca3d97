import BinpkgModel
import PortageAPI
import Posix
import PythonBridge
import Subprocess
import SystemPackage

/// What Portage says of the build host, once for many builds.
struct HostFacts: Equatable, Sendable {
    /// A repository that the host has.
    struct Repository: Equatable, Sendable {
        /// Its directory.
        let location: String
        /// The repositories whose eclasses it may use, nearest last.
        let masters: [String]
    }

    /// By name.
    let repositories: [String: Repository]
    /// The main repository's name.
    let mainRepository: String
    /// Values of ``BuildRequest/allowedVariables`` and of CHOST and DISTDIR, as configured for all packages.
    let settings: [String: String]
    /// The interpreter for Portage.
    let python: String
    /// The directory of `emerge`.
    let programs: String

    /// Asks Portage.
    static func read(_ host: BuildHost) async throws(BuildError) -> HostFacts {
        let places = [host.eprefix + "/usr/bin", host.eprefix + "/bin"]
        guard let programs = places.first(where: { Files.exists($0 + "/emerge") }) else {
            throw .unusableHost(reason: "there is no emerge in \(places.joined(separator: " or "))")
        }
        let python = host.python ?? (Files.exists(programs + "/python3") ? programs + "/python3" : "/usr/bin/python3")
        let environment = ["PATH": host.searchPath, "LANG": "C.UTF-8", "HOME": "/root"]
        let child = ChildPython(
            .init(interpreter: python, environment: environment, timeLimit: .seconds(120)))
        let names = ["CHOST", "DISTDIR"] + BuildRequest.allowedVariables.sorted()
        let answer: Result<[String: String], PortageError>
        do {
            answer = .success(try await PortageAPI(transport: child).settings(names))
        } catch {
            answer = .failure(error)
        }
        await child.close()
        let settings: [String: String]
        do {
            settings = try answer.get()
        } catch {
            throw .unusableHost(reason: "Portage does not answer on this machine: \(error)")
        }
        let text = try await repositoriesText(programs: programs, root: host.eprefix + "/", environment: environment)
        let (main, repositories) = parse(repositories: text)
        return HostFacts(
            repositories: repositories, mainRepository: main, settings: settings, python: python, programs: programs)
    }

    private static func repositoriesText(
        programs: String, root: String, environment: [String: String]
    ) async throws(BuildError) -> String {
        var values: [Environment.Key: String] = [:]
        for (name, value) in environment {
            if let key = Environment.Key(rawValue: name) { values[key] = value }
        }
        do {
            let result = try await run(
                .path(FilePath(programs + "/portageq")), arguments: ["repositories_configuration", root],
                environment: .custom(values), output: .string(limit: 4 << 20), error: .discarded)
            guard result.terminationStatus.isSuccess else {
                throw BuildError.unusableHost(reason: "portageq repositories_configuration failed")
            }
            return result.standardOutput
        } catch let error as BuildError {
            throw error
        } catch {
            throw .unusableHost(reason: "cannot run \(programs)/portageq: \(error)")
        }
    }

    /// Reads what `portageq repositories_configuration` prints: sections of `key = value` lines.
    static func parse(repositories text: String) -> (main: String, repositories: [String: Repository]) {
        var sections: [String: [String: String]] = [:]
        var current = ""
        for line in text.split(separator: "\n") {
            if line.hasPrefix("["), line.hasSuffix("]") {
                current = String(line.dropFirst().dropLast())
                sections[current] = [:]
            } else if let equals = line.firstIndex(of: "=") {
                let key = line[..<equals].split(separator: " ").joined()
                let value = line[line.index(after: equals)...].split(separator: " ").joined(separator: " ")
                sections[current, default: [:]][key] = value
            }
        }
        let main = sections.removeValue(forKey: "DEFAULT")?["main-repo"] ?? "gentoo"
        let repositories = sections.compactMapValues { section -> Repository? in
            guard let location = section["location"], location.hasPrefix("/") else { return nil }
            return Repository(
                location: location, masters: (section["masters"] ?? "").split(separator: " ").map(String.init))
        }
        return (main, repositories)
    }
}
