import PackageModel
public import PortageAPI
import Posix

/// Ebuilds from releases: the whole way from a name to files in a repository.
public struct FastRelease: Sendable {
    /// What the caller wants.
    public struct Options: Sendable {
        /// The repository's directory, absolute.
        public var repository: String
        /// Whether nothing is written.
        public var isDryRun = false
        /// LICENSE, where the release's own statement is not to be used.
        public var licence: String?
        /// A directory for files that are fetched.
        public var temporaryDirectory = "/tmp"

        /// Options for this repository.
        public init(repository: String) { self.repository = repository }
    }

    private let portage: PortageAPI
    private let options: Options

    /// Works with this machine's Portage.
    public init(portage: PortageAPI, options: Options) {
        self.portage = portage
        self.options = options
    }

    /// The address of the index that pip is configured with.
    ///
    /// - Parameters:
    ///   - environment: pip's settings are taken from here too.
    ///   - pythons: absolute paths of interpreters, one of which has pip.
    public static func pipIndex(environment: [String: String], pythons: [String]) async throws(ReleaseError) -> String {
        try await PipIndex.ask(environment: environment, pythons: pythons)
    }

    /// Makes the ebuild of a project of the Python index.
    ///
    /// - Parameters:
    ///   - requirement: a name, also with a version and extras: `requests`, `requests==2.32`, `requests[socks]`.
    ///   - index: the simple index's address.
    ///   - closure: whether what it needs and the tree does not have is made too.
    /// - Returns: the packages in the order in which they were written, and what became of them.
    public func python(
        _ requirement: String, index: String, closure: Bool
    ) async throws(ReleaseError) -> [(GeneratedPackage, PackageState)] {
        let wanted = try Requirement(requirement)
        let index = try SimpleIndex(url: index)
        return try await work { (target, workshop) throws(ReleaseError) in
            var releases = try PythonReleases(
                index: index, target: target, workshop: workshop, portage: portage, closure: closure,
                licence: options.licence)
            return try await releases.packages(for: wanted)
        }
    }

    /// Makes the ebuild of a release of a hosted project.
    ///
    /// - Parameters:
    ///   - project: `OWNER/REPO` or `OWNER/REPO@TAG`.
    ///   - category: the ebuild's category.
    ///   - api: the release API's address.
    ///   - environment: what git is run with.
    public func hosted(
        _ project: String, category: String, api: String, environment: [String: String]
    ) async throws(ReleaseError) -> [(GeneratedPackage, PackageState)] {
        let parts = project.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let name = HostedName(parts[0]), parts.count == 1 || !parts[1].isEmpty else {
            throw ReleaseError(.refused, "'\(project)' is not OWNER/REPO or OWNER/REPO@TAG")
        }
        guard CPV("\(category)/x-0") != nil else {
            throw ReleaseError(.refused, "'\(category)' is not a category")
        }
        let api = try ReleaseAPI(url: api)
        return try await work { (target, workshop) throws(ReleaseError) in
            let releases = HostedReleases(
                api: api, target: target, workshop: workshop, licence: options.licence, environment: environment)
            return [try await releases.package(name, tag: parts.count > 1 ? parts[1] : nil, category: category)]
        }
    }

    /// Makes, and unless it is a dry run writes, packages.
    private func work(
        _ make: (TargetRepository, Workshop) async throws(ReleaseError) -> [GeneratedPackage]
    ) async throws(ReleaseError) -> [(GeneratedPackage, PackageState)] {
        if let licence = options.licence {
            guard !licence.isEmpty, licence.utf8.allSatisfy({ $0.isAlphanumeric || "+_.-()| ".utf8.contains($0) })
            else {
                throw ReleaseError(.refused, "'\(licence)' is not a value of LICENSE")
            }
        }
        let configured: ConfiguredRepositories
        do {
            configured = try await portage.releaseTargets()
        } catch {
            throw ReleaseError(error)
        }
        let target = try TargetRepository(path: options.repository, configured: configured)
        let workshop = try Workshop(parent: options.temporaryDirectory, portage: portage)
        defer { workshop.close() }
        let packages = try await make(target, workshop)
        var states: [PackageState] = []
        if options.isDryRun {
            for package in packages { states.append(try target.state(of: package)) }
        } else {
            states = try target.write(packages)
        }
        return Array(zip(packages, states))
    }
}
