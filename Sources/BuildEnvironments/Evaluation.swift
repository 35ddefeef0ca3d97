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
        return Evaluation(inputs: inputs, hashes: try await hashes(of: inputs, sandbox), existing: Set(existing))
    }

    private func hashes(of inputs: KeyInputs, _ sandbox: SandboxCommand) async throws(BuildError) -> [String: String] {
        let files = inputs.eclasses + inputs.files + inputs.patches + inputs.bashrcs + inputs.envs
        let paths = [inputs.ebuild] + (inputs.manifest.map { [$0] } ?? []) + files.map(\.path)
        let output = ByteCollector()
        do {
            let code = try await sandbox.run(["sha256sum", "--zero", "--"] + paths, seconds: 300) {
                await output.append($0)
            }
            guard code == 0 else {
                throw BuildError.failed(reason: "cannot read the package's files in the environment")
            }
        } catch let error as BuildError {
            throw error
        } catch SandboxError.cancelled {
            throw .cancelled
        } catch {
            throw .failed(reason: "\(error)")
        }
        var result: [String: String] = [:]
        for record in await output.bytes.split(separator: 0) {
            let text = String(decoding: record, as: UTF8.self)
            guard text.utf8.count > 66 else { continue }
            result[String(text.dropFirst(66))] = String(text.prefix(64))
        }
        return result
    }
}

/// Bytes that come in pieces.
actor ByteCollector {
    private(set) var bytes: [UInt8] = []

    func append(_ more: [UInt8]) { bytes += more }
}
