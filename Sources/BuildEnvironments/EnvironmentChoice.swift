import BinpkgModel
import Posix

/// Which of several environments builds a request.
///
/// A request names none. Those with its EPREFIX are tried in the order of the configuration: Portage is asked in each
/// whether it would build that very package (CHOST, profile, USE, files). The first in which everything that the asking
/// machine builds with is there `exact` takes it; else, of those that fit, the closest.
struct EnvironmentChoice: Sendable {
    let environments: [BuildEnvironment]

    /// Builds in the environment that is chosen.
    func build(_ job: EnvironmentJob) async throws(BuildError) -> BuildResult {
        let fitting = environments.filter { $0.eprefix == job.request.eprefix }
        guard !fitting.isEmpty else {
            let prefixes = Set(environments.map { "'\($0.eprefix)'" }).sorted().joined(separator: ", ")
            throw .declined(
                reason: "packages for EPREFIX '\(job.request.eprefix)' cannot be built here, only for \(prefixes)")
        }
        var best: (environment: BuildEnvironment, accuracy: Accuracy?)?
        var refusals: [(name: String, error: BuildError)] = []
        for environment in fitting {
            let outcome = try await job.attempt(environment) { fitting.count == 1 || $0 == .exact }
            switch outcome {
            case .built(let result): return result
            case .refused(let error): refusals.append((environment.name, error))
            case .possible(let accuracy):
                if best.map({ Self.isCloser(accuracy, than: $0.accuracy) }) ?? true {
                    best = (environment, accuracy)
                }
            }
        }
        if let best {
            switch try await job.attempt(best.environment, where: { _ in true }) {
            case .built(let result): return result
            case .refused(let error): throw error
            case .possible: throw .failed(reason: "the environment '\(best.environment.name)' was not used")
            }
        }
        throw Self.error(of: refusals)
    }

    /// Whether one class promises more than another; nil promises nothing.
    static func isCloser(_ a: Accuracy?, than b: Accuracy?) -> Bool {
        guard let a else { return false }
        return b.map { a > $0 } ?? true
    }

    /// What to say when no environment can do it: declined for good only if every one declined.
    static func error(of refusals: [(name: String, error: BuildError)]) -> BuildError {
        if refusals.count == 1 { return refusals[0].error }
        let reason = refusals.map { "\($0.name): \($0.error)" }.joined(separator: "; ")
        let isDeclined = refusals.allSatisfy { if case .declined = $0.error { true } else { false } }
        return isDeclined ? .declined(reason: reason) : .failed(reason: reason)
    }
}
