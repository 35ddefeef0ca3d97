import BinpkgModel
import PortageAPI
import Sandbox

extension PackageBuild {
    /// What Portage makes of the package in the environment, and the hashes of the files that it would use there.
    struct Evaluation: Sendable {
        let inputs: KeyInputs
        /// By the path inside.
        let hashes: [String: String]
        /// Of the asking machine's build dependencies, those with an ebuild here.
        let existing: Set<String>
    }

    /// Evaluates the package in the environment, by that root's own Python.
    func evaluate(_ sandbox: SandboxCommand) async throws(BuildError) -> Evaluation {
        let wanted = request.buildDependencies.map(\.cpv).sorted()
        let selector = PackageSelector(cpv: request.cpv, repository: request.repository)
        let inputs: KeyInputs
        let existing: [String]
        do {
            (inputs, existing) = try await place.ask(sandbox) { portage async throws(PortageError) in
                let inputs = try await portage.keyInputs(selector, variables: BuildRequest.allowedVariables.sorted())
                return (inputs, wanted.isEmpty ? [] : try await portage.existingEbuilds(wanted))
            }
        } catch .failed(let reason) {
            throw .failed(reason: "Portage cannot evaluate \(request.cpv) in the environment: \(reason)")
        }
        return Evaluation(
            inputs: inputs, hashes: try await place.files(of: [inputs], sandbox).mapValues(\.sha256),
            existing: Set(existing))
    }
}

/// Bytes that come in pieces.
actor ByteCollector {
    private(set) var bytes: [UInt8] = []

    func append(_ more: [UInt8]) { bytes += more }
}
