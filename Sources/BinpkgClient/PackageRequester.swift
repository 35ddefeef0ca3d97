public import BinpkgModel
import Fetching
public import PortageAPI
import Posix

/// Asks for a package in the name of a person, outside of any emerge.
public struct PackageRequester: Sendable {
    private let portage: PortageAPI
    private let paths: ClientPaths
    private let service: String
    private let accuracy: Accuracy

    /// What became of a request.
    public struct Outcome: Equatable, Sendable {
        /// The package that the atom stands for.
        public let cpv: String
        /// The service's last answer.
        public let answer: RequestAnswer
        /// The verified package file; nil when there is none that may be used.
        public let path: String?
    }

    /// What a person wants.
    public struct Wish: Sendable {
        /// Whether the service may build it.
        public var build: Bool
        /// Whether to wait until that is done.
        public var wait: Bool
        /// Gets the lines of the build's log; nil: not wanted.
        public var log: (@Sendable (String) -> Void)?

        /// A wish.
        public init(build: Bool, wait: Bool, log: (@Sendable (String) -> Void)? = nil) {
            self.build = build
            self.wait = wait
            self.log = log
        }
    }

    /// A requester for this machine.
    ///
    /// - Parameters:
    ///   - prefix: EPREFIX.
    ///   - service: the service's address.
    public init(portage: PortageAPI, prefix: String, service: String, accuracy: Accuracy) {
        self.portage = portage
        paths = ClientPaths(prefix: prefix)
        self.service = service
        self.accuracy = accuracy
    }

    /// Asks for the best visible package of an atom. When it is ready, it is fetched and verified.
    ///
    /// - Parameter progress: told of every answer.
    public func request(
        _ atom: String, _ wish: Wish, progress: @escaping @Sendable (RequestAnswer) -> Void
    ) async throws(StageFailure) -> Outcome {
        let client = try await ServiceClient.reach(service, paths: paths)
        let prepared = try await prepare(atom)
        let obtaining = Obtaining(
            client: client, prepared: prepared, policy: wish.build ? .require : .ready, localSeconds: { nil },
            progress: progress)
        let first = try await obtaining.ask()
        var answer = first
        if wish.wait, !first.state.isFinal {
            let log = wish.log.map { log in
                Task {
                    try? await client.log(of: first.id) { line in
                        log(line); return true
                    }
                }
            }
            defer { log?.cancel() }
            answer = try await obtaining.wait(after: first)
        }
        guard answer.satisfies(accuracy), let artifact = answer.artifact else {
            return Outcome(cpv: prepared.request.cpv, answer: answer, path: nil)
        }
        let name = "\(prepared.request.cpv)-\(artifact.prefix(12))"
        let file = try await Stager.fetch(artifact, client: client, paths: paths, name: name)
        do {
            try await PackageCheck.check(file, prepared.request, portage: portage)
        } catch {
            try? Files.removeTree(file)
            throw error
        }
        return Outcome(cpv: prepared.request.cpv, answer: answer, path: file)
    }

    /// The request for the best visible package of an atom. Nothing is sent.
    public func prepare(_ atom: String) async throws(StageFailure) -> PreparedRequest {
        do {
            guard let package = try await portage.bestVisible(atom) else {
                throw StageFailure.negative("nothing visible matches '\(atom.printable)'")
            }
            let inputs = try await portage.keyInputs(
                PackageSelector(cpv: package.cpv, repository: package.repository), variables: RequestMaker.variables)
            return try RequestMaker.request(for: inputs, accuracy: accuracy)
        } catch {
            throw StageFailure(any: error)
        }
    }
}
