import BinpkgModel
import PortageAPI
import Sandbox

extension PackageBuild {
    /// What Portage makes of the package in the environment, and the hashes of the files that it would use there.
    struct Evaluation: Sendable {
        let inputs: KeyInputs
        let used: UsedFiles
        /// Of the asking machine's build dependencies, those with an ebuild here.
        let existing: Set<String>
        /// What it is built with that is neither installed here nor in a repository here.
        let absent: [String]
    }

    /// Evaluates the package in the environment, by that root's own Python.
    func evaluate(_ sandbox: SandboxCommand) async throws(BuildError) -> Evaluation {
        let wanted = request.buildDependencies.map(\.cpv).sorted()
        let selector = PackageSelector(cpv: request.cpv, repository: request.repository)
        let inputs: KeyInputs
        let (existing, absent): ([String], [String])
        do {
            (inputs, existing, absent) = try await place.ask(sandbox) { portage async throws(PortageError) in
                let inputs = try await portage.keyInputs(selector, variables: BuildRequest.allowedVariables.sorted())
                let missing = inputs.unsatisfied
                return (
                    inputs, wanted.isEmpty ? [] : try await portage.existingEbuilds(wanted),
                    missing.isEmpty ? [] : try await portage.withoutEbuild(missing)
                )
            }
        } catch .failed(let reason) {
            throw .failed(reason: "Portage cannot evaluate \(request.cpv) in the environment: \(reason)")
        }
        return Evaluation(
            inputs: inputs, used: try await place.usedFiles(of: [inputs], profiles: inputs.profiles, sandbox),
            existing: Set(existing), absent: absent)
    }
}

/// Bytes that come in pieces.
actor ByteCollector {
    private(set) var bytes: [UInt8] = []

    func append(_ more: [UInt8]) { bytes += more }
}
