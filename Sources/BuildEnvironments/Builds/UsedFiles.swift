import PortageAPI
import Posix
import Sandbox

/// What is known of a file that takes part in a build.
struct FileFacts: Equatable, Sendable {
    let sha256: String
    let size: Int
}

/// The files of repositories that have a part in packages, as they are at one moment.
struct UsedFiles: Equatable, Sendable {
    /// Ebuilds, eclasses, Manifests, and files beside them; by their paths inside.
    var files: [String: FileFacts] = [:]
    /// SHA-256 of the profile's files, by their paths inside.
    var profile: [String: String] = [:]

    /// What another look finds changed, for people; nil when nothing is.
    func change(to later: UsedFiles) -> String? {
        let names = Set(files.keys).union(later.files.keys).filter { files[$0] != later.files[$0] }
            .union(Set(profile.keys).union(later.profile.keys).filter { profile[$0] != later.profile[$0] })
        guard !names.isEmpty else { return nil }
        let shown = names.sorted().prefix(3).map { $0.printable }.joined(separator: ", ")
        return shown + (names.count > 3 ? " …" : "") + " changed"
    }
}

extension BuildPlace {
    /// The files that Portage would use for packages.
    ///
    /// - Parameters:
    ///   - inputs: what Portage says of the packages.
    ///   - profiles: directories of the profile whose files are looked at, too.
    func usedFiles(
        of inputs: [KeyInputs], profiles: [String], _ sandbox: SandboxCommand
    ) async throws(BuildError) -> UsedFiles {
        var paths: Set<String> = []
        for package in inputs {
            let files = package.eclasses + package.files + package.patches + package.bashrcs + package.envs
            paths.formUnion([package.ebuild] + (package.manifest.map { [$0] } ?? []) + files.map(\.path))
        }
        let names = paths.sorted()
        let output = ByteCollector()
        let unreadable = BuildError.failed(reason: "cannot read the package's files in the environment")
        do {
            let command = ["/bin/bash", "-c", Self.lookScript, "files", "\(names.count)"] + names + profiles
            let code = try await sandbox.run(command, seconds: 300) { await output.append($0) }
            guard code == 0 else { throw unreadable }
        } catch let error as BuildError {
            throw error
        } catch SandboxError.cancelled {
            throw .cancelled
        } catch {
            throw .failed(reason: "\(error)")
        }
        let records = await output.bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        guard records.count >= 2 * names.count else { throw unreadable }
        var result = UsedFiles()
        for (index, name) in names.enumerated() {
            result.files[name] = FileFacts(
                sha256: String(records[index].prefix(64)), size: Int(records[names.count + index]) ?? -1)
        }
        // A hash, two blanks, a path.
        for record in records[(2 * names.count)...] {
            result.profile[String(record.dropFirst(66))] = String(record.prefix(64))
        }
        return result
    }

    /// Prints records that end with a NUL byte: of so many files, hashes, then sizes; of those below directories, hashes.
    private static let lookScript = #"""
        count=$1
        shift
        sha256sum --zero -- "${@:1:count}" && stat --dereference --printf='%s\0' -- "${@:1:count}" || exit 1
        shift "$count"
        (( $# == 0 )) || find -L "$@" -maxdepth 2 -type f -print0 2> /dev/null |
            xargs --null --no-run-if-empty sha256sum --zero -- 2> /dev/null || :
        """#
}
