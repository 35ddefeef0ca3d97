import BinpkgModel
import PortageAPI
import Posix
import PythonBridge
import Sandbox
import Subprocess
import SystemPackage

/// What Portage says of a root: of this machine's own, or of one in an environment.
struct HostFacts: Equatable, Sendable {
    /// A repository that the root has.
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
    /// The directory of the profile, with links resolved; nil when there is none.
    let profile: String?
    /// Which of ``configurationNames`` the root has below `etc/portage`.
    let configuration: Set<String>
    /// Which of the host's further directories for PATH the root has.
    let path: [String]

    /// Files that Portage only locks or adds to. Not everybody may read them, and what cannot be read cannot be opened
    /// for writing in an overlay.
    let locks: [String]

    /// All that is installed.
    let installed: [InstalledPackage]
    /// The C library's CPV; empty when Portage knows none.
    let libc: String
    /// What the programs that are installed want of a processor, and those that would be compiled.
    let demands: [String]

    /// What is taken over from the root's configuration, if it is there.
    static let configurationNames = [
        "make.conf", "package.accept_keywords", "package.accept_restrict", "package.license", "package.mask",
        "package.properties", "package.unmask", "package.use", "profile", "repos.conf",
    ]

    /// Of a machine without Portage.
    static let none = HostFacts(
        repositories: [:], mainRepository: "", settings: [:], python: "", programs: "", profile: nil, configuration: [],
        path: [], locks: [], installed: [], libc: "", demands: [])

    /// Asks Portage.
    ///
    /// - Parameters:
    ///   - host: where Portage is.
    ///   - sandbox: the root in which it is asked; nil for this machine's own.
    static func read(_ host: BuildHost, in sandbox: SandboxCommand? = nil) async throws(BuildError) -> HostFacts {
        let environment = ["PATH": host.searchPath, "LANG": "C.UTF-8", "HOME": "/root"]
        let survey = try await survey(host, in: sandbox, environment: environment)
        guard let programs = survey["emerge"]?.first else {
            throw .unusableHost(reason: "there is no emerge in \(host.eprefix)/usr/bin or \(host.eprefix)/bin")
        }
        let python = host.python ?? survey["python"]?.first ?? "/usr/bin/python3"
        var interactive = sandbox
        interactive?.hasInput = true
        interactive?.environment = environment
        let child = ChildPython(
            .init(
                interpreter: python, prefix: interactive?.arguments ?? [], environment: environment,
                timeLimit: .seconds(120)))
        let names = ["CHOST", "DISTDIR", "PORTAGE_TMPDIR"] + BuildRequest.allowedVariables.sorted()
        let portage = PortageAPI(transport: child)
        let answer: Result<([String: String], InstalledSystem), PortageError>
        do {
            answer = .success((try await portage.settings(names), try await portage.installedSystem()))
        } catch {
            answer = .failure(error)
        }
        await child.close()
        let settings: [String: String]
        let system: InstalledSystem
        do {
            (settings, system) = try answer.get()
        } catch {
            if Task.isCancelled { throw .cancelled }
            throw .unusableHost(reason: "Portage does not answer: \(error)")
        }
        let flags = (survey["flags"] ?? []) + BuildRequest.processorVariables.compactMap { settings[$0] }
        let demands =
            flags.flatMap(Processor.demands(in:))
            + Processor.demands(ofFlagsVariable: settings["CPU_FLAGS_X86"] ?? "")
            + Processor.demands(ofUse: system.packages.flatMap(\.use))
        let (main, repositories) = parse(repositories: (survey["repositories"] ?? []).joined(separator: "\n"))
        return HostFacts(
            repositories: repositories, mainRepository: main, settings: settings, python: python, programs: programs,
            profile: survey["profile"]?.first, configuration: Set(survey["has"] ?? []), path: survey["path"] ?? [],
            locks: (survey["lock"] ?? []).filter { $0.hasPrefix("/") },
            installed: system.packages.map(InstalledPackage.init), libc: system.libc,
            demands: Set(demands).sorted())
    }

    /// Looks at what is where, in the root itself: its links lead somewhere else outside of it.
    private static func survey(
        _ host: BuildHost, in sandbox: SandboxCommand?, environment: [String: String]
    ) async throws(BuildError) -> [String: [String]] {
        let command =
            ["/bin/bash", "-c", script, "survey", host.eprefix, configurationNames.joined(separator: " ")] + host.path
        var inside = sandbox ?? SandboxCommand()
        inside.hasInput = true
        inside.environment = environment
        let line = (sandbox == nil ? [] : inside.arguments) + command
        var values: [Environment.Key: String] = [:]
        for (name, value) in environment {
            if let key = Environment.Key(rawValue: name) { values[key] = value }
        }
        var platform = PlatformOptions()
        platform.processGroupID = 0
        platform.teardownSequence = [.send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .seconds(1))]
        let text: String
        do {
            let result = try await run(
                .path(FilePath(line[0])), arguments: Arguments(Array(line.dropFirst())), environment: .custom(values),
                platformOptions: platform, output: .string(limit: 4 << 20), error: .string(limit: 1 << 20))
            guard result.terminationStatus.isSuccess else {
                let reason = result.standardError.split(whereSeparator: \.isNewline).last.map(String.init)
                throw BuildError.unusableHost(reason: "the root cannot be looked at: \(reason ?? "bash failed")")
            }
            text = result.standardOutput
        } catch let error as BuildError {
            throw error
        } catch {
            if Task.isCancelled { throw .cancelled }
            throw .unusableHost(reason: "cannot run \(line[0]): \(error)")
        }
        return parse(survey: text)
    }

    /// Prints lines of a name, a blank and a value.
    private static let script = #"""
        set -o pipefail
        prefix=$1 names=$2
        shift 2
        for directory in "$prefix/usr/bin" "$prefix/bin"; do
            [[ -e $directory/emerge ]] || continue
            printf 'emerge %s\n' "$directory"
            [[ ! -x $directory/python3 ]] || printf 'python %s\n' "$directory/python3"
            break
        done
        [[ ! -e $prefix/etc/portage/make.profile ]] ||
            printf 'profile %s\n' "$(realpath -- "$prefix/etc/portage/make.profile")"
        for name in $names; do
            [[ ! -e $prefix/etc/portage/$name ]] || printf 'has %s\n' "$name"
        done
        for directory in "$@"; do
            [[ ! -d $directory ]] || printf 'path %s\n' "$directory"
        done
        { find "$prefix"/var/{db,lib/portage,cache/edb} -maxdepth 3 -name '.*.portage_lockfile' -printf 'lock %p\n' || :
          find "$prefix/var/log" -maxdepth 1 -name 'emerge*.log' -printf 'lock %p\n' || :; } 2> /dev/null
        cat "$prefix"/var/db/pkg/*/*/C{,XX}FLAGS 2> /dev/null | grep -e -m | sort -u | sed 's/^/flags /' || :
        portageq repositories_configuration "$prefix/" | sed 's/^/repositories /'
        """#

    /// Reads what the script printed; values in their order, by name.
    static func parse(survey text: String) -> [String: [String]] {
        var result: [String: [String]] = [:]
        for line in text.split(separator: "\n") {
            guard let blank = line.firstIndex(of: " ") else { continue }
            result[String(line[..<blank]), default: []].append(String(line[line.index(after: blank)...]))
        }
        return result
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

extension InstalledPackage {
    /// An installed package as Portage tells it.
    init(_ dependency: InstalledDependency) {
        self.init(
            cpv: dependency.cpv, slot: "\(dependency.slot)/\(dependency.subSlot)", use: dependency.use,
            content: dependency.content)
    }
}
